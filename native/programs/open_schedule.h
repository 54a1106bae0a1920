// The fixed schedule of an open loop: request n is meant to leave at start + n / rate. Pure; one thread.
#pragma once

#include <cstdint>

namespace msgtrans {

class OpenSchedule {
 public:
  OpenSchedule() = default;
  OpenSchedule(uint64_t start_ns, double rate_per_second)
      : start_ns_(start_ns), period_ns_(1e9 / rate_per_second) {}

  // When the next request is meant to leave.
  uint64_t next_ns() const { return next_ns_ == 0 ? start_ns_ : next_ns_; }

  void advance() {
    ++sent_;
    // Multiplied, not summed: the rounding of one period would add up over a long window.
    next_ns_ = start_ns_ + static_cast<uint64_t>(static_cast<double>(sent_) * period_ns_);
  }

 private:
  uint64_t start_ns_ = 0;
  double period_ns_ = 0;
  uint64_t sent_ = 0;
  uint64_t next_ns_ = 0;
};

}  // namespace msgtrans
