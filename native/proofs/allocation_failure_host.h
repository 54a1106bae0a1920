// For the proof of allocation failure: an engine, a host that plays the part of JavaScript, and the loop around both.
// The host keeps count in memory of its own, checks that no session has a gap, and echoes when asked to.
//
// Thread: the one that made it.
#pragma once

#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "base/monotonic_clock.h"
#include "proofs/allocation_failure_sites.h"
#include "protocol/packet_header.h"
#include "session/batch_layout.h"
#include "session/lent_packet.h"
#include "session/session_engine.h"

namespace msgtrans {

// For machines that do something else at the same time.
constexpr uint64_t kPatienceNs = 20'000'000'000;

inline bool is_refusal(int error) { return error == ENOMEM || error == ENOSPC; }

// Every packet's payload is this byte, by its message id.
inline uint8_t fill_of(uint32_t message_id) { return static_cast<uint8_t>(message_id * 31 + 1); }

inline void write_packet_header(uint8_t* to, uint32_t id, uint32_t payload_bytes) {
  PacketHeader header;
  header.packet_type = kPacketOneWay;
  header.message_id = id;
  header.payload_bytes = payload_bytes;
  encode_header(to, header);
}

inline size_t write_packet(uint8_t* to, uint32_t id, uint32_t payload_bytes) {
  write_packet_header(to, id, payload_bytes);
  std::memset(to + kHeaderBytes, fill_of(id), payload_bytes);
  return kHeaderBytes + payload_bytes;
}

struct ProofEnd {
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint32_t origin = 0;      // listener or connect
  uint32_t sent = 0;        // message ids, from 1 on
  uint32_t received = 0;
  bool is_closed = false;
  CloseCode code = CloseCode::kOrderly;
};

class ProofHost final : public SessionEngine::Host {
 public:
  static constexpr uint32_t kEndsMax = 64;

  SessionEngine* engine = nullptr;
  std::array<ProofEnd, kEndsMax> ends{};
  uint32_t end_count = 0;
  std::array<uint32_t, 16> events{};
  bool echo = false;
  bool retain = false;      // keeps a reference to the slice of each message for a turn
  bool turn_requested = false;
  bool ticking = false;

  ProofEnd* find(uint32_t slot, uint32_t generation) {
    for (uint32_t i = 0; i < end_count; ++i) {
      if (ends[i].slot == slot && ends[i].generation == generation) return &ends[i];
    }
    return nullptr;
  }
  // The newest session that began with this listener or connect and is open; null when there is none.
  ProofEnd* newest(uint32_t origin) {
    for (uint32_t i = end_count; i > 0; --i) {
      if (ends[i - 1].origin == origin && !ends[i - 1].is_closed) return &ends[i - 1];
    }
    return nullptr;
  }
  [[nodiscard]] uint32_t closed_count() const {
    uint32_t closed = 0;
    for (uint32_t i = 0; i < end_count; ++i) closed += ends[i].is_closed ? 1 : 0;
    return closed;
  }

  // The next message of that end; false when the session is gone.
  bool send(ProofEnd& end, uint32_t payload_bytes) {
    SlotState* const state = SlotTable::find_state(word(end));
    SlotState& slot_state = state != nullptr ? *state : engine->directory().state(end.slot);
    if (!SlotTable::is_current(slot_state, end.generation)) return false;
    const size_t bytes = kHeaderBytes + payload_bytes;
    slot_state.queued_bytes += static_cast<uint32_t>(bytes);
    if (bytes > kRingBytes / 4) {
      const Exempt exempt;
      const std::unique_ptr<uint8_t[]> packet = std::make_unique<uint8_t[]>(bytes);
      write_packet(packet.get(), ++end.sent, payload_bytes);
      const iovec parts[] = {{packet.get(), kHeaderBytes}, {packet.get() + kHeaderBytes, payload_bytes}};
      return send_large(end, parts);
    }
    uint32_t* const control = words_at(0);
    size_t at = (control[kControlRingUsed] + kRunAlignment - 1) / kRunAlignment * kRunAlignment;
    if (at + kRunWords * kWordBytes + bytes > kRingBytes) {
      engine->flush();
      at = 0;
      if (!SlotTable::is_current(slot_state, end.generation)) return false;
    }
    uint32_t* const run = words_at(engine->arena()->ring_offset() + control[kControlRingStart] + at);
    run[kRunSlotWord] = slot_state.peer_word;
    run[kRunGeneration] = slot_state.peer_generation;
    run[kRunBytes] = static_cast<uint32_t>(bytes);
    run[kRunMessages] = 1;
    write_packet(reinterpret_cast<uint8_t*>(run + kRunWords), ++end.sent, payload_bytes);
    control[kControlRingUsed] = static_cast<uint32_t>(at + kRunWords * kWordBytes + bytes);
    return true;
  }

  void deliver(const Delivery& delivery) override {
    if (delivery.with_openings) read_events(delivery.event_count, false);
    for (uint32_t i = delivery.routed_count; i > 0; --i) read_message(delivery.routed_start + i - 1);
    for (uint32_t i = 0; i < delivery.handler_count; ++i) read_message(delivery.handler_start + i);
    if (delivery.with_closings) read_events(delivery.event_count, true);
  }
  void detach_views() override {}
  void request_turn() override { turn_requested = true; }
  void set_ticking(bool value) override { ticking = value; }
  void set_alive(bool) override {}

  void release_retained() {
    for (; retained_count_ > 0; --retained_count_) engine->pool().release(retained_[retained_count_ - 1]);
  }

