// Sessions in process (`mem://`): a slot at each end, and packets that the receiving thread reads where the sending
// thread wrote them. There is no object behind a slot: an idle session costs its two slots and what finds them.
//
//   connect: slot in state opening, kMemConnect -> slot in state open, kMemAccept -> open
//   close:   closing, kMemClose -> close event there, kMemClosed -> close event here; both ends at once need no answer
//
// Everything goes over the link between the two reactors, in order: no data comes before its opening or after its close.

#include <cerrno>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "protocol/packet_framer.h"
#include "session/batch_layout.h"
#include "session/mem_names.h"
#include "session/owned_bytes.h"
#include "session/session_engine.h"

namespace msgtrans {

namespace {

// What one end's reason is at the other end.
CloseCode seen_from_afar(CloseCode code) {
  if (code == CloseCode::kOrderly || code == CloseCode::kWorkerExited) return code;
  return CloseCode::kConnectionReset;
}

uint64_t slot_id(uint32_t word, uint32_t generation) { return uint64_t{generation} << 32 | word; }

}  // namespace

SessionEngine::OpenedName SessionEngine::listen_in_process(const std::string& wanted) {
  const uint32_t id = next_origin_++;
  try {
    OpenedName opened{0, id, wanted.empty() ? MemNames::unused() : wanted};
    names_[id] = opened.name;
    if (!MemNames::add(opened.name, {options_.reactor, id})) opened = {EADDRINUSE, 0, {}};
    if (opened.error != 0) names_.erase(id);
    update_liveness();
    return opened;
  } catch (const std::bad_alloc&) {
    names_.erase(id);
    return {ENOMEM, 0, {}};
  }
}

SessionEngine::OpenedName SessionEngine::connect_in_process(const std::string& name, uint32_t count) {
  const uint32_t id = next_origin_++;
  OpenedName opened{0, id, {}};
  std::optional<MemListenerAddress> address;
  try {
    opened.name = name;
    connects_in_process_[id].ends.reserve(count);
    address = MemNames::find(name);
    if (!address) opened = {ECONNREFUSED, 0, {}};
  } catch (const std::bad_alloc&) {
    opened = {ENOMEM, 0, {}};
  }
  if (opened.error != 0) {
    connects_in_process_.erase(id);
    counters_.connects_failed += count;
    return opened;
  }
  std::vector<uint64_t>& waiting = connects_in_process_.at(id).ends;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t slot = directory_.claim(nullptr, kSlotOpening);
    if (slot == kSlotsMax) {
      fail_connect(id, ENOMEM);
      continue;
    }
    // Relaxed: only this thread writes.
    const uint32_t generation = directory_.state(slot).generation.load(std::memory_order_relaxed);
    waiting.push_back(slot_id(slot, generation));
  }
  // A listener whose reactor is gone refuses at once, and the last refusal ends the list.
  for (size_t i = 0; connects_in_process_.contains(id) && i < waiting.size(); ++i) {
    const uint64_t end = waiting[i];
    post(address->reactor, {LinkKind::kMemConnect, address->listener, 0, directory_.word(static_cast<uint32_t>(end)),
                            end >> 32, id});
  }
  if (const auto found = connects_in_process_.find(id); found != connects_in_process_.end() && found->second.ends.empty()) {
    connects_in_process_.erase(found);
  }
  sender_.flush();
  if (!events_.empty()) host_.request_turn();
  update_liveness();
  return opened;
}

void SessionEngine::cancel_in_process(uint32_t connect) {
  const auto found = connects_in_process_.find(connect);
  if (found == connects_in_process_.end()) return;
  for (const uint64_t id : found->second.ends) {
    const auto slot = static_cast<uint32_t>(id);
    if (!directory_.is_taken(slot, static_cast<uint32_t>(id >> 32))) continue;
    // Relaxed: only this thread writes. An acceptance that is under way finds the slot gone, and closes its end.
    if (directory_.state(slot).state.load(std::memory_order_relaxed) == kSlotOpening) directory_.release(slot);
  }
  connects_in_process_.erase(found);
  update_liveness();
}

