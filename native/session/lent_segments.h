// The segments of a reactor's outbound ring, and who still reads them.
//
// JavaScript writes packets into one segment at a time. A segment with packets for other reactors is lent to them as it
// lies, and is written again only when the last of them has given it back.
//
// Threads: `lend` and `take_free` are the owner's, who holds the segment that JavaScript writes into; `give_back` is of
// any thread that holds one.
// Progress: wait-free. Reclamation: the arena lives as long as whoever holds this object.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "memory/arena.h"
#include "session/batch_layout.h"

namespace msgtrans {

class LentSegments {
 public:
  explicit LentSegments(std::shared_ptr<Arena> arena) : arena_(std::move(arena)) {}
  LentSegments(const LentSegments&) = delete;
  LentSegments& operator=(const LentSegments&) = delete;

  [[nodiscard]] const std::shared_ptr<Arena>& arena() const { return arena_; }
  [[nodiscard]] uint8_t* data(uint32_t segment) const {
    return arena_->data() + arena_->ring_offset() + size_t{segment} * kRingBytes;
  }

  // Owner. Before the record that lends it is posted.
  void lend(uint32_t segment) {
    // Relaxed: the link's release publishes it together with the bytes.
    holders_[segment].fetch_add(1, std::memory_order_relaxed);
  }

  // Whoever holds the segment. True when the owner waits for one and must be told.
  [[nodiscard]] bool give_back(uint32_t segment) {
    // seq_cst: pairs with `take_free`: either it sees this segment free, or we see that it starves. It also releases
    // our reads of the segment before the owner's next writes.
    holders_[segment].fetch_sub(1, std::memory_order_seq_cst);
    return starved_.load(std::memory_order_seq_cst) != 0;
  }

  // Owner. A segment that nobody holds, which the owner holds from now on; the lowest, so that few stay in the cache.
  // Nothing when all are held; then the next `give_back` says so to its caller.
  std::optional<uint32_t> take_free() {
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (uint32_t segment = 0; segment < kRingSegments; ++segment) {
        // seq_cst: pairs with `give_back` as told there; acquires the last holder's reads.
        if (holders_[segment].load(std::memory_order_seq_cst) != 0) continue;
        // Relaxed, both: the owner alone lends, and a stale flag costs one needless wake-up.
        holders_[segment].store(1, std::memory_order_relaxed);
        starved_.store(0, std::memory_order_relaxed);
        return segment;
      }
      // seq_cst: pairs with `give_back`; then every segment is looked at once more.
      starved_.store(1, std::memory_order_seq_cst);
    }
    return std::nullopt;
  }

 private:
  std::shared_ptr<Arena> arena_;
  std::atomic<uint32_t> holders_[kRingSegments] = {};
  std::atomic<uint32_t> starved_ = 0;
};

}  // namespace msgtrans
