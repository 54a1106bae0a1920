// For tests: a host that plays the part of JavaScript. It reads deliveries from the arena and writes runs into the
// ring, both as `batch_layout.h` says, and records everything in the order in which a handler would see it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "protocol/packet_header.h"
#include "session/batch_layout.h"
#include "session/session_engine.h"

namespace msgtrans {

inline std::string packet_bytes(uint8_t type, uint32_t id, const std::string& payload, const std::string& ext = "") {
  PacketHeader header;
  header.packet_type = type;
  header.message_id = id;
  header.biz_type = static_cast<uint8_t>(id * 7);
  header.ext_header_bytes = static_cast<uint16_t>(ext.size());
  header.payload_bytes = static_cast<uint32_t>(payload.size());
  std::string bytes(kHeaderBytes, '\0');
  encode_header(reinterpret_cast<uint8_t*>(bytes.data()), header);
  return bytes + ext + payload;
}

// One message or one event. `kind` 0 marks a message.
struct Seen {
  uint32_t kind = 0;
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  // Of messages only.
  std::string packet;  // header, ext header and payload as they came
  uint32_t ext_bytes = 0;
  SliceId slice = kNoSlice;
  uint32_t payload_offset = 0;
  bool routed = false;

  [[nodiscard]] uint8_t type() const { return static_cast<uint8_t>(packet[kPacketTypeOffset]); }
  [[nodiscard]] std::string payload() const { return packet.substr(kHeaderBytes + ext_bytes); }
};

class RecordingHost final : public SessionEngine::Host {
 public:
  virtual ~RecordingHost() = default;

  // Runs inside the delivery, as a handler does.
  std::function<void(const Seen&)> on_seen;
  std::vector<Seen> seen;
  std::vector<uint32_t> handler_counts;  // of each delivery
  bool turn_requested = false;
  bool ticking = false;
  bool alive = false;
  bool delivering = false;
  int detached = 0;

  void attach(SessionEngine& engine) { engine_ = &engine; }

  // Sends wire-format bytes as one run: `queued_bytes` grows first, then the ring.
  void send(uint32_t slot, uint32_t generation, const std::string& bytes) {
    SlotState& state = engine_->directory().state(slot);
    state.queued_bytes += static_cast<uint32_t>(bytes.size());
    if (bytes.size() > kRingBytes / 4) {
      const size_t head_bytes = kHeaderBytes + (size_t{static_cast<uint8_t>(bytes[kExtHeaderBytesOffset])} << 8 |
                                                static_cast<uint8_t>(bytes[kExtHeaderBytesOffset + 1]));
      const iovec parts[] = {{const_cast<char*>(bytes.data()), head_bytes},
                             {const_cast<char*>(bytes.data()) + head_bytes, bytes.size() - head_bytes}};
      (void)engine_->send_parts(engine_->directory().word(slot), generation, parts, 2, 1);
      return;
    }
    // Relaxed: this thread's own. A stale session has no other end.
    const bool is_current = state.generation.load(std::memory_order_relaxed) == generation;
    const uint32_t word = is_current ? state.peer_word : engine_->directory().word(slot);
    uint8_t* const data = open_run(word, is_current ? state.peer_generation : generation, bytes.size(), 1);
    std::memcpy(data, bytes.data(), bytes.size());
  }

  // Sends to a session that another thread holds, by its id.
  void send_foreign(uint32_t word, uint32_t generation, const std::string& bytes) {
    if (bytes.size() > kRingBytes / 4) {
      const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
      (void)engine_->send_parts(word, generation, &part, 1, 1, false);
      return;
    }
    std::memcpy(open_run(word, generation, bytes.size(), 1 | kRunForeignBit), bytes.data(), bytes.size());
  }

  // Sends packets that lie in a received slice; only from inside the delivery that lent it.
  void send_reference(uint32_t slot, uint32_t generation, uint32_t arena_offset, uint32_t bytes) {
    engine_->directory().state(slot).queued_bytes += bytes;
    const uint32_t words[2] = {arena_offset, bytes};
    const uint32_t word = engine_->directory().word(slot);
    std::memcpy(open_run(word, generation, sizeof(words), 1 | kRunReferenceBit), words, sizeof(words));
  }

  [[nodiscard]] size_t count(uint32_t kind) const {
    size_t found = 0;
    for (const Seen& one : seen) found += one.kind == kind ? 1 : 0;
    return found;
  }
  [[nodiscard]] const Seen* find(uint32_t kind) const {
    for (const Seen& one : seen) {
      if (one.kind == kind) return &one;
    }
    return nullptr;
  }

