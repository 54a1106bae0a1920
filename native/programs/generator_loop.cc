#include "programs/generator_loop.h"

#include <sys/timerfd.h>

#include <algorithm>

namespace msgtrans {

GeneratorLoop::GeneratorLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      events_(kEventsPerTurn) {
  // Edge-triggered, so that an expiry needs no read: setting the timer again arms it again.
  if (good()) control(EPOLL_CTL_ADD, timer_.get(), EPOLLIN | EPOLLET, kTimerTag);
}

// A timer descriptor rather than epoll's timeout: that one counts milliseconds and is subject to timer slack.
void GeneratorLoop::set_timer(uint64_t at_ns) {
  // Zero would disarm it.
  const uint64_t at = std::max<uint64_t>(at_ns, 1);
  itimerspec expiry{};
  expiry.it_value.tv_sec = static_cast<time_t>(at / 1'000'000'000);
  expiry.it_value.tv_nsec = static_cast<long>(at % 1'000'000'000);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &expiry, nullptr);
}

std::span<const epoll_event> GeneratorLoop::wait(bool block) {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerTurn, block ? -1 : 0);
  return {events_.data(), static_cast<size_t>(std::max(count, 0))};
}

bool GeneratorLoop::control(int operation, int fd, uint32_t events, uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

}  // namespace msgtrans