void SessionEngine::take_in_process(const LinkRecord& record) {
  const uint32_t slot = record.word & kSlotMask;
  const auto other_generation = static_cast<uint32_t>(record.b);
  if (record.kind == LinkKind::kMemConnect) return accept_in_process(record);
  if (!is_in_process(slot, record.generation)) {
    // The connect was cancelled meanwhile; its other end is open for nobody.
    if (record.kind == LinkKind::kMemAccept) {
      post(record.a >> kSlotBits, {LinkKind::kMemClose, record.a, other_generation,
                                   static_cast<uint32_t>(CloseCode::kOrderly), 0, 0});
    }
    return;
  }
  SlotState& state = directory_.state(slot);
  switch (record.kind) {
    case LinkKind::kMemAccept:
      state.peer_word = record.a;
      state.peer_generation = other_generation;
      // Release: pairs with the acquire load in `SlotTable::is_current`.
      state.state.store(kSlotOpen, std::memory_order_release);
      ++counters_.sessions_connected;
      has_opened_ = true;
      settle_connect(static_cast<uint32_t>(record.c));
      return events_.add(
          {kEventConnected, record.word, record.generation, static_cast<uint32_t>(record.c), 0, 0});
    case LinkKind::kMemRefuse:
      settle_connect(static_cast<uint32_t>(record.c));
      directory_.release(slot);
      return fail_connect(static_cast<uint32_t>(record.c), static_cast<int>(record.a));
    case LinkKind::kMemClose: {
      const bool local = (state.flags & kSlotEnding) != 0;
      if (!local) {
        post(state.peer_word >> kSlotBits,
             {LinkKind::kMemClosed, state.peer_word, state.peer_generation, 0, 0, 0});
      }
      return finish_in_process(slot, seen_from_afar(static_cast<CloseCode>(record.a)), 0, false);
    }
    case LinkKind::kMemClosed:
      // Only the end that asked waits for it, and it has said why already.
      return finish_in_process(slot, CloseCode::kOrderly, 0, true);
    case LinkKind::kMemDrainAsk: {
      const LinkRecord answer{LinkKind::kMemDrained, state.peer_word, state.peer_generation, 0, 0, 0};
      if ((state.flags & kSlotHeld) != 0) {
        ++held_in_process_.at(slot).drains;
      } else {
        post(state.peer_word >> kSlotBits, answer);
      }
      return;
    }
    case LinkKind::kMemDrained:
      state.flags &= ~static_cast<uint32_t>(kSlotWantsDrain);
      // Relaxed: only this thread writes.
      if (state.state.load(std::memory_order_relaxed) != kSlotOpen) return;
      return events_.add({kEventDrain, record.word, record.generation, 0, 0, 0});
    default:
      MSGTRANS_ASSERT(false);
  }
}

void SessionEngine::accept_in_process(const LinkRecord& record) {
  const auto connect_generation = static_cast<uint32_t>(record.b);
  const uint32_t slot = names_.contains(record.word) ? directory_.claim(nullptr, kSlotOpening) : kSlotsMax;
  if (slot == kSlotsMax) {
    const uint32_t error = names_.contains(record.word) ? ENOMEM : ECONNREFUSED;
    return post(record.a >> kSlotBits,
                {LinkKind::kMemRefuse, record.a, connect_generation, error, 0, record.c});
  }
  SlotState& state = directory_.state(slot);
  state.peer_word = record.a;
  state.peer_generation = connect_generation;
  // Release: pairs with the acquire load in `SlotTable::is_current`; who finds the session open finds its other end.
  state.state.store(kSlotOpen, std::memory_order_release);
  ++counters_.sessions_accepted;
  // Relaxed: only this thread writes.
  const uint32_t generation = state.generation.load(std::memory_order_relaxed);
  events_.add({kEventAccepted, directory_.word(slot), generation, record.word, 0, 0});
  post(record.a >> kSlotBits,
       {LinkKind::kMemAccept, record.a, connect_generation, directory_.word(slot), generation, record.c});
}

void SessionEngine::settle_connect(uint32_t connect) {
  const auto found = connects_in_process_.find(connect);
  if (found == connects_in_process_.end()) return;
  // Which of them does not matter: the list is only looked at to cancel, and then by the state of the slots.
  if (++found->second.settled < found->second.ends.size()) return;
  connects_in_process_.erase(found);
}

