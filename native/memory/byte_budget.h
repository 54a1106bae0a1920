// A number of bytes that several threads share: what all pools of a process together may map beyond their tiers.
//
// Any thread, wait-free but for the CAS loop in try_charge(), which is lock-free. It publishes nothing: only the number
// itself matters, so every order is relaxed.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/assert.h"

namespace msgtrans {

class ByteBudget {
 public:
  explicit ByteBudget(size_t bytes_max) : bytes_max_(bytes_max) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // False: it would not fit, and nothing is charged.
  [[nodiscard]] bool try_charge(size_t bytes) {
    // Relaxed: the CAS decides; see above.
    size_t used = bytes_used_.load(std::memory_order_relaxed);
    do {
      if (bytes > bytes_max_ || used > bytes_max_ - bytes) return false;
      // Relaxed: see above.
    } while (!bytes_used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed,
                                                std::memory_order_relaxed));
    return true;
  }

  void refund(size_t bytes) {
    // Relaxed: see above.
    const size_t before = bytes_used_.fetch_sub(bytes, std::memory_order_relaxed);
    MSGTRANS_ASSERT(before >= bytes);
  }

  // Relaxed: a gauge; it may have changed by the time it is read.
  [[nodiscard]] size_t bytes_used() const { return bytes_used_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t bytes_max() const { return bytes_max_; }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> bytes_used_{0};
};

}  // namespace msgtrans
