// How a tier grows and when it may shrink: arithmetic only.
//
// Growth: each time the free slices fall below the low-water mark, by x2.0, x1.5, x1.2, x1.1 and then x1.1 for good:
// fast while the load is unknown, small steps once the tier is large. Each shrinking goes one step back.
//
// Shrinking: only after the peak use stayed below a quarter of what serves for a number of windows in a row. Growth
// starts when an eighth is left, so there is a wide band in which nothing happens.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace msgtrans {

inline constexpr std::array<uint32_t, 4> kGrowthPercent = {200, 150, 120, 110};
inline constexpr uint32_t kQuietUseDivisor = 4;
inline constexpr uint32_t kLowWaterDivisor = 8;
inline constexpr uint32_t kFragmentationPermilleMax = 200;

// Growth begins when fewer slices than this are free. `reserved` slices are kept for reading and do not count.
constexpr uint32_t low_water_slices(uint32_t in_service, uint32_t reserved) {
  return reserved + std::max(1u, in_service / kLowWaterDivisor);
}

// Whether a peak use of `used` slices leaves most of the tier idle.
constexpr bool is_quiet(uint32_t used, uint32_t in_service) { return used < in_service / kQuietUseDivisor; }

class GrowthSteps {
 public:
  // Slices in service after the next growth: more than `count`, unless that is `count_max` already.
  [[nodiscard]] uint32_t next_count(uint32_t count, uint32_t count_max) const {
    const uint64_t scaled = uint64_t{count} * kGrowthPercent[step_] / 100;
    const uint64_t target = std::max(scaled, uint64_t{count} + 1);
    return static_cast<uint32_t>(std::min(target, uint64_t{count_max}));
  }
  void grew() { step_ = std::min(step_ + 1, kGrowthPercent.size() - 1); }
  void shrank() { step_ -= step_ > 0 ? 1 : 0; }

 private:
  size_t step_ = 0;
};

}  // namespace msgtrans
