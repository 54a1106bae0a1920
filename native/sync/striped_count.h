// A count that many threads change and few read: each of the first threads has a stripe of its own, which it changes by
// a plain load and store; those after them share a few, by locked additions.
//
// Threads: `thread` is a number that one thread has at a time, and hands to the next one with an order between the two:
// the index of an epoch's Participant. total() from any thread, exact while nobody adds.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/cache_line.h"

namespace msgtrans {

template <typename Atomics, uint32_t own_stripes, uint32_t shared_stripes>
class StripedCount {
 public:
  // Modulo 2^64, so that it subtracts as well. Returns what the stripe says then, which alone may be below zero.
  uint64_t add(uint32_t thread, uint64_t by) {
    if (thread >= own_stripes) [[unlikely]] {
      // Relaxed: a count.
      return stripes_[own_stripes + thread % shared_stripes].sum.fetch_add(by, std::memory_order_relaxed) + by;
    }
    auto& own = stripes_[thread].sum;
    // Relaxed, both: only this thread writes it; others read it as a count.
    const uint64_t sum = own.load(std::memory_order_relaxed) + by;
    own.store(sum, std::memory_order_relaxed);
    return sum;
  }

  [[nodiscard]] uint64_t total() const {
    uint64_t total = 0;
    // Relaxed: a count.
    for (const Stripe& stripe : stripes_) total += stripe.sum.load(std::memory_order_relaxed);
    return total;
  }

 private:
  struct alignas(kSeparateBytes) Stripe {
    typename Atomics::template Atomic<uint64_t> sum{0};
  };

  Stripe stripes_[own_stripes + shared_stripes];
};

}  // namespace msgtrans
