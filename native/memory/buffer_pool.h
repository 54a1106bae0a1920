// Pooled slices in four tiers, and mappings of their own for what no tier holds.
//
// Thread: the reactor's, all calls. Slices are reused last-in first-out, so that the bytes in flight stay in the
// cache. A slice is reference-counted: the turn that reads into it holds one reference, every retained message
// another. It returns to its tier when the last one goes, and never before: memory that somebody can see is not
// written (the binding detaches views before it drops its reference).
//
// Bounds: the tiers are fixed at construction; mappings of their own are charged to `dedicated_bytes_max`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/mapping.h"

namespace msgtrans {

// Payload bytes per tier. Every slice is larger by kSliceHeadroomBytes: headers in front, alignment behind.
inline constexpr std::array<size_t, 4> kTierPayloadBytes = {1024, 8 * 1024, 64 * 1024, 1024 * 1024};
inline constexpr size_t kSliceHeadroomBytes = 256;
inline constexpr size_t kReadTier = 2;

using SliceId = uint32_t;
inline constexpr SliceId kNoSlice = UINT32_MAX;
// Set in the ids of mappings of their own, whose bytes are not in the arena.
inline constexpr SliceId kDedicatedBit = 1u << 23;

struct Slice {
  SliceId id = kNoSlice;
  uint8_t* data = nullptr;
  size_t bytes = 0;
  [[nodiscard]] bool valid() const { return id != kNoSlice; }
  [[nodiscard]] bool dedicated() const { return (id & kDedicatedBit) != 0; }
};

struct BufferPoolOptions {
  // 64 read slices are 8 times what one turn reads (512 KB): the rest is for messages that users retain.
  std::array<uint32_t, 4> tier_counts = {512, 128, 64, 4};
  // Read slices that retaining may not take, so that a reactor can always read: 512 KB a turn, and as much again.
  uint32_t read_slices_reserved = 16;
  size_t dedicated_bytes_max = size_t{1} << 30;
};

struct BufferPoolCounters {
  uint64_t hits = 0;        // served from a tier
  uint64_t misses = 0;      // the fitting tier was empty, or there is none: a mapping of its own
  uint64_t refused = 0;     // the byte budget was reached
  size_t dedicated_bytes = 0;
  uint32_t slices_lent = 0;
};

class BufferPool {
 public:
  static size_t bytes_needed(const BufferPoolOptions& options);

  // `memory` is bytes_needed() long, stays where it is, and outlives the pool.
  BufferPool(uint8_t* memory, const BufferPoolOptions& options);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A slice of at least `bytes`, with one reference. Invalid when the byte budget is reached.
  Slice acquire(size_t bytes);
  // A slice as large as the read tier's. When all of those are lent (users moved them out of our sight), a mapping of
  // its own: a reactor that could not read would only be woken again and again. Invalid when the budget is reached.
  Slice acquire_read_slice();
  void add_reference(SliceId id);
  void release(SliceId id);
  [[nodiscard]] Slice slice(SliceId id) const;
  [[nodiscard]] uint32_t references(SliceId id) const;
  // Bytes from the slice's start that were written for its present holder: the only ones that may be shown to anyone,
  // since those behind them are of earlier packets.
  void set_filled(SliceId id, size_t bytes);
  [[nodiscard]] size_t filled(SliceId id) const;
  // Whether one more read slice may be kept by a user without starving the reads of the next turns.
  [[nodiscard]] bool may_pin(SliceId id) const;
  // The memory of a mapping of its own, for whoever may see it longer than the pool lends it. It is never used for
  // another packet, so nothing more is needed to keep a late reader safe.
  [[nodiscard]] std::shared_ptr<Mapping> dedicated_mapping(SliceId id) const;
  [[nodiscard]] const BufferPoolCounters& counters() const { return counters_; }
  void check_invariants() const;

 private:
  struct Tier {
    uint8_t* base = nullptr;
    size_t slice_bytes = 0;
    SliceId first_id = 0;
    uint32_t count = 0;
    std::vector<SliceId> free;  // last in, first out
  };
  struct Dedicated {
    std::shared_ptr<Mapping> mapping;
    uint32_t references = 0;
    uint32_t filled = 0;
  };

  [[nodiscard]] const Tier& tier_of(SliceId id) const;
  Slice take(Tier& tier);
  Slice acquire_dedicated(size_t bytes);

  std::array<Tier, kTierPayloadBytes.size()> tiers_;
  std::vector<uint32_t> references_;  // by id, tiers only
  std::vector<uint32_t> filled_;      // likewise
  std::vector<Dedicated> dedicated_;
  std::vector<uint32_t> dedicated_free_;
  uint32_t read_slices_reserved_;
  size_t dedicated_bytes_max_;
  BufferPoolCounters counters_;
};

}  // namespace msgtrans
