// A log-linear histogram of latencies with 3 significant digits (the layout of Gil Tene's HdrHistogram).
//
//   value < 2048 ns          one bucket per nanosecond
//   2^k <= value < 2^(k+1)   1024 buckets of 2^(k-10) ns each: the relative error stays below 1/1024
//
// It covers 0 ns to 2^36 - 1 ns (68 s); longer ones are counted in the last bucket and kept exactly in max().
// Owned by one thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace msgtrans {

class LatencyHistogram {
 public:
  static constexpr uint64_t kValueNsMax = (uint64_t{1} << 36) - 1;
  static constexpr uint32_t kHalfBits = 10;
  static constexpr size_t kBuckets = ((36 - kHalfBits - 1) << kHalfBits) + (size_t{2} << kHalfBits);

  LatencyHistogram() : counts_(kBuckets) {}

  void record(uint64_t value_ns) {
    ++counts_[bucket_of(value_ns)];
    ++samples_;
    sum_ns_ += value_ns;
    if (value_ns > max_ns_) max_ns_ = value_ns;
  }

  void add(const LatencyHistogram& other);
  void reset();

  uint64_t samples() const { return samples_; }
  uint64_t max_ns() const { return max_ns_; }
  double mean_ns() const;
  // The smallest recorded bucket that holds at least the share `quantile` (0 to 1] of the samples; its
  // highest value, but never more than max_ns(). 0 without samples.
  uint64_t value_at_quantile_ns(double quantile) const;

  uint64_t count_in_bucket(size_t bucket) const { return counts_[bucket]; }

  static size_t bucket_of(uint64_t value_ns) {
    const uint64_t value = value_ns < kValueNsMax ? value_ns : kValueNsMax;
    constexpr uint64_t kLinear = uint64_t{1} << kHalfBits;
    const auto shift = static_cast<uint32_t>(std::bit_width(value | kLinear)) - 1 - kHalfBits;
    return (size_t{shift} << kHalfBits) + static_cast<size_t>(value >> shift);
  }

  static uint64_t highest_value_of_bucket_ns(size_t bucket) {
    const size_t linear = size_t{2} << kHalfBits;
    if (bucket < linear) return bucket;
    const size_t shift = (bucket >> kHalfBits) - 1;
    const uint64_t position = bucket - (shift << kHalfBits);
    return ((position + 1) << shift) - 1;
  }

 private:
  std::vector<uint64_t> counts_;
  uint64_t samples_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t max_ns_ = 0;
};

static_assert(LatencyHistogram::kBuckets == 27648);

}  // namespace msgtrans