  void deliver(const Delivery& delivery) override {
    delivering = true;
    handler_counts.push_back(delivery.handler_count);
    EXPECT_LE(delivery.handler_count, kDeliveryMessagesMax);
    EXPECT_LE(delivery.event_count, kEventsMax);
    if (delivery.with_openings) read_events(delivery.event_count, false);
    // Routed descriptors grow downwards: the oldest is the last.
    for (uint32_t i = delivery.routed_count; i > 0; --i) read_message(delivery.routed_start + i - 1, true);
    for (uint32_t i = 0; i < delivery.handler_count; ++i) read_message(delivery.handler_start + i, false);
    if (delivery.with_closings) read_events(delivery.event_count, true);
    delivering = false;
  }
  void detach_views() override { ++detached; }
  void request_turn() override { turn_requested = true; }
  void set_ticking(bool value) override { ticking = value; }
  void set_alive(bool value) override { alive = value; }

 private:
  [[nodiscard]] uint32_t* words_at(size_t offset) const {
    return reinterpret_cast<uint32_t*>(engine_->arena()->data() + offset);
  }

  uint8_t* open_run(uint32_t word, uint32_t generation, size_t bytes, uint32_t messages) {
    uint32_t* const control = words_at(0);
    const auto aligned = [](size_t position) { return (position + kRunAlignment - 1) / kRunAlignment * kRunAlignment; };
    size_t at = aligned(control[kControlRingUsed]);
    if (at + kRunWords * kWordBytes + bytes > kRingBytes) {
      engine_->flush();
      at = 0;
    }
    uint32_t* const run = words_at(engine_->arena()->ring_offset() + control[kControlRingStart] + at);
    run[kRunSlotWord] = word;
    run[kRunGeneration] = generation;
    run[kRunBytes] = static_cast<uint32_t>(bytes);
    run[kRunMessages] = messages;
    control[kControlRingUsed] = static_cast<uint32_t>(at + kRunWords * kWordBytes + bytes);
    return reinterpret_cast<uint8_t*>(run + kRunWords);
  }

  void read_events(uint32_t count, bool closings) {
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t* const event = words_at(engine_->arena()->event_offset()) + i * kEventWords;
      if ((event[kEventKind] == kEventClose) != closings) continue;
      Seen one;
      one.kind = event[kEventKind];
      one.slot = event[kEventSlotWord] & kSlotMask;
      one.generation = event[kEventGeneration];
      one.a = event[kEventA];
      one.b = event[kEventB];
      one.c = event[kEventC];
      record(std::move(one));
    }
  }

  void read_message(uint32_t index, bool routed) {
    const uint32_t* const descriptor = words_at(engine_->arena()->descriptor_offset()) + index * kDescriptorWords;
    Seen one;
    one.slot = descriptor[kDescriptorSlotWord] & kSlotMask;
    one.generation = descriptor[kDescriptorGeneration];
    one.routed = routed;
    one.slice = descriptor[kDescriptorSliceWord];
    one.payload_offset = descriptor[kDescriptorPayloadOffset];
    one.ext_bytes = descriptor[kDescriptorExtLength] & 0xFFFF;
    const auto memory = engine_->slice_memory(one.slice);
    ASSERT_TRUE(memory.has_value()) << "a message in memory that nobody lent";
    const bool dedicated = (one.slice & kDedicatedBit) != 0;
    const uint8_t* const base = dedicated ? memory->data : memory->arena->data();
    const uint32_t head_bytes = kHeaderBytes + one.ext_bytes;
    if (memory->head.empty()) {
      one.packet.assign(reinterpret_cast<const char*>(base + one.payload_offset - head_bytes),
                        head_bytes + descriptor[kDescriptorPayloadLength]);
    } else {
      ASSERT_EQ(memory->head.size(), head_bytes);
      one.packet.assign(reinterpret_cast<const char*>(memory->head.data()), head_bytes);
      one.packet.append(reinterpret_cast<const char*>(base + one.payload_offset), descriptor[kDescriptorPayloadLength]);
    }
    EXPECT_EQ(std::memcmp(one.packet.data(), &descriptor[kDescriptorWireWord0], 8), 0) << "both wire words";
    record(std::move(one));
  }

  void record(Seen one) {
    seen.push_back(std::move(one));
    if (!on_seen) return;
    const Seen copy = seen.back();  // the handler may make `seen` grow
    on_seen(copy);
  }

  SessionEngine* engine_ = nullptr;
};

}  // namespace msgtrans
