#include "io/epoll_poller.h"

#include <cerrno>

namespace msgtrans {

std::span<const epoll_event> EpollPoller::wait(int timeout_ms) {
  int count;
  do {
    // An interrupted wait starts again with the whole time: deadlines are judged by the clock, not by this.
    count = ::epoll_wait(epoll_.get(), events_, kEventsMax, timeout_ms);
  } while (count < 0 && errno == EINTR);
  return {events_, count > 0 ? static_cast<size_t>(count) : 0};
}

int EpollPoller::control(int operation, int fd, uint32_t events, uint64_t token) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

}  // namespace msgtrans
