// Level-triggered epoll. Level-triggered because a socket that was not read to its end is simply reported again,
// in the kernel's round-robin order: the turn budget needs no ready list of its own, and no read is spent on
// seeing EAGAIN.
//
// Thread: the reactor's.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/unique_fd.h"

namespace msgtrans {

class EpollPoller {
 public:
  // The events of a descriptor of which only errors and hang-ups are to be heard. The kernel reports them whether asked
  // for or not, and level-triggered for ever, so this is edge-triggered: once for each change, also for one that was
  // there before.
  static constexpr uint32_t kFailuresOnly = EPOLLET;

  EpollPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  [[nodiscard]] bool valid() const { return epoll_.valid(); }
  [[nodiscard]] int fd() const { return epoll_.get(); }

  // 0 or an errno. `token` comes back with each event.
  int add(int fd, uint32_t events, uint64_t token) { return control(EPOLL_CTL_ADD, fd, events, token); }
  int modify(int fd, uint32_t events, uint64_t token) { return control(EPOLL_CTL_MOD, fd, events, token); }
  void remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  // What is ready now; never waits, since the loop around us does the waiting.
  std::span<const epoll_event> poll() { return wait(0); }
  // Waits for at most `timeout_ms`, -1 for as long as it takes: for a reactor on a thread of its own.
  std::span<const epoll_event> wait(int timeout_ms);

 private:
  int control(int operation, int fd, uint32_t events, uint64_t token);

  // One turn's worth: more would only wait for a later delivery, since a turn delivers 1 024 messages at most.
  static constexpr int kEventsMax = 1024;

  UniqueFd epoll_;
  epoll_event events_[kEventsMax];
};

}  // namespace msgtrans