bool SessionEngine::is_routed(const PacketHeader& header, uint32_t slot) const {
  // Volatile: JavaScript changes this word between our calls, behind the compiler's back.
  const bool route_all = reinterpret_cast<const volatile uint32_t*>(arena_->data())[kControlRouteAll] != 0;
  return route_all || (directory_.state(slot).flags & kSlotPulled) != 0 || header.packet_type == kPacketResponse;
}

bool SessionEngine::deliver_run(uint32_t slice_word, const uint8_t* base, const uint32_t* run, uint32_t& offset) {
  const uint32_t word = run[kRunSlotWord];
  const uint32_t slot = word & kSlotMask;
  const uint32_t generation = run[kRunGeneration];
  const uint32_t bytes = run[kRunBytes];
  if (!is_in_process(slot, generation) || (directory_.state(slot).flags & kSlotEnding) != 0) {
    counters_.messages_discarded += run[kRunMessages] & kRunMessagesMask;
    return true;
  }
  const auto* const packets = reinterpret_cast<const uint8_t*>(run + kRunWords);
  const uint32_t begin = offset;
  PacketFramer framer(packets + begin, bytes - begin, options_.limits);
  Frame frame;
  while (batch_.count() < kDeliveryMessagesMax && framer.next(frame) == FramerStatus::frame) {
    batch_.add_packet(word, generation, slice_word, base, packets + begin + frame.offset, frame.header,
                      is_routed(frame.header, slot));
    ++counters_.messages_received;
  }
  offset = begin + static_cast<uint32_t>(framer.consumed_bytes());
  counters_.bytes_received += offset - begin;
  if ((run[kRunMessages] & kRunForeignBit) == 0) settle_in_process(slot, offset - begin);
  if (framer.status() == FramerStatus::protocol_error) {
    // Our own side wrote it, so it can only be above the limits of this one.
    const uint8_t* const rejected = packets + begin + framer.consumed_bytes();
    close_in_process(slot, close_code_of(framer.error()), rejected_value(rejected, framer.error()));
    return true;
  }
  return offset == bytes;
}

void SessionEngine::deliver_packet(uint32_t slot, uint32_t generation, const OwnedBytes& packet) {
  if (!is_in_process(slot, generation) || (directory_.state(slot).flags & kSlotEnding) != 0) {
    ++counters_.messages_discarded;
    return;
  }
  const Slice slice = pool_.acquire(packet.bytes);
  if (!slice.valid()) {
    close_in_process(slot, CloseCode::kBufferBudget, 0);
    return;
  }
  std::memcpy(slice.data, packet.data.get(), packet.bytes);
  ++counters_.payload_copies;
  packet_bytes_ += packet.bytes;
  pool_.set_filled(slice.id, packet.bytes);
  batch_.hold(slice.id);
  PacketFramer framer(slice.data, packet.bytes, options_.limits);
  Frame frame;
  while (framer.next(frame) == FramerStatus::frame) {
    batch_.add(directory_.word(slot), generation, slice, slice.data + frame.offset, frame.header,
               is_routed(frame.header, slot));
    ++counters_.messages_received;
  }
  const auto taken = static_cast<uint32_t>(framer.consumed_bytes());
  counters_.bytes_received += taken;
  if (packet.is_counted) settle_in_process(slot, taken);
  if (framer.status() != FramerStatus::protocol_error) return;
  close_in_process(slot, close_code_of(framer.error()), rejected_value(slice.data + taken, framer.error()));
}

