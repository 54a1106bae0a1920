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

}  // namespace

volatile uint32_t& OutboundWriter::ring_used() const {
  // Volatile: JavaScript changes this word between our calls, behind the compiler's back.
  return reinterpret_cast<volatile uint32_t*>(arena_.data())[kControlRingUsed];
}

void OutboundWriter::take_ring() {
  const uint32_t used = ring_used();
  if (used == 0) return;
  MSGTRANS_ASSERT(used <= kRingBytes);
  ring_used() = 0;
  const uint8_t* const ring = arena_.data() + arena_.ring_offset();
  for (uint32_t position = 0; position < used;) {
    const auto* run = reinterpret_cast<const uint32_t*>(ring + position);
    position += kRunWords * kWordBytes;
    const uint32_t bytes = run[kRunBytes];
    const bool is_reference = (run[kRunMessages] & kRunReferenceBit) != 0;
    const uint32_t messages = run[kRunMessages] & ~kRunReferenceBit;
    MSGTRANS_ASSERT(position + bytes <= used);
    const uint8_t* data = ring + position;
    uint32_t data_bytes = bytes;
    if (is_reference) {
      const uint32_t offset = run[kRunWords];
      data_bytes = run[kRunWords + 1];
      MSGTRANS_ASSERT(uint64_t{offset} + data_bytes <= arena_.bytes());
      data = arena_.data() + offset;
    }
    position += static_cast<uint32_t>((bytes + kRunAlignment - 1) / kRunAlignment * kRunAlignment);

    Session* session = directory_.find(run[kRunSlotWord] & kSlotMask, run[kRunGeneration]);
    if (session == nullptr || session->phase == Phase::kClosed || session->write_failed) {
      counters_.messages_discarded += messages;
      // What JavaScript added for these bytes will not be subtracted by a write.
      if (session != nullptr) directory_.state(session->slot).queued_bytes = 0;
      continue;
    }
    counters_.messages_sent += messages;
    gather(*session, data, data_bytes);
  }
  for (Session* session : touched_) write_gathered(*session);
  touched_.clear();
  parts_.clear();
}

void OutboundWriter::gather(Session& session, const uint8_t* data, uint32_t bytes) {
  const auto index = static_cast<int32_t>(parts_.size());
  if (session.parts_first < 0) {
    session.parts_first = index;
    touched_.push_back(&session);
  } else {
    Part& last = parts_[static_cast<size_t>(session.parts_last)];
    if (last.data + last.bytes == data) {
      last.bytes += bytes;
      return;
    }
    last.next = index;
  }
  session.parts_last = index;
  parts_.push_back({data, bytes, -1});
}

void OutboundWriter::write_gathered(Session& session) {
  int32_t index = session.parts_first;
  session.parts_first = session.parts_last = -1;
  iovec vector[kPartsPerWrite];
  while (index >= 0) {
    size_t count = 0;
    for (; index >= 0 && count < kPartsPerWrite; index = parts_[static_cast<size_t>(index)].next) {
      const Part& part = parts_[static_cast<size_t>(index)];
      vector[count++] = {const_cast<uint8_t*>(part.data), part.bytes};
    }
    send_parts(session, vector, count);
    // The observer may have given the session up; what is left of its parts is void then.
    if (session.phase == Phase::kClosed || session.write_failed) return;
  }
}

void OutboundWriter::send_parts(Session& session, const iovec* parts, size_t count) {
  if (!session.queue.empty()) return queue_rest(session, parts, count, 0);
  const ssize_t sent = count == 1 ? send_bytes(session.fd.get(), parts[0].iov_base, parts[0].iov_len)
                                  : send_vector(session.fd.get(), parts, count);
  ++counters_.syscalls;
  if (sent < 0 && !is_retryable(errno)) return observer_.on_write_failed(session, errno);
  const size_t taken = sent > 0 ? static_cast<size_t>(sent) : 0;
  account_sent(session, taken);
  size_t offered = 0;
  for (size_t i = 0; i < count; ++i) offered += parts[i].iov_len;
  if (taken < offered) return queue_rest(session, parts, count, taken);
  observer_.on_write_progress(session);
}

void OutboundWriter::queue_rest(Session& session, const iovec* parts, size_t count, size_t sent) {
  size_t skip = sent;
  size_t queued = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t skipped = std::min(skip, parts[i].iov_len);
    skip -= skipped;
    const size_t bytes = parts[i].iov_len - skipped;
    if (bytes == 0) continue;
    if (!session.queue.append(static_cast<const uint8_t*>(parts[i].iov_base) + skipped, bytes)) {
      set_queued_total(static_cast<double>(queued));
      return observer_.on_write_queue_refused(session);
    }
    ++counters_.payload_copies;
    queued += bytes;
  }
  set_queued_total(static_cast<double>(queued));
  observer_.on_write_blocked(session);
}

void OutboundWriter::flush_queue(Session& session) {
  const WriteQueue::Result result = session.queue.flush(session.fd.get(), kFlushBytesMax);
  counters_.syscalls += result.syscalls;
  account_sent(session, result.sent);
  set_queued_total(-static_cast<double>(result.sent));
  if (result.state == WriteQueue::Flush::kFailed) return observer_.on_write_failed(session, result.error);
  if (result.sent > 0) observer_.on_write_progress(session);
}

void OutboundWriter::discard(Session& session) {
  set_queued_total(-static_cast<double>(session.queue.bytes()));
  session.queue.clear();
  session.parts_first = session.parts_last = -1;
  SlotState& slot_state = directory_.state(session.slot);
  slot_state.queued_bytes = 0;
  // An empty queue alone would look as if everything had been sent.
  slot_state.flags |= kSlotBroken;
}

void OutboundWriter::account_sent(Session& session, size_t bytes) {
  counters_.bytes_sent += bytes;
  uint32_t& queued = directory_.state(session.slot).queued_bytes;
  MSGTRANS_ASSERT(queued >= bytes);
  queued -= static_cast<uint32_t>(bytes);
}

void OutboundWriter::set_queued_total(double change) {
  reinterpret_cast<double*>(arena_.data())[kControlQueuedTotalF64] += change;
}

}  // namespace msgtrans
