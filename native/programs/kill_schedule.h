// Which sessions of a group are cut under load, and when: a share of them per minute, at even distances.
// Pure; one thread.
//
// Time here is the group's time under load, so that many short windows cut as many as one long one.
#pragma once

#include <cstdint>

#include "programs/request_content.h"

namespace msgtrans {

class KillSchedule {
 public:
  KillSchedule() = default;
  // `seed` chooses the first moment, anywhere within one distance, and the sessions.
  KillSchedule(uint64_t seed, uint32_t sessions, double percent_per_minute)
      : seed_(seed), sessions_(sessions), percent_per_minute_(percent_per_minute) {
    if (!active()) return;
    constexpr double kMinuteNs = 60e9;
    interval_ns_ = kMinuteNs / (percent_per_minute / 100 * sessions);
    phase_ = static_cast<double>(mix_64(seed) >> 11) / 9007199254740992.0;  // 2^53
  }

  bool active() const { return sessions_ != 0 && percent_per_minute_ > 0; }
  double percent_per_minute() const { return percent_per_minute_; }

  // When the next session is cut.
  uint64_t next_ns() const {
    if (!active()) return UINT64_MAX;
    return static_cast<uint64_t>((static_cast<double>(taken_) + phase_) * interval_ns_);
  }

  // The session that is cut then; the one after it is next.
  uint32_t take() {
    ++taken_;
    return static_cast<uint32_t>(mix_64(seed_ + taken_ * 0x9e3779b97f4a7c15ULL) % sessions_);
  }

 private:
  uint64_t seed_ = 0;
  uint32_t sessions_ = 0;
  double percent_per_minute_ = 0;
  double interval_ns_ = 0;
  double phase_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace msgtrans