void SessionEngine::settle_in_process(uint32_t slot, uint32_t bytes) {
  SlotState& state = directory_.state(slot);
  if ((state.flags & kSlotHeld) != 0) {
    held_in_process_.at(slot).bytes += bytes;
    return;
  }
  // Relaxed, both: one writer; the other end only wants to know how much, the link publishes the rest.
  state.settled_bytes.store(state.settled_bytes.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
}

void SessionEngine::hold_in_process(uint32_t slot, bool paused) {
  SlotState& state = directory_.state(slot);
  if (paused) {
    // What comes is still handed to the inbox, and not settled: the other end's limits bound it.
    if ((state.flags & kSlotEnded) != 0) return;
    try {
      held_in_process_[slot];
      state.flags |= kSlotHeld;
    } catch (const std::bad_alloc&) {
      // Nothing would bound the inbox.
      close_in_process(slot, CloseCode::kOutOfMemory, ENOMEM);
      sender_.flush();
    }
    return;
  }
  state.flags &= ~static_cast<uint32_t>(kSlotHeld);
  const auto found = held_in_process_.find(slot);
  if (found == held_in_process_.end()) return;
  settle_in_process(slot, found->second.bytes);
  const LinkRecord answer{LinkKind::kMemDrained, state.peer_word, state.peer_generation, 0, 0, 0};
  for (; found->second.drains > 0; --found->second.drains) post(state.peer_word >> kSlotBits, answer);
  held_in_process_.erase(found);
  sender_.flush();
}

bool SessionEngine::close_in_process(uint32_t slot, CloseCode code, uint32_t value) {
  SlotState& state = directory_.state(slot);
  // Relaxed: only this thread writes.
  if (state.state.load(std::memory_order_relaxed) != kSlotOpen) return false;
  state.flags |= kSlotEnding;
  // Release: pairs with the acquire load in `SlotTable::is_current`.
  state.state.store(kSlotClosing, std::memory_order_release);
  state.flags |= (static_cast<uint32_t>(code) + 1) << kSlotEndingShift;
  if (value != 0) note_ending_value(slot, value);
  // Relaxed: as above.
  const uint32_t generation = state.generation.load(std::memory_order_relaxed);
  post(state.peer_word >> kSlotBits,
       {LinkKind::kMemClose, state.peer_word, state.peer_generation, static_cast<uint32_t>(code),
        slot_id(directory_.word(slot), generation), value});
  return true;
}

// The code says why. Without memory for the number that goes with it, it goes without.
void SessionEngine::note_ending_value(uint32_t slot, uint32_t value) {
  try {
    ending_values_[slot] = value;
  } catch (const std::bad_alloc&) {
    ending_values_.erase(slot);
  }
}

void SessionEngine::finish_in_process(uint32_t slot, CloseCode code, uint32_t value, bool local) {
  SlotState& state = directory_.state(slot);
  if ((state.flags & kSlotEnded) != 0) return;
  state.flags |= kSlotEnding | kSlotEnded;
  // Release: pairs with the acquire load in `SlotTable::is_current`.
  state.state.store(kSlotClosing, std::memory_order_release);
  if (const uint32_t ending = state.flags >> kSlotEndingShift; ending != 0) {
    // Both ends may close at once; each keeps the reason it had.
    code = static_cast<CloseCode>(ending - 1);
    const auto known = ending_values_.find(slot);
    value = known == ending_values_.end() ? 0 : known->second;
    local = true;
  }
  ending_values_.erase(slot);
  state.flags &= ~static_cast<uint32_t>(kSlotHeld);
  held_in_process_.erase(slot);
  ++counters_.sessions_closed;
  // Relaxed: only this thread writes.
  const uint32_t generation = state.generation.load(std::memory_order_relaxed);
  events_.add({kEventClose, directory_.word(slot), generation, static_cast<uint32_t>(code), value, local ? 1u : 0u});
}

void SessionEngine::abandon_in_process(CloseCode code) {
  for (const auto& [id, name] : names_) MemNames::remove(name);
  names_.clear();
  connects_in_process_.clear();
  for (uint32_t slot = 0; slot < directory_.slots_used(); ++slot) {
    SlotState& state = directory_.state(slot);
    // Relaxed, both: only this thread writes.
    if (directory_.at(slot) != nullptr || state.state.load(std::memory_order_relaxed) == kSlotFree) continue;
    if ((state.flags & kSlotEnding) == 0 && state.state.load(std::memory_order_relaxed) == kSlotOpen) {
      post(state.peer_word >> kSlotBits,
           {LinkKind::kMemClose, state.peer_word, state.peer_generation, static_cast<uint32_t>(code), 0, 0});
    }
    directory_.release(slot);
  }
}

}  // namespace msgtrans
