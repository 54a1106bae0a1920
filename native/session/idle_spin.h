// How long a thread looks for news before it sleeps: as long as its last sleeps were short, up to a bound.
//
// A sleep costs a system call here and a wake-up, 1 to 3 µs, at whoever ends it. Looking instead pays only where news come
// sooner than that, and it takes the core from others. So: after sleeps that were shorter than the bound the thread looks
// for the whole bound; after one that was longer it sleeps at once, until a short one again.
//
// Thread: its owner's.
#pragma once

#include <cstdint>

#include "base/monotonic_clock.h"
#include "sync/atomics_policy.h"

namespace msgtrans {

class IdleSpin {
 public:
  explicit IdleSpin(uint64_t bound_ns) : bound_ns_(bound_ns) {}

  // Calls `look` until it says that there are news, or the time is up. True when there are.
  template <typename Look>
  bool spin(Look&& look) {
    if (bound_ns_ == 0 || !is_worth_it_) return false;
    const uint64_t until = monotonic_ns() + bound_ns_;
    do {
      for (int i = 0; i < kLooksPerClock; ++i) {
        if (look()) return true;
        StdAtomics::pause();
      }
    } while (monotonic_ns() < until);
    return false;
  }

  // The thread slept for so long, after it had looked in vain or not at all.
  void slept(uint64_t nanoseconds) { is_worth_it_ = nanoseconds < bound_ns_; }

 private:
  static constexpr int kLooksPerClock = 8;

  const uint64_t bound_ns_;
  bool is_worth_it_ = true;
};

}  // namespace msgtrans
