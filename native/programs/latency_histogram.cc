#include "programs/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace msgtrans {

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) counts_[bucket] += other.counts_[bucket];
  samples_ += other.samples_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

void LatencyHistogram::reset() {
  std::fill(counts_.begin(), counts_.end(), uint64_t{0});
  samples_ = 0;
  sum_ns_ = 0;
  max_ns_ = 0;
}

double LatencyHistogram::mean_ns() const {
  return samples_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(samples_);
}

uint64_t LatencyHistogram::value_at_quantile_ns(double quantile) const {
  if (samples_ == 0) return 0;
  const double rank = std::ceil(quantile * static_cast<double>(samples_));
  const uint64_t wanted = std::clamp<uint64_t>(static_cast<uint64_t>(rank), 1, samples_);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && bucket + 1 < kBuckets) {
      return std::min(highest_value_of_bucket_ns(bucket), max_ns_);
    }
  }
  return max_ns_;
}

}  // namespace msgtrans
