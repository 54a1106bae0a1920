// Tells one consumer which of its links have news, and wakes it when it sleeps: one bit per link.
//
// Algorithm: a set of bits, filled by fetch_or and emptied by exchange, over a SleepGate. Whoever sets a bit that was
// clear answers for the wake-up; whoever finds it set leaves it to the one who did, since the consumer has yet to
// take it.
//   The bit is always set by a read-modify-write. To look first, and skip it when the bit is up, loses news: the look
// may pass the link's own publication, and see a bit that the consumer has taken before it read the link.
//
// Threads: ring() from any thread, after it published on its link; take(), prepare_sleep() and awake() from the one
// consumer.
//
// Invariant: news published before ring(i) are seen by the consumer in the visit of i that follows.
// Progress: wait-free. Reclamation: none; a bit outlives the link it stands for, and its visit finds an empty link.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "sync/atomics_policy.h"
#include "sync/cache_line.h"
#include "sync/sleep_gate.h"

namespace msgtrans {

// `kWords` is smaller in proofs only.
template <typename Atomics = StdAtomics, uint32_t kWords = 4>
class Doorbell {
 public:
  static constexpr uint32_t kLinks = kWords * 64;

  Doorbell() = default;
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // Any thread, after it published on link `i`. True: the caller wakes the consumer.
  [[nodiscard]] bool ring(uint32_t i) {
    MSGTRANS_ASSERT(i < kLinks);
    const uint64_t bit = uint64_t{1} << (i % 64);
    // Release: pairs with the acquire in take(); what was published on the link is seen by the visit.
    const uint64_t before = words_[i / 64].fetch_or(bit, std::memory_order_release);
    return (before & bit) == 0 && gate_.must_wake();
  }

  // Consumer. Calls `visit(i)` for every link that rang since the last time, each once.
  template <typename Visit>
  void take(Visit&& visit) {
    for (uint32_t word = 0; word < kWords; ++word) {
      // Relaxed: a bit missed here is found by prepare_sleep(), or next time. Spares the exchange of an empty word.
      if (words_[word].load(std::memory_order_relaxed) == 0) continue;
      // Acquire: pairs with the release in ring(), of every ringer since the last exchange.
      uint64_t bits = words_[word].exchange(0, std::memory_order_acquire);
      for (; bits != 0; bits &= bits - 1) visit(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
    }
  }

  // Consumer. True: nothing rang, and from here on a ring() wakes; block, then call awake(). False: take() first.
  [[nodiscard]] bool prepare_sleep() {
    gate_.announce();
    for (const auto& word : words_) {
      // Relaxed: the gate's acquire has made every ring() without a wake-up visible; take() acquires what it stands
      // for.
      if (word.load(std::memory_order_relaxed) != 0) {
        gate_.awake();
        return false;
      }
    }
    return true;
  }

  // Consumer. Whether a link rang since the last time; for a consumer that looks rather than sleeps.
  [[nodiscard]] bool has_news() const {
    // Relaxed: take() acquires what the bit stands for, and a bit missed here is found by the next look.
    for (const auto& word : words_) {
      if (word.load(std::memory_order_relaxed) != 0) return true;
    }
    return false;
  }

  // Consumer, when it runs again.
  void awake() { gate_.awake(); }

 private:
  // One line: a ringer that sets a bit goes on to the gate.
  alignas(kSeparateBytes) std::array<typename Atomics::template Atomic<uint64_t>, kWords> words_{};
  SleepGate<Atomics> gate_;
};

}  // namespace msgtrans
