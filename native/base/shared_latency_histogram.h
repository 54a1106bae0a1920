// A histogram of latencies that one thread records and any thread may copy, at any time.
//
// Algorithm: counters with a single writer, each stored with a plain move instead of a locked addition, since nobody
//   else stores. No paper.
// Threads: `record()` by the owner only. `copy_to()` by any thread, any number at once.
// Invariants: a bucket, the sum and the longest latency never go down, so two copies subtract to what lies between
//   them. There is no separate count of samples that could disagree with the buckets: a reader adds them up.
// Consistency: a copy made while the owner records may hold the newest latencies in its buckets and not yet in its sum,
//   or the other way round. The mean of an interval is off by those few; percentiles come from the buckets alone.
// Progress: both are wait-free. Reclamation: none, the memory is fixed and as old as the object.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/latency_buckets.h"

namespace msgtrans {

template <uint32_t kHalfBits>
class SharedLatencyHistogram {
 public:
  using Buckets = LatencyBuckets<kHalfBits>;
  // A copy, in doubles since JavaScript reads those without a conversion; they are exact below 2^53.
  //   0 ... kCount - 1   counts       kCount   sum, ns       kCount + 1   longest, ns
  static constexpr size_t kCopySum = Buckets::kCount;
  static constexpr size_t kCopyMax = Buckets::kCount + 1;
  static constexpr size_t kCopyWords = Buckets::kCount + 2;

  SharedLatencyHistogram() = default;
  SharedLatencyHistogram(const SharedLatencyHistogram&) = delete;
  SharedLatencyHistogram& operator=(const SharedLatencyHistogram&) = delete;

  void record(uint64_t value_ns) {
    raise(counts_[Buckets::bucket_of(value_ns)], 1);
    raise(sum_ns_, value_ns);
    // Relaxed, both: the owner reads what it wrote itself; a reader that misses the newest has an older copy.
    if (value_ns > max_ns_.load(std::memory_order_relaxed)) max_ns_.store(value_ns, std::memory_order_relaxed);
  }

  void copy_to(std::span<double, kCopyWords> copy) const {
    for (size_t bucket = 0; bucket < Buckets::kCount; ++bucket) copy[bucket] = read(counts_[bucket]);
    copy[kCopySum] = read(sum_ns_);
    copy[kCopyMax] = read(max_ns_);
  }

 private:
  using Word = std::atomic<uint64_t>;
  static_assert(Word::is_always_lock_free);

  static void raise(Word& word, uint64_t by) {
    // Relaxed: this thread alone stores, so its load is never stale; nothing else is published by the counter.
    word.store(word.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  static double read(const Word& word) {
    // Relaxed: a stale value is the value of a moment ago, and the next copy has it.
    return static_cast<double>(word.load(std::memory_order_relaxed));
  }

  // Aligned, so that what other threads write to the neighbours of this object never costs its owner a cache miss.
  alignas(64) Word sum_ns_{0};
  Word max_ns_{0};
  alignas(64) std::array<Word, Buckets::kCount> counts_{};
};

using ReactorLatencyHistogram = SharedLatencyHistogram<kReactorLatencyHalfBits>;

}  // namespace msgtrans