 private:
  // The engine asks for memory of its own; the packet above is ours.
  bool send_large(const ProofEnd& end, const iovec* parts) {
    Refusals::unexempted([&] { (void)engine->send_parts(word(end), end.generation, parts, 2, 1); });
    return true;
  }
  // A large message goes back from where it lies. False when it is to be copied.
  bool send_back(ProofEnd& end, uint32_t id, const SessionEngine::SlicePart& part) {
    SlotState* const state = SlotTable::find_state(word(end));
    // It bears the bytes of its own number.
    if (part.bytes < kLendBytesMin || end.sent + 1 != id || state == nullptr) return false;
    uint8_t header[kHeaderBytes];
    write_packet_header(header, id, part.bytes);
    const iovec head{header, kHeaderBytes};
    state->queued_bytes += kHeaderBytes + part.bytes;
    if (engine->send_slice(word(end), end.generation, &head, 1, part)) {
      ++end.sent;
      return true;
    }
    state->queued_bytes -= kHeaderBytes + part.bytes;
    return false;
  }
  [[nodiscard]] uint32_t word(const ProofEnd& end) const { return word_base_ | end.slot; }
  [[nodiscard]] uint32_t* words_at(size_t offset) const {
    return reinterpret_cast<uint32_t*>(engine->arena()->data() + offset);
  }

  void read_events(uint32_t count, bool closings) {
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t* const event = words_at(engine->arena()->event_offset()) + i * kEventWords;
      if ((event[kEventKind] == kEventClose) != closings) continue;
      ++events[event[kEventKind]];
      const uint32_t slot = event[kEventSlotWord] & kSlotMask;
      if (event[kEventKind] == kEventAccepted || event[kEventKind] == kEventConnected) {
        MSGTRANS_EXPECT(end_count < kEndsMax);
        if (end_count < kEndsMax) ends[end_count++] = {slot, event[kEventGeneration], event[kEventA], 0, 0, false, {}};
        word_base_ = event[kEventSlotWord] & ~kSlotMask;
      } else if (event[kEventKind] == kEventClose) {
        ProofEnd* const end = find(slot, event[kEventGeneration]);
        MSGTRANS_EXPECT(end != nullptr && !end->is_closed);
        if (end == nullptr) continue;
        end->is_closed = true;
        end->code = static_cast<CloseCode>(event[kEventA]);
      }
    }
  }

  void read_message(uint32_t index) {
    const uint32_t* const descriptor = words_at(engine->arena()->descriptor_offset()) + index * kDescriptorWords;
    ProofEnd* const end = find(descriptor[kDescriptorSlotWord] & kSlotMask, descriptor[kDescriptorGeneration]);
    MSGTRANS_EXPECT(end != nullptr && !end->is_closed);
    if (end == nullptr) return;
    const uint32_t slice_word = descriptor[kDescriptorSliceWord];
    const auto memory = engine->slice_memory(slice_word);
    MSGTRANS_EXPECT(memory.has_value());
    if (!memory) return;
    const bool is_dedicated = (slice_word & kDedicatedBit) != 0;
    const uint8_t* const payload = (is_dedicated ? memory->data : memory->arena->data()) + descriptor[kDescriptorPayloadOffset];
    const uint32_t bytes = descriptor[kDescriptorPayloadLength];
    const uint32_t id = __builtin_bswap32(descriptor[kDescriptorMessageIdWire]);
    MSGTRANS_EXPECT(id == end->received + 1);  // no gap: what was accepted came, or the session is closed
    end->received = id;
    for (uint32_t i = 0; i < bytes; i += 509) MSGTRANS_EXPECT(payload[i] == fill_of(id));
    if (retain && memory->is_own && retained_count_ < retained_.size()) {
      engine->pool().add_reference(slice_word & kSliceIdMask);
      retained_[retained_count_++] = slice_word & kSliceIdMask;
    }
    if (!echo || send_back(*end, id, {slice_word, descriptor[kDescriptorPayloadOffset], bytes})) return;
    (void)send(*end, bytes);
  }

  uint32_t word_base_ = 0;
  std::array<SliceId, 64> retained_{};
  size_t retained_count_ = 0;
};

// An engine and the loop of a thread around it, which turns when something asked for it.
class ProofReactor {
 public:
  static constexpr uint64_t kTickNs = 16'000'000;

  explicit ProofReactor(uint32_t number, bool process_wide = true) {
    EngineOptions options;
    options.reactor = number;
    options.process_wide = process_wide;
    options.session_capacity = 16;
    options.pool.tier_counts = {32, 8, 20, 0};
    options.stall_timeout_ns = 5'000'000'000;
    try {
      engine = std::make_unique<SessionEngine>(options, host);
    } catch (const std::bad_alloc&) {
    }
    host.engine = engine.get();
    if (engine != nullptr && !engine->valid()) engine = nullptr;
  }

  [[nodiscard]] bool valid() const { return engine != nullptr; }

  void step(int wait_ms = 0) {
    engine->flush();
    const bool sleeps = !host.turn_requested && engine->may_sleep();
    const bool mail = !host.turn_requested && !sleeps;
    pollfd waited{engine->epoll_fd(), POLLIN, 0};
    const bool readable = ::poll(&waited, 1, sleeps ? wait_ms : 0) > 0;
    if (sleeps) engine->awake();
    const uint64_t now = monotonic_ns();
    const bool tick_due = host.ticking && now >= next_tick_ns_;
    if (!readable && !mail && !host.turn_requested && !tick_due) return;
    if (tick_due) next_tick_ns_ = now + kTickNs;
    host.turn_requested = false;
    engine->turn();
    host.release_retained();
  }

  ProofHost host;
  std::unique_ptr<SessionEngine> engine;

 private:
  uint64_t next_tick_ns_ = 0;
};

}  // namespace msgtrans
