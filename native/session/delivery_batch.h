// The messages of one turn: descriptors for JavaScript and the slices they point into.
//
// Messages for the transport's handler grow from the front of the descriptor array; routed ones (responses, and
// messages of sessions that are pulled from) grow from its end, so that neither has to be filtered from the other.
//
// Thread: the reactor's. A slice that is held is released by `clear`, after the binding has detached every view.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "memory/arena.h"
#include "memory/buffer_pool.h"
#include "protocol/packet_header.h"
#include "session/batch_layout.h"

namespace msgtrans {

class DeliveryBatch {
 public:
  DeliveryBatch(Arena& arena, BufferPool& pool)
      : arena_base_(arena.data()),
        descriptors_(reinterpret_cast<uint32_t*>(arena.data() + arena.descriptor_offset())),
        pool_(pool) {}
  DeliveryBatch(const DeliveryBatch&) = delete;
  DeliveryBatch& operator=(const DeliveryBatch&) = delete;
  ~DeliveryBatch() { clear(); }

  [[nodiscard]] size_t handler_count() const { return handler_count_; }
  [[nodiscard]] size_t routed_count() const { return routed_count_; }
  [[nodiscard]] size_t count() const { return handler_count_ + routed_count_; }
  [[nodiscard]] bool full() const { return count() >= kDeliveryMessagesMax; }

  void add(uint32_t word, uint32_t generation, const Slice& slice, const uint8_t* wire, const PacketHeader& header,
           bool routed) {
    MSGTRANS_ASSERT(count() < kDescriptorsMax);
    const size_t index = routed ? kDescriptorsMax - ++routed_count_ : handler_count_++;
    uint32_t* const descriptor = descriptors_ + index * kDescriptorWords;
    const uint8_t* const base = slice.dedicated() ? slice.data : arena_base_;
    descriptor[kDescriptorSlotWord] = word;
    descriptor[kDescriptorGeneration] = generation;
    descriptor[kDescriptorPayloadOffset] = static_cast<uint32_t>(wire - base) + header.payload_offset();
    descriptor[kDescriptorPayloadLength] = header.payload_bytes;
    std::memcpy(&descriptor[kDescriptorWireWord0], wire, 8);  // both wire words as they came
    descriptor[kDescriptorSliceId] = slice.id;
    descriptor[kDescriptorExtLength] = header.ext_header_bytes | uint32_t{header.flags} << 16;
  }

  // Takes over the caller's reference until the turn's messages were delivered.
  void hold(SliceId id) { held_.push_back(id); }

  void clear() {
    // Backwards, so that the slices are taken in the same order next turn.
    while (!held_.empty()) {
      pool_.release(held_.back());
      held_.pop_back();
    }
    handler_count_ = routed_count_ = 0;
  }

 private:
  uint8_t* arena_base_;
  uint32_t* descriptors_;
  BufferPool& pool_;
  size_t handler_count_ = 0;
  size_t routed_count_ = 0;
  std::vector<SliceId> held_;
};
static_assert(kDescriptorMessageIdWire == kDescriptorWireWord0 + 1, "add() copies both wire words at once");

}  // namespace msgtrans
