// Pooled slices that write queues refer to instead of copying from them.
//
// What is left over of a packet keeps its slice when the packet is a good part of it, and is copied when the slice would
// be far more memory than it needs; unless the slice is kept for others anyway. A slice that several sessions' queues refer
// to is held once for each of them and counts once. One that JavaScript has for sending from is kept by it anyway, so
// nothing of it is copied.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "io/write_queue.h"
#include "memory/buffer_pool.h"

namespace msgtrans {

class PinnedSlices final : public BytesOwner {
 public:
  // Packets smaller than this share of their slice are copied,
  static constexpr size_t kPinShare = 8;
  // and so is what is left over of others below this one, where the slice is larger than those that are read into: one of
  // these for each session that does not read is what any larger rest costs, too.
  static constexpr size_t kPinRestShare = 64;
  static constexpr size_t kPinRestSliceBytesMax = kTierPayloadBytes[kReadTier] + kSliceHeadroomBytes;

  // Whether the last `rest_bytes` of a packet in a slice of `slice_bytes` are worth keeping it for.
  [[nodiscard]] static constexpr bool is_rest_enough(size_t slice_bytes, size_t rest_bytes) {
    return slice_bytes <= kPinRestSliceBytesMax || rest_bytes * kPinRestShare >= slice_bytes;
  }

  // `seals_kept`: changes of what JavaScript sends from are found, see `BytesOwner::is_sealed`.
  explicit PinnedSlices(BufferPool& pool, bool seals_kept = false) : pool_(pool), seals_kept_(seals_kept) {}
  PinnedSlices(const PinnedSlices&) = delete;
  PinnedSlices& operator=(const PinnedSlices&) = delete;

  [[nodiscard]] Slice slice(SliceId id) const { return pool_.slice(id); }

  // Holds the slice for the last `rest_bytes` of `bytes` of it, until `release`. False when they are to be copied: too few
  // of the slice, too few slices left for reading, or no memory to remember it in.
  [[nodiscard]] bool try_pin(SliceId id, size_t bytes, size_t rest_bytes);
  // JavaScript has the slice to send from, until `forget`. False when memory is refused.
  [[nodiscard]] bool keep(SliceId id);
  void forget(SliceId id) { kept_.erase(id); }
  [[nodiscard]] bool is_pinned(SliceId id) const { return !pins_.empty() && pins_.contains(id); }

  bool is_intact(uint32_t) override { return true; }
  bool is_shared() const override { return true; }
  bool is_sealed(uint32_t id) const override { return seals_kept_ && kept_.contains(id); }
  void release(uint32_t id) override;

  // Of all slices that are held, each once.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  BufferPool& pool_;
  std::unordered_map<SliceId, uint32_t> pins_;  // how many queue entries refer to it
  uint64_t bytes_ = 0;
  std::unordered_set<SliceId> kept_;
  const bool seals_kept_;
};

}  // namespace msgtrans
