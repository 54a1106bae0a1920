// Which of the 256 reactor numbers of the process are taken. A number is part of every session id.
//
// Any thread. Lock-free; the bitmap has no destructor, so it is usable until the process is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "session/session_id.h"

namespace msgtrans {

class ReactorNumber {
 public:
  static std::optional<uint32_t> claim() {
    for (uint32_t word = 0; word < kWords; ++word) {
      // Relaxed: the exchange below decides.
      uint64_t taken = bitmap_[word].load(std::memory_order_relaxed);
      while (taken != UINT64_MAX) {
        const auto bit = static_cast<uint32_t>(__builtin_ctzll(~taken));
        // Acquire: pairs with the release in release(); what the last holder left in its slot array is ours to go on
        // with. Relaxed when it fails: the loop looks again.
        if (bitmap_[word].compare_exchange_weak(taken, taken | uint64_t{1} << bit, std::memory_order_acquire,
                                                std::memory_order_relaxed)) {
          return word * 64 + bit;
        }
      }
    }
    return std::nullopt;
  }

  static void release(uint32_t number) {
    // Release: pairs with the acquire in claim().
    bitmap_[number / 64].fetch_and(~(uint64_t{1} << number % 64), std::memory_order_release);
  }

 private:
  static constexpr uint32_t kWords = kReactorsMax / 64;
  static inline std::atomic<uint64_t> bitmap_[kWords] = {};
};

}  // namespace msgtrans
