// The messages of one turn: descriptors for JavaScript and the slices they point into.
//
// Messages for the transport's handler grow from the front of the descriptor array; routed ones (responses, and
// messages of sessions that are pulled from) grow from its end, so that neither has to be filtered from the other.
//
// Thread: the reactor's. A slice that is held is released by `clear`, after the binding has detached every view.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "memory/arena.h"
#include "memory/buffer_pool.h"
#include "protocol/packet_header.h"
#include "session/batch_layout.h"

namespace msgtrans {

class DeliveryBatch {
 public:
  // A slice for each message is the most there can be, and those that messages share. Never grows: to forget a slice
  // would be to lose it.
  static constexpr size_t kHeldMax = 2 * kDeliveryMessagesMax;

  DeliveryBatch(Arena& arena, BufferPool& pool, uint32_t reactor)
      : arena_base_(arena.data()),
        slice_word_base_(reactor << kSliceArenaShift),
        descriptors_(reinterpret_cast<uint32_t*>(arena.data() + arena.descriptor_offset())),
        pool_(pool) {
    held_.reserve(kHeldMax);
  }
  DeliveryBatch(const DeliveryBatch&) = delete;
  DeliveryBatch& operator=(const DeliveryBatch&) = delete;
  ~DeliveryBatch() { clear(); }

  [[nodiscard]] size_t handler_count() const { return handler_count_; }
  [[nodiscard]] size_t routed_count() const { return routed_count_; }
  [[nodiscard]] size_t count() const { return handler_count_ + routed_count_; }
  // Room is left for what one more read or record brings.
  [[nodiscard]] bool full() const { return count() >= kDeliveryMessagesMax || held_.size() + kHeldSpare > kHeldMax; }

  // A packet at `wire` in a slice of ours.
  void add(uint32_t word, uint32_t generation, const Slice& slice, const uint8_t* wire, const PacketHeader& header,
           bool routed) {
    const uint8_t* const base = slice.dedicated() ? slice.data : arena_base_;
    add_packet(word, generation, slice_word_base_ | slice.id, base, wire, header, routed);
  }

  // A packet at `wire` in memory that JavaScript reads relative to `base`.
  void add_packet(uint32_t word, uint32_t generation, uint32_t slice_word, const uint8_t* base, const uint8_t* wire,
                  const PacketHeader& header, bool routed) {
    const uint32_t payload_offset = static_cast<uint32_t>(wire - base) + header.payload_offset();
    add_apart(word, generation, slice_word, payload_offset, wire, header, routed);
  }

  // A packet whose header, at `wire`, is not in front of its payload.
  void add_apart(uint32_t word, uint32_t generation, uint32_t slice_word, uint32_t payload_offset, const uint8_t* wire,
                 const PacketHeader& header, bool routed) {
    uint32_t* const descriptor = next(routed);
    descriptor[kDescriptorSlotWord] = word;
    descriptor[kDescriptorGeneration] = generation;
    descriptor[kDescriptorPayloadOffset] = payload_offset;
    descriptor[kDescriptorPayloadLength] = header.payload_bytes;
    std::memcpy(&descriptor[kDescriptorWireWord0], wire, 8);  // both wire words as they came
    descriptor[kDescriptorSliceWord] = slice_word;
    descriptor[kDescriptorExtLength] = header.ext_header_bytes | uint32_t{header.flags} << 16;
  }

  // A descriptor that another reactor wrote.
  void add_copy(const uint32_t* descriptor, bool routed) {
    std::memcpy(next(routed), descriptor, kDescriptorWords * kWordBytes);
  }

  [[nodiscard]] const uint32_t* handler_descriptors() const { return descriptors_; }
  // The newest first.
  [[nodiscard]] const uint32_t* routed_descriptors() const {
    return descriptors_ + (kDescriptorsMax - routed_count_) * kDescriptorWords;
  }

  // Takes over the caller's reference until the turn's messages were delivered.
  void hold(SliceId id) {
    MSGTRANS_ASSERT(held_.size() < kHeldMax);
    held_.push_back(id);
  }
  [[nodiscard]] const std::vector<SliceId>& held() const { return held_; }
  // The references are somebody else's now; the batch is empty.
  void pass_on() {
    held_.clear();
    handler_count_ = routed_count_ = 0;
  }

  void clear() {
    // Backwards, so that the slices are taken in the same order next turn.
    while (!held_.empty()) {
      pool_.release(held_.back());
      held_.pop_back();
    }
    handler_count_ = routed_count_ = 0;
  }

 private:
  static constexpr size_t kHeldSpare = 64;

  uint32_t* next(bool routed) {
    MSGTRANS_ASSERT(count() < kDescriptorsMax);
    const size_t index = routed ? kDescriptorsMax - ++routed_count_ : handler_count_++;
    return descriptors_ + index * kDescriptorWords;
  }

  uint8_t* arena_base_;
  uint32_t slice_word_base_;
  uint32_t* descriptors_;
  BufferPool& pool_;
  size_t handler_count_ = 0;
  size_t routed_count_ = 0;
  std::vector<SliceId> held_;
};
static_assert(kDescriptorMessageIdWire == kDescriptorWireWord0 + 1, "add() copies both wire words at once");

}  // namespace msgtrans
