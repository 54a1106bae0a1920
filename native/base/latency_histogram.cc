#include "base/latency_histogram.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace msgtrans {

template <uint32_t kHalfBits>
void BasicLatencyHistogram<kHalfBits>::add(const BasicLatencyHistogram& other) {
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) counts_[bucket] += other.counts_[bucket];
  samples_ += other.samples_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

template <uint32_t kHalfBits>
void BasicLatencyHistogram<kHalfBits>::subtract(const BasicLatencyHistogram& earlier) {
  uint64_t highest_ns = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    MSGTRANS_ASSERT(counts_[bucket] >= earlier.counts_[bucket]);
    counts_[bucket] -= earlier.counts_[bucket];
    if (counts_[bucket] > 0) highest_ns = Buckets::highest_value_ns(bucket);
  }
  samples_ -= earlier.samples_;
  sum_ns_ -= earlier.sum_ns_;
  if (max_ns_ == earlier.max_ns_) max_ns_ = counts_[kBuckets - 1] > 0 ? max_ns_ : std::min(highest_ns, max_ns_);
}

template <uint32_t kHalfBits>
void BasicLatencyHistogram<kHalfBits>::reset() {
  std::fill(counts_.begin(), counts_.end(), uint64_t{0});
  samples_ = 0;
  sum_ns_ = 0;
  max_ns_ = 0;
}

template <uint32_t kHalfBits>
double BasicLatencyHistogram<kHalfBits>::mean_ns() const {
  return samples_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(samples_);
}

template <uint32_t kHalfBits>
uint64_t BasicLatencyHistogram<kHalfBits>::value_at_quantile_ns(double quantile) const {
  if (samples_ == 0) return 0;
  const double rank = std::ceil(quantile * static_cast<double>(samples_));
  const uint64_t wanted = std::clamp<uint64_t>(static_cast<uint64_t>(rank), 1, samples_);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && bucket + 1 < kBuckets) return std::min(Buckets::highest_value_ns(bucket), max_ns_);
  }
  return max_ns_;
}

template class BasicLatencyHistogram<kFineLatencyHalfBits>;
template class BasicLatencyHistogram<kReactorLatencyHalfBits>;

}  // namespace msgtrans
