// Pooled slices that write queues refer to instead of copying from them.
//
// What is left over of a packet keeps its slice when the packet is a good part of it, and is copied when the slice would
// be far more memory than it needs; unless the slice is kept for others anyway. A slice that several sessions' queues refer
// to is held once for each of them and counts once.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "io/write_queue.h"
#include "memory/buffer_pool.h"

namespace msgtrans {

class PinnedSlices final : public BytesOwner {
 public:
  // Packets smaller than this share of their slice are copied,
  static constexpr size_t kPinShare = 8;
  // and so is what is left over of others below this one.
  static constexpr size_t kPinRestShare = 64;

  explicit PinnedSlices(BufferPool& pool) : pool_(pool) {}
  PinnedSlices(const PinnedSlices&) = delete;
  PinnedSlices& operator=(const PinnedSlices&) = delete;

  [[nodiscard]] Slice slice(SliceId id) const { return pool_.slice(id); }

  // Holds the slice for the last `rest_bytes` of `bytes` of it, until `release`. False when they are to be copied: too few
  // of the slice, too few slices left for reading, or no memory to remember it in.
  [[nodiscard]] bool try_pin(SliceId id, size_t bytes, size_t rest_bytes);
  [[nodiscard]] bool is_pinned(SliceId id) const { return !pins_.empty() && pins_.contains(id); }

  bool is_shared() const override { return true; }
  void release(uint32_t id) override;

  // Of all slices that are held, each once.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  BufferPool& pool_;
  std::unordered_map<SliceId, uint32_t> pins_;  // how many queue entries refer to it
  uint64_t bytes_ = 0;
};

}  // namespace msgtrans
