// The segments of a reactor's outbound ring, and who still reads them.
//
// JavaScript writes packets into one segment at a time. A stretch with packets for other reactors is lent to them as it
// lies; JavaScript goes on behind it, or in another segment. What was lent is written again only when the last of them has
// given the segment back, and its owner has left it.
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
    return arena_->data() + arena_->ring_offset() + size_t{segment} * kSegmentBytes;
  }

  // Owner. Before the record that lends it is posted.
  void lend(uint32_t segment) {
    // Relaxed: the link's release publishes it together with the bytes.
    holders_[segment].fetch_add(1, std::memory_order_relaxed);
  }

  // Whoever holds the segment, once it is done with the bytes. Nobody waits for it: an owner that finds none free copies.
  void give_back(uint32_t segment) {
    // Release: pairs with the acquire load in `take_free`; our reads come before the owner's next writes. Whoever gives
    // back between us and that load continues the release sequence.
    holders_[segment].fetch_sub(1, std::memory_order_release);
  }

  // Owner. A segment that nobody holds, which the owner holds from now on; the lowest, so that few stay in the cache.
  // Nothing when all are held.
  std::optional<uint32_t> take_free() {
    for (uint32_t segment = 0; segment < kRingSegments; ++segment) {
      // Acquire: pairs with the release in `give_back`, of every holder.
      if (holders_[segment].load(std::memory_order_acquire) != 0) continue;
      // Relaxed: the owner alone lends.
      holders_[segment].store(1, std::memory_order_relaxed);
      return segment;
    }
    return std::nullopt;
  }

 private:
  std::shared_ptr<Arena> arena_;
  std::atomic<uint32_t> holders_[kRingSegments] = {};
};

}  // namespace msgtrans
