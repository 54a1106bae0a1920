// The clock of deadlines: monotonic time minus the gaps in which this reactor did not turn.
//
// A JS task that computes for 15 s, SIGSTOP, a suspended machine: the peers could not be heard meanwhile, so no
// deadline may run on. A turn that comes more than kGapNs after the one before moves the clock by kGapNs only,
// which moves every deadline by the rest. While deadlines are armed, the reactor ticks several times per kGapNs.
//
// Thread: the reactor's.
#pragma once

#include <algorithm>
#include <cstdint>

namespace msgtrans {

class ReactorClock {
 public:
  static constexpr uint64_t kGapNs = 100'000'000;

  // Once per turn, with the monotonic time; returns the reactor's time.
  uint64_t advance(uint64_t monotonic) {
    if (last_monotonic_ != 0) now_ += std::min(monotonic - last_monotonic_, kGapNs);
    last_monotonic_ = monotonic;
    return now_;
  }
  // Deadlines are armed after a time without any: the time since the last turn must not count against them.
  void resume(uint64_t monotonic) { last_monotonic_ = monotonic; }
  [[nodiscard]] uint64_t now() const { return now_; }
  // What a turn at this monotonic time would make of it: for deadlines that are set between turns, perhaps at the end
  // of a long task, and must not lose the time that the next turn will add.
  [[nodiscard]] uint64_t at(uint64_t monotonic) const { return now_ + std::min(monotonic - last_monotonic_, kGapNs); }

 private:
  uint64_t now_ = 1;
  uint64_t last_monotonic_ = 0;
};

}  // namespace msgtrans
