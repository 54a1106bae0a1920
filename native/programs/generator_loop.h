// The generator's epoll: the sessions of all groups, a timer, standard input and the ending signal. One
// thread.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/unique_fd.h"

namespace msgtrans {

class GeneratorLoop {
 public:
  // Tags of the descriptors that are no session; those of sessions have a group index above 0 in the high
  // half.
  static constexpr uint64_t kEndingTag = 0;
  static constexpr uint64_t kControlTag = 1;
  static constexpr uint64_t kTimerTag = 2;

  GeneratorLoop();

  // False when the kernel gave no descriptors.
  bool good() const { return epoll_.valid() && timer_.valid(); }

  static uint64_t session_tag(uint32_t group_index, uint32_t session_index) {
    return (uint64_t{group_index} << 32) | session_index;
  }

  bool watch(int fd, uint64_t tag) { return control(EPOLL_CTL_ADD, fd, EPOLLIN, tag); }
  void await_writable(int fd, uint64_t tag, bool writable) {
    control(EPOLL_CTL_MOD, fd, writable ? EPOLLIN | EPOLLOUT : EPOLLIN, tag);
  }

  // Makes wait() return at `at_ns` (CLOCK_MONOTONIC) at the latest; the newest call counts.
  void set_timer(uint64_t at_ns);

  // The descriptors that are ready; waits for one when `block` is set.
  std::span<const epoll_event> wait(bool block);

 private:
  static constexpr int kEventsPerTurn = 256;

  bool control(int operation, int fd, uint32_t events, uint64_t tag);

  UniqueFd epoll_;
  UniqueFd timer_;
  std::vector<epoll_event> events_;
};

}  // namespace msgtrans
