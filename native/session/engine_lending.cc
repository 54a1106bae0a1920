// Payloads that go to other reactors where they lie, and those that came from them so.
//
// While handlers run, nothing that is posted is shown to others once a payload was lent: a handler may have views of it,
// and write to it until it returns. When the views are detached, each payload that somebody here has for longer is
// replaced by a copy, and then everything goes out, in order.

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "protocol/packet_header.h"
#include "session/batch_layout.h"
#include "session/lent_packet.h"
#include "session/session_engine.h"

namespace msgtrans {

bool SessionEngine::send_slice(uint32_t word, uint32_t generation, const iovec* head, size_t count,
                               const SlicePart& part, bool is_holder) {
  if (!is_delivering_) return false;
  const std::optional<SliceMemory> memory = slice_memory(part.slice_word);
  if (!memory || memory->segments != nullptr || pending_lends_.size() == kPendingLendsMax) return false;
  MSGTRANS_ASSERT(part.offset >= memory->arena_offset &&
                  uint64_t{part.offset} + part.bytes <= memory->arena_offset + memory->bytes);
  std::unique_ptr<LentPacket> packet = LentPacket::create(head, count, is_holder);
  if (packet == nullptr) return false;
  packet->memory = lend(part.slice_word);
  if (!packet->memory.valid()) return false;
  packet->payload = memory->data + (part.offset - memory->arena_offset);
  packet->payload_bytes = part.bytes;
  if (const LentPacket* const received = find_lent(part.slice_word)) packet->is_shared = received->is_shared;
  take_outbound();
  const uint32_t slot = word & kSlotMask;
  if (!is_own(word) || is_in_process(slot, generation)) {
    post_lent(word, generation, std::move(packet), part.slice_word);
    return true;
  }
  // A socket of ours, and somebody else's memory: its queue may refer to it for longer.
  note_further_use(part.slice_word);
  writer_.send_lent(slot, generation, packet, queued_packets_);
  settle_between_turns();
  return true;
}

// A buffer that JavaScript has filled, and whose views it loses before anything is shown to others again.
bool SessionEngine::give_slice(uint32_t word, uint32_t generation, const iovec* head, size_t count,
                               const SlicePart& part, bool is_holder) {
  // What was sent from it before may wait in a queue from now on.
  take_outbound();
  const SliceId id = part.slice_word & kSliceIdMask;
  if (pool_.references(id) != 1) return false;
  std::unique_ptr<LentPacket> packet = LentPacket::create(head, count, is_holder);
  if (packet == nullptr) return false;
  packet->memory = LentSlice::lend(memory_, id);
  const Slice& slice = packet->memory.slice();
  packet->payload = (slice.dedicated() ? slice.data : arena_->data()) + part.offset;
  packet->payload_bytes = part.bytes;
  MSGTRANS_ASSERT(packet->payload >= slice.data && packet->payload + part.bytes <= slice.data + slice.bytes);
  // Until `release_sent`, by which the views are gone.
  sender_.hold();
  post_lent(word, generation, std::move(packet), kNoSlice);
  return true;
}

// As large packets of JavaScript's own memory go: copied once, here.
bool SessionEngine::send_copied(uint32_t word, uint32_t generation, const iovec* parts, size_t count, bool is_holder) {
  const iovec& payload = parts[count - 1];
  std::unique_ptr<LentPacket> packet = LentPacket::create(parts, count - 1, is_holder);
  const Slice slice = packet == nullptr ? Slice{} : pool_.acquire(payload.iov_len);
  if (!slice.valid()) return false;
  std::memcpy(slice.data, payload.iov_base, payload.iov_len);
  ++counters_.payload_copies;
  packet->memory = LentSlice::lend(memory_, slice.id);
  pool_.release(slice.id);
  packet->payload = slice.data;
  packet->payload_bytes = static_cast<uint32_t>(payload.iov_len);
  post_lent(word, generation, std::move(packet), kNoSlice);
  return true;
}

void SessionEngine::post_lent(uint32_t word, uint32_t generation, std::unique_ptr<LentPacket> packet,
                              uint32_t slice_word) {
  // A session is addressed by its other end, which for a socket is itself; read before the state is looked at again, so
  // that they are of one session.
  const SlotState* const state = SlotTable::find_state(word);
  const uint32_t to_word = state == nullptr ? word : state->peer_word;
  const uint32_t to_generation = state == nullptr ? generation : state->peer_generation;
  if (!is_own(word) && (state == nullptr || !SlotTable::is_current(*state, generation))) {
    ++counters_.messages_discarded;
    return;
  }
  const uint32_t bytes = packet->bytes();
  LentPacket* const posted = packet.release();
  // Views of memory that was lent only now are nobody's yet.
  if (slice_word != kNoSlice) {
    pending_lends_.push_back({posted, slice_word, to_word >> kSlotBits});
    sender_.hold();
  }
  post(to_word >> kSlotBits, {LinkKind::kLent, to_word, to_generation, 0, reinterpret_cast<uint64_t>(posted), 0}, bytes);
  // As in `pass_on`: counted where it is written to a socket.
  if (sender_.leads_to_own_thread(to_word >> kSlotBits)) return;
  ++counters_.messages_sent;
  counters_.bytes_sent += bytes;
}

LentSlice SessionEngine::lend(uint32_t slice_word) {
  if (const LentPacket* const received = find_lent(slice_word)) return received->memory.again();
  if (slice_word >> kSliceArenaShift != options_.reactor) return keep_delivered(slice_word, false);
  const SliceId id = slice_word & kSliceIdMask;
  return pool_.may_pin(id) ? LentSlice::lend(memory_, id) : LentSlice{};
}

LentSlice SessionEngine::keep(uint32_t slice_word, bool is_forced) {
  const LentPacket* const received = find_lent(slice_word);
  if (received != nullptr && !is_forced && !received->may_expose()) return {};
  LentSlice kept = received != nullptr ? received->memory.again() : keep_delivered(slice_word, is_forced);
  if (kept.valid()) note_further_use(slice_word);
  return kept;
}

bool SessionEngine::may_expose(uint32_t slice_word) const {
  const LentPacket* const received = find_lent(slice_word);
  return received == nullptr || received->may_expose();
}

LentPacket* SessionEngine::find_lent(uint32_t slice_word) const {
  const uint32_t id = slice_word & kSliceIdMask;
  if (slice_word >> kSliceArenaShift != options_.reactor || !is_lent_packet(id)) return nullptr;
  const size_t index = id & ~kSliceLentBits;
  return index < lent_.size() ? lent_[index].get() : nullptr;
}

void SessionEngine::note_further_use(uint32_t slice_word) {
  if (LentPacket* const received = find_lent(slice_word)) {
    received->is_kept_here = true;
  } else if (const DeliveredSlice found = find_delivered(slice_word); found.held != nullptr) {
    found.held->is_kept_here = true;
  }
}

// Whether anybody on this thread may still read or write the payload when the delivery is over.
bool SessionEngine::has_further_use(uint32_t slice_word) const {
  if (const LentPacket* const received = find_lent(slice_word)) return received->is_kept_here;
  if (slice_word >> kSliceArenaShift != options_.reactor) {
    const DeliveredSlice found = find_delivered(slice_word);
    return found.held != nullptr && found.held->is_kept_here;
  }
  // One reference is the delivery's, one that of everybody abroad. The rest are retained messages and write queues.
  return pool_.references(slice_word & kSliceIdMask) > 2;
}

void SessionEngine::settle_lends() {
  // Also when none is left: those who were lent something may have ended meanwhile.
  sender_.release();
  // Those of one payload together.
  std::sort(pending_lends_.begin(), pending_lends_.end(), [](const PendingLend& one, const PendingLend& other) {
    return std::less<>()(one.packet->payload, other.packet->payload);
  });
  for (size_t begin = 0, end = 0; begin < pending_lends_.size(); begin = end) {
    const uint8_t* const payload = pending_lends_[begin].packet->payload;
    while (end < pending_lends_.size() && pending_lends_[end].packet->payload == payload) ++end;
    const std::span<const PendingLend> same(pending_lends_.data() + begin, end - begin);
    if (same.size() > 1) {
      for (const PendingLend& one : same) one.packet->is_shared = true;
    }
    if (has_further_use(same.front().slice_word)) replace_by_copy(same);
  }
  pending_lends_.clear();
}

void SessionEngine::replace_by_copy(std::span<const PendingLend> same) {
  const LentPacket& first = *same.front().packet;
  const Slice slice = pool_.acquire(first.payload_bytes);
  if (slice.valid()) {
    std::memcpy(slice.data, first.payload, first.payload_bytes);
    ++counters_.payload_copies;
  }
  for (const PendingLend& one : same) {
    // Without a payload the receiver closes the session: nothing that follows may be delivered.
    one.packet->payload = slice.data;
    one.packet->memory = slice.valid() ? LentSlice::lend(memory_, slice.id) : LentSlice{};
    one.packet->is_shared = same.size() > 1;
  }
  if (slice.valid()) pool_.release(slice.id);
}

// It will never be shown to anybody: its record found no receiver.
void SessionEngine::forget_pending(const LentPacket* packet) {
  std::erase_if(pending_lends_, [packet](const PendingLend& one) { return one.packet == packet; });
}

SessionEngine::LinkOutcome SessionEngine::take_lent(Link& link, const LinkRecord& record) {
  std::unique_ptr<LentPacket> packet(reinterpret_cast<LentPacket*>(record.b));
  // Relaxed, both: as in `take_runs`.
  link.bytes_settled.store(link.bytes_settled.load(std::memory_order_relaxed) + packet->bytes(),
                           std::memory_order_relaxed);
  const uint32_t slot = record.word & kSlotMask;
  if (!packet->memory.valid()) {
    ++counters_.messages_discarded;
    close_session(record.word, record.generation, CloseCode::kOutOfMemory, false);
    return LinkOutcome::kDone;
  }
  if (directory_.at(slot) != nullptr) {
    // Behind what was gathered for it.
    writer_.write_touched();
    writer_.send_lent(slot, record.generation, packet, queued_packets_);
  } else {
    deliver_lent(slot, record.generation, std::move(packet));
  }
  return LinkOutcome::kDone;
}

void SessionEngine::deliver_lent(uint32_t slot, uint32_t generation, std::unique_ptr<LentPacket> packet) {
  if (!is_in_process(slot, generation) || (directory_.state(slot).flags & kSlotEnding) != 0) {
    ++counters_.messages_discarded;
    return;
  }
  PacketHeader header;
  const HeaderStatus status = parse_header(packet->head.get(), options_.limits, header);
  if (status != HeaderStatus::ok) {
    // Our own side wrote it, so it can only be above the limits of this one.
    close_in_process(slot, close_code_of(status), rejected_value(packet->head.get(), status));
    return;
  }
  const uint32_t bytes = packet->bytes();
  const bool is_counted = packet->is_counted;
  const uint32_t slice_word =
      options_.reactor << kSliceArenaShift | kSliceLentBits | static_cast<uint32_t>(lent_.size());
  const auto offset = static_cast<uint32_t>(packet->payload - packet->memory.slice().data);
  batch_.add_apart(directory_.word(slot), generation, slice_word, offset, packet->head.get(), header,
                   is_routed(header, slot));
  lent_.push_back(std::move(packet));
  packet_bytes_ += bytes;
  ++counters_.messages_received;
  counters_.bytes_received += bytes;
  if (is_counted) settle_in_process(slot, bytes);
}

}  // namespace msgtrans
