// Which bucket of a log-linear histogram a latency falls into: the layout of Gil Tene's HdrHistogram.
//
//   36                                            0   a value in nanoseconds; above 2^36 - 1 (68 s) it counts as that
//   +---------------+-----------------+-----------+
//   | leading zeros | 1 b b b b b b b |  dropped  |   the leading one and kHalfBits bits behind it choose a bucket
//   +---------------+-----------------+-----------+
//
//   value < 2^(kHalfBits+1)     one bucket per nanosecond
//   2^k <= value < 2^(k+1)      2^kHalfBits buckets of 2^(k-kHalfBits) ns each
//
// A bucket is known by its highest value, which is above any value in it by less than 1 part in 2^kHalfBits:
//
//   kHalfBits   HdrHistogram's digits   relative error   buckets
//       7                 2                < 0.79 %        3 840
//      10                 3                < 0.10 %       27 648
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace msgtrans {

inline constexpr uint32_t kLatencyValueBits = 36;

template <uint32_t kHalfBits>
struct LatencyBuckets {
  static_assert(kHalfBits >= 1 && kHalfBits < kLatencyValueBits - 1);

  static constexpr uint64_t kValueNsMax = (uint64_t{1} << kLatencyValueBits) - 1;
  static constexpr size_t kCount = size_t{kLatencyValueBits - kHalfBits + 1} << kHalfBits;

  static constexpr size_t bucket_of(uint64_t value_ns) {
    const uint64_t value = value_ns < kValueNsMax ? value_ns : kValueNsMax;
    constexpr uint64_t kLinear = uint64_t{1} << kHalfBits;
    const auto shift = static_cast<uint32_t>(std::bit_width(value | kLinear)) - 1 - kHalfBits;
    return (size_t{shift} << kHalfBits) + static_cast<size_t>(value >> shift);
  }

  static constexpr uint64_t highest_value_ns(size_t bucket) {
    constexpr size_t kLinear = size_t{2} << kHalfBits;
    if (bucket < kLinear) return bucket;
    const size_t shift = (bucket >> kHalfBits) - 1;
    const uint64_t position = bucket - (shift << kHalfBits);
    return ((position + 1) << shift) - 1;
  }
};

// What the load generator reports: three digits.
inline constexpr uint32_t kFineLatencyHalfBits = 10;
// What every reactor keeps: two digits, for 30 KB that are copied at each sample instead of 216 KB.
inline constexpr uint32_t kReactorLatencyHalfBits = 7;

static_assert(LatencyBuckets<kFineLatencyHalfBits>::kCount == 27648);
static_assert(LatencyBuckets<kReactorLatencyHalfBits>::kCount == 3840);
static_assert(LatencyBuckets<kReactorLatencyHalfBits>::bucket_of(UINT64_MAX) == 3839);

}  // namespace msgtrans
