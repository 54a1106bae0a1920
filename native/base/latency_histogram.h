// A histogram of latencies with a bounded relative error (base/latency_buckets.h), in plain integers.
//
// It never forgets on its own: what happened between two moments is the copy taken at the later one less the copy
// taken at the earlier one (`subtract`), and what several reactors saw is the sum of theirs (`add`).
//
// Owned by one thread. What one thread records and others read is a SharedLatencyHistogram.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/latency_buckets.h"

namespace msgtrans {

template <uint32_t kHalfBits>
class BasicLatencyHistogram {
 public:
  using Buckets = LatencyBuckets<kHalfBits>;
  static constexpr uint64_t kValueNsMax = Buckets::kValueNsMax;
  static constexpr size_t kBuckets = Buckets::kCount;

  BasicLatencyHistogram() : counts_(kBuckets) {}

  void record(uint64_t value_ns) {
    ++counts_[Buckets::bucket_of(value_ns)];
    ++samples_;
    sum_ns_ += value_ns;
    if (value_ns > max_ns_) max_ns_ = value_ns;
  }

  void add(const BasicLatencyHistogram& other);
  // Leaves what was recorded since `earlier`, a copy of this same histogram. The longest latency of that time is known
  // exactly when it is the longest ever, and to the bucket otherwise.
  void subtract(const BasicLatencyHistogram& earlier);
  void reset();

  uint64_t samples() const { return samples_; }
  uint64_t sum_ns() const { return sum_ns_; }
  uint64_t max_ns() const { return max_ns_; }
  double mean_ns() const;
  // The smallest recorded bucket that holds at least the share `quantile` (0 to 1] of the samples; its
  // highest value, but never more than max_ns(). 0 without samples.
  uint64_t value_at_quantile_ns(double quantile) const;

  uint64_t count_in_bucket(size_t bucket) const { return counts_[bucket]; }
  static size_t bucket_of(uint64_t value_ns) { return Buckets::bucket_of(value_ns); }
  static uint64_t highest_value_of_bucket_ns(size_t bucket) { return Buckets::highest_value_ns(bucket); }

 private:
  std::vector<uint64_t> counts_;
  uint64_t samples_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t max_ns_ = 0;
};

using LatencyHistogram = BasicLatencyHistogram<kFineLatencyHalfBits>;

extern template class BasicLatencyHistogram<kFineLatencyHalfBits>;
extern template class BasicLatencyHistogram<kReactorLatencyHalfBits>;

}  // namespace msgtrans
