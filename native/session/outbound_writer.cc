#include "session/outbound_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/stream_socket.h"
#include "session/batch_layout.h"

namespace msgtrans {

namespace {

// Per sendmsg; the kernel's own limit is 1 024 parts.
constexpr size_t kPartsPerWrite = 256;
// One writable event writes at most this much of a queue, so that a fast reader cannot hold the turn.
constexpr size_t kFlushBytesMax = 1024 * 1024;
// What may wait in one session's queue of senders that do not hold it.
constexpr uint64_t kForeignBytesMax = 16 * 1024 * 1024;

// Consecutive runs extend the stretch of their reactor; what lies between two stretches belongs to others.
void add_foreign(std::vector<OutboundWriter::ForeignRuns>& foreign, const OutboundWriter::ForeignRuns& run) {
  for (OutboundWriter::ForeignRuns& known : foreign) {
    if (known.reactor != run.reactor) continue;
    known.end = run.end;
    known.bytes += run.bytes;
    known.messages += run.messages;
    return;
  }
  foreign.push_back(run);
}

}  // namespace

volatile uint32_t& OutboundWriter::ring_used() const {
  // Volatile: JavaScript changes this word between our calls, behind the compiler's back.
  return reinterpret_cast<volatile uint32_t*>(arena_.data())[kControlRingUsed];
}

void OutboundWriter::take_ring(std::vector<ForeignRuns>& foreign) {
  const uint32_t used = ring_used();
  if (used == 0) return;
  MSGTRANS_ASSERT(used <= kRingBytes);
  ring_used() = 0;
  const uint32_t start = reinterpret_cast<const volatile uint32_t*>(arena_.data())[kControlRingStart];
  const uint8_t* const ring = arena_.data() + arena_.ring_offset() + start;
  for (uint32_t position = 0; position < used;) {
    const uint32_t begin = position;
    const auto* run = reinterpret_cast<const uint32_t*>(ring + position);
    position += kRunWords * kWordBytes;
    const uint32_t bytes = run[kRunBytes];
    const uint32_t messages = run[kRunMessages] & kRunMessagesMask;
    MSGTRANS_ASSERT(position + bytes <= used);
    const uint8_t* data = ring + position;
    position += static_cast<uint32_t>((bytes + kRunAlignment - 1) / kRunAlignment * kRunAlignment);
    // A session in process whose other end is ours, too, is sent to as to any other.
    const uint32_t slot = run[kRunSlotWord] & kSlotMask;
    if (run[kRunSlotWord] >> kSlotBits != reactor_ ||
        (directory_.at(slot) == nullptr && directory_.is_taken(slot, run[kRunGeneration]))) {
      add_foreign(foreign, {run[kRunSlotWord] >> kSlotBits, begin, position, bytes, messages});
      continue;
    }
    uint32_t data_bytes = bytes;
    if ((run[kRunMessages] & (kRunReferenceBit | kRunSliceBit)) != 0) [[unlikely]] {
      if ((run[kRunMessages] & kRunSliceBit) != 0) {
        gather_slice_run(slot, run);
        continue;
      }
      const uint32_t offset = run[kRunWords];
      data_bytes = run[kRunWords + 1];
      MSGTRANS_ASSERT(uint64_t{offset} + data_bytes <= arena_.bytes());
      data = arena_.data() + offset;
    }
    gather_run(slot, run[kRunGeneration], data, data_bytes, messages, true);
  }
  write_touched();
}

void OutboundWriter::gather_run(uint32_t slot, uint32_t generation, const uint8_t* data, uint32_t bytes,
                                uint32_t messages, bool is_counted) {
  Session* const session = session_for(slot, generation, bytes, messages, is_counted);
  if (session != nullptr) gather(*session, data, bytes, kNoSlice);
}

void OutboundWriter::gather_slice_run(uint32_t slot, const uint32_t* run) {
  const SliceId id = run[kRunWords];
  const uint32_t offset = run[kRunWords + 1];
  const uint32_t length = run[kRunWords + 2];
  const auto* const header = reinterpret_cast<const uint8_t*>(run + kRunWords + kRunSliceWords);
  const auto header_bytes = static_cast<uint32_t>(run[kRunBytes] - kRunSliceWords * kWordBytes);
  const Slice slice = pins_->slice(id);
  const uint8_t* const payload = (slice.dedicated() ? slice.data : arena_.data()) + offset;
  MSGTRANS_ASSERT(payload >= slice.data && payload + length <= slice.data + slice.bytes);
  Session* const session =
      session_for(slot, run[kRunGeneration], header_bytes + length, run[kRunMessages] & kRunMessagesMask, true);
  if (session == nullptr) return;
  if (header_bytes > 0) gather(*session, header, header_bytes, kHeaderPart);
  gather(*session, payload, length, id);
}

Session* OutboundWriter::session_for(uint32_t slot, uint32_t generation, uint32_t bytes, uint32_t messages,
                                     bool is_counted) {
  // Room for the two parts that a packet has at most.
  if (parts_.size() + 2 > kPartsMax) [[unlikely]] write_touched();
  Session* const session = directory_.find(slot, generation);
  if (session == nullptr || session->phase == Phase::kClosed || session->write_failed) {
    counters_.messages_discarded += messages;
    if (session != nullptr && is_counted) account_void(*session, bytes);
    return nullptr;
  }
  if (!is_counted) {
    // Its sender sees no queue of this session, so the bound is here: dropped and counted.
    if (session->foreign_bytes + uint64_t{bytes} > kForeignBytesMax) {
      counters_.messages_discarded += messages;
      return nullptr;
    }
    session->foreign_bytes += bytes;
  }
  counters_.messages_sent += messages;
  return session;
}

void OutboundWriter::write_touched() {
  for (Session* session : touched_) write_gathered(*session);
  touched_.clear();
  parts_.clear();
}

void OutboundWriter::gather(Session& session, const uint8_t* data, uint32_t bytes, SliceId slice) {
  const auto index = static_cast<int32_t>(parts_.size());
  if (session.parts_first < 0) {
    session.parts_first = index;
    touched_.push_back(&session);
  } else {
    Part& last = parts_[static_cast<size_t>(session.parts_last)];
    if (last.data + last.bytes == data && last.slice == slice) {
      last.bytes += bytes;
      return;
    }
    last.next = index;
  }
  session.parts_last = index;
  parts_.push_back({data, bytes, -1, slice});
}

void OutboundWriter::write_gathered(Session& session) {
  int32_t index = session.parts_first;
  session.parts_first = session.parts_last = -1;
  iovec vector[kPartsPerWrite];
  while (index >= 0) {
    const int32_t first = index;
    size_t count = 0;
    for (; index >= 0 && count < kPartsPerWrite; index = parts_[static_cast<size_t>(index)].next) {
      const Part& part = parts_[static_cast<size_t>(index)];
      vector[count++] = {const_cast<uint8_t*>(part.data), part.bytes};
    }
    size_t taken = 0;
    if (write_parts(session, vector, count, taken)) queue_gathered(session, first, count, taken);
    // The observer may have given the session up; what is left of its parts is void then.
    if (session.phase == Phase::kClosed || session.write_failed) return;
  }
}

void OutboundWriter::send_parts(Session& session, const iovec* parts, size_t count) {
  size_t taken = 0;
  if (!write_parts(session, parts, count, taken)) return;
  for (size_t i = 0; i < count; ++i) {
    const size_t skipped = std::min(taken, parts[i].iov_len);
    taken -= skipped;
    const auto* const data = static_cast<const uint8_t*>(parts[i].iov_base);
    if (!queue_part(session, data, parts[i].iov_len, skipped, kNoSlice)) return;
  }
  observer_.on_write_blocked(session);
}

void OutboundWriter::send_lent(uint32_t slot, uint32_t generation, std::unique_ptr<LentPacket>& packet,
                               QueuedPackets& queued) {
  Session* const session = session_for(slot, generation, packet->bytes(), 1, packet->is_counted);
  if (session == nullptr) return;
  const iovec parts[] = {{packet->head.get(), packet->head_bytes}, {packet->payload, packet->payload_bytes}};
  size_t taken = 0;
  if (!write_parts(*session, parts, 2, taken)) return;
  const size_t head_taken = std::min<size_t>(taken, packet->head_bytes);
  if (!queue_part(*session, packet->head.get(), packet->head_bytes, head_taken, kHeaderPart)) return;
  const size_t skipped = taken - head_taken;
  const size_t rest = packet->payload_bytes - skipped;
  const uint8_t* const payload = packet->payload;
  const uint32_t payload_bytes = packet->payload_bytes;
  const bool is_worth_it = PinnedSlices::is_rest_enough(packet->memory.slice().bytes, rest);
  const uint32_t token = is_worth_it ? queued.add(packet) : QueuedPackets::kRefused;
  if (token != QueuedPackets::kRefused && session->queue.append_referred(payload + skipped, rest, queued, token)) {
    queued_total_ += rest;
  } else {
    const bool is_queued = queue_part(*session, payload, payload_bytes, skipped, kNoSlice);
    if (token != QueuedPackets::kRefused) queued.release(token);
    if (!is_queued) return;
  }
  observer_.on_write_blocked(*session);
}

void OutboundWriter::send_referred(Session& session, const iovec* parts, size_t count, BytesOwner& owner,
                                   uint32_t token) {
  size_t taken = 0;
  if (!write_parts(session, parts, count, taken)) return owner.release(token);
  for (size_t i = 0; i < count; ++i) {
    const size_t skipped = std::min(taken, parts[i].iov_len);
    taken -= skipped;
    const auto* const data = static_cast<const uint8_t*>(parts[i].iov_base);
    if (i + 1 < count) {
      if (queue_part(session, data, parts[i].iov_len, skipped, kHeaderPart)) continue;
      return owner.release(token);
    }
    const size_t bytes = parts[i].iov_len - skipped;
    if (bytes == 0) {
      owner.release(token);
    } else if (!session.queue.append_referred(data + skipped, bytes, owner, token)) {
      owner.release(token);
      return observer_.on_write_queue_refused(session);
    } else {
      queued_total_ += bytes;
      own_total_ += bytes;
    }
  }
  observer_.on_write_blocked(session);
}

bool OutboundWriter::write_parts(Session& session, const iovec* parts, size_t count, size_t& taken) {
  if (!session.queue.empty()) return true;
  const ssize_t sent = count == 1 ? send_bytes(session.fd.get(), parts[0].iov_base, parts[0].iov_len)
                                  : send_vector(session.fd.get(), parts, count);
  ++counters_.syscalls;
  if (sent < 0 && !is_retryable(errno)) {
    observer_.on_write_failed(session, errno);
    return false;
  }
  taken = sent > 0 ? static_cast<size_t>(sent) : 0;
  account_sent(session, taken);
  size_t offered = 0;
  for (size_t i = 0; i < count; ++i) offered += parts[i].iov_len;
  if (taken < offered) return true;
  observer_.on_write_progress(session);
  return false;
}

void OutboundWriter::queue_gathered(Session& session, int32_t first, size_t count, size_t taken) {
  int32_t index = first;
  for (size_t i = 0; i < count; ++i) {
    const Part& part = parts_[static_cast<size_t>(index)];
    const size_t skipped = std::min<size_t>(taken, part.bytes);
    taken -= skipped;
    if (!queue_part(session, part.data, part.bytes, skipped, part.slice)) return;
    index = part.next;
  }
  observer_.on_write_blocked(session);
}

bool OutboundWriter::queue_part(Session& session, const uint8_t* part, size_t part_bytes, size_t skipped,
                                SliceId slice) {
  const uint8_t* const data = part + skipped;
  const size_t bytes = part_bytes - skipped;
  if (bytes == 0) return true;
  const bool in_slice = slice != kNoSlice && slice != kHeaderPart;
  bool is_queued = false;
  if (in_slice && pins_->try_pin(slice, part_bytes, bytes)) {
    is_queued = session.queue.append_referred(data, bytes, *pins_, slice);
    if (!is_queued) pins_->release(slice);
  } else {
    is_queued = session.queue.append(data, bytes);
    if (is_queued) own_total_ += bytes;
    if (slice != kHeaderPart) ++counters_.payload_copies;
  }
  if (is_queued) {
    queued_total_ += bytes;
  } else {
    observer_.on_write_queue_refused(session);
  }
  return is_queued;
}

void OutboundWriter::copy_pinned(SliceId id) {
  if (pins_ == nullptr || !pins_->is_pinned(id)) return;
  // Rare enough that looking at every session costs less than knowing which ones.
  for (uint32_t slot = 0; slot < directory_.slots_used() && pins_->is_pinned(id); ++slot) {
    Session* const session = directory_.at(slot);
    if (session == nullptr) continue;
    const size_t copied = session->queue.copy_referred(*pins_, id);
    if (copied == 0) continue;
    own_total_ += copied;
    ++counters_.payload_copies;
  }
}

void OutboundWriter::copy_referred(uint32_t slot, BytesOwner& owner, uint32_t token) {
  Session* const session = directory_.at(slot);
  if (session != nullptr && session->queue.copy_referred(owner, token) > 0) ++counters_.payload_copies;
}

void OutboundWriter::flush_queue(Session& session) {
  const size_t own = session.queue.own_bytes();
  const WriteQueue::Result result = session.queue.flush(session.fd.get(), kFlushBytesMax);
  counters_.syscalls += result.syscalls;
  account_sent(session, result.sent);
  queued_total_ -= result.sent;
  own_total_ -= own - session.queue.own_bytes();
  if (result.state == WriteQueue::Flush::kFailed) return observer_.on_write_failed(session, result.error);
  if (result.state == WriteQueue::Flush::kLost) return observer_.on_write_lost(session, CloseCode::kSendBufferLost);
  if (result.state == WriteQueue::Flush::kChanged) {
    return observer_.on_write_lost(session, CloseCode::kSendBufferChanged);
  }
  if (result.sent > 0) observer_.on_write_progress(session);
}

void OutboundWriter::discard(Session& session) {
  queued_total_ -= session.queue.bytes();
  own_total_ -= session.queue.own_bytes();
  session.queue.clear();
  session.parts_first = session.parts_last = -1;
  session.foreign_bytes = 0;
  // Where JavaScript is on another thread, an event tells it.
  if (settles_) return;
  SlotState& slot_state = directory_.state(session.slot);
  slot_state.queued_bytes = 0;
  // An empty queue alone would look as if everything had been sent.
  slot_state.flags |= kSlotBroken;
}

void OutboundWriter::account_sent(Session& session, size_t bytes) {
  counters_.bytes_sent += bytes;
  const uint32_t foreign = static_cast<uint32_t>(std::min<size_t>(bytes, session.foreign_bytes));
  session.foreign_bytes -= foreign;
  const uint32_t counted = static_cast<uint32_t>(bytes) - foreign;
  SlotState& slot_state = directory_.state(session.slot);
  if (settles_) {
    // Relaxed, both: one writer; the holder only wants to know how much, the bytes themselves are the kernel's.
    const uint32_t settled = slot_state.settled_bytes.load(std::memory_order_relaxed);
    slot_state.settled_bytes.store(settled + counted, std::memory_order_relaxed);
    return;
  }
  MSGTRANS_ASSERT(slot_state.queued_bytes >= counted);
  slot_state.queued_bytes -= counted;
}

// What JavaScript added for these bytes will not be subtracted by a write.
void OutboundWriter::account_void(Session& session, uint32_t bytes) {
  SlotState& slot_state = directory_.state(session.slot);
  if (!settles_) {
    slot_state.queued_bytes = 0;
    return;
  }
  // Relaxed, both: as in `account_sent`.
  const uint32_t settled = slot_state.settled_bytes.load(std::memory_order_relaxed);
  slot_state.settled_bytes.store(settled + bytes, std::memory_order_relaxed);
}

}  // namespace msgtrans
