// The clock of every deadline and measurement: it does not jump when the wall clock does.
#pragma once

#include <cstdint>
#include <ctime>

namespace msgtrans {

inline uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000ull + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace msgtrans
