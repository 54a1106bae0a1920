#include "session/inbound_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "io/stream_socket.h"
#include "protocol/packet_framer.h"
#include "session/batch_layout.h"

namespace msgtrans {

namespace {

// A shared slice with less room than this is full: the next read would be short and cost a second system call.
constexpr size_t kReadRoomMin = 16 * 1024;
// Reads start on this boundary, so that packets of 4-byte multiples stay word-aligned for JavaScript.
constexpr size_t kReadAlignment = 16;
// A payload in a slice of its own starts on a cache line.
constexpr size_t kPayloadAlignment = 64;

bool is_routed(const PacketHeader& header, bool routed) { return routed || header.packet_type == kPacketResponse; }

}  // namespace

InboundReader::Result InboundReader::read(Session& session, bool route_all) {
  const bool routed = route_all || session.pulled || (directory_.state(session.slot).flags & kSlotPulled) != 0;
  return session.assembly.valid() ? read_assembly(session, routed) : read_shared(session, routed);
}

bool InboundReader::ensure_read_slice(size_t bytes) {
  if (slice_.valid() && slice_.bytes - cursor_ >= bytes) return true;
  slice_ = pool_.acquire_read_slice();
  if (!slice_.valid()) return false;
  batch_.hold(slice_.id);
  cursor_ = 0;
  return true;
}

// Behind what is carried over.
size_t InboundReader::shared_room(const Session& session) const {
  const size_t carried = session.remainder_bytes;
  const size_t room = std::min<size_t>(slice_.bytes - cursor_, kReadBytesMax) - carried;
  // Where users keep nearly all slices, a slice for each packet would be a mapping for each: they share again, and what is
  // kept further is copied by who keeps it.
  if (session.exact_reads == 0 || !pool_.has_read_slice_to_acquire()) return room;
  // The rest of the packet whose header is there, and the next header.
  const size_t known = carried > 0 ? session.remainder_total : 0;
  return std::min(room, known + kHeaderBytes - carried);
}

InboundReader::Result InboundReader::read_shared(Session& session, bool routed) {
  const size_t carried = session.remainder_bytes;
  if (!ensure_read_slice(std::max(kReadRoomMin, carried + kStraddleBytesMax))) return {Outcome::kNoBuffer};
  uint8_t* const data = slice_.data + cursor_;
  const size_t room = shared_room(session);
  const bool is_exact = session.exact_reads > 0;
  const ssize_t received = receive_bytes(session.fd.get(), data + carried, room);
  ++counters_.syscalls;
  if (received == 0) return {Outcome::kEndOfFile};
  if (received < 0) {
    if (is_retryable(errno)) return {Outcome::kRead};
    return {Outcome::kFailed, 0, false, errno};
  }
  if (carried > 0) {
    std::memcpy(data, session.remainder.get(), carried);
    if (carried > kHeaderBytes) ++counters_.straddle_copies;
    session.remainder_bytes = 0;
  }
  const size_t bytes = carried + static_cast<size_t>(received);
  counters_.bytes_received += static_cast<size_t>(received);
  const size_t end = cursor_ + bytes;
  cursor_ = std::min<size_t>(slice_.bytes, (end + kReadAlignment - 1) / kReadAlignment * kReadAlignment);
  // The gap up to the next read may hold bytes of an earlier packet.
  std::memset(slice_.data + end, 0, cursor_ - end);
  pool_.set_filled(slice_.id, cursor_);
  Result result = frame(session, slice_, data, bytes, routed);
  result.bytes = static_cast<size_t>(received);
  // A read that was not filled has emptied the socket: epoll says when there is more.
  result.goes_on = result.outcome == Outcome::kRead && result.bytes == room && (is_exact || session.assembly.valid());
  return result;
}

InboundReader::Result InboundReader::read_assembly(Session& session, bool routed) {
  uint8_t* const begin = session.assembly.data + session.assembly_begin;
  // Never past the next header: the payload behind it belongs into a slice of its own, too.
  const size_t wanted = static_cast<size_t>(session.assembly_total - session.assembly_bytes) + kHeaderBytes;
  const size_t room = std::min(wanted, kAssemblyReadBytesMax);
  const ssize_t received = receive_bytes(session.fd.get(), begin + session.assembly_bytes, room);
  ++counters_.syscalls;
  if (received == 0) return {Outcome::kEndOfFile};
  if (received < 0) {
    if (is_retryable(errno)) return {Outcome::kRead};
    return {Outcome::kFailed, 0, false, errno};
  }
  counters_.bytes_received += static_cast<size_t>(received);
  session.assembly_bytes += static_cast<size_t>(received);
  const bool is_full = static_cast<size_t>(received) == room;
  if (session.assembly_bytes < session.assembly_total) return {Outcome::kRead, static_cast<size_t>(received), is_full};

  const Slice slice = session.assembly;
  const auto bytes = static_cast<size_t>(session.assembly_bytes);
  session.assembly = Slice{};
  batch_.hold(slice.id);
  pool_.set_filled(slice.id, session.assembly_begin + bytes);
  Result result = frame(session, slice, begin, bytes, routed);
  result.bytes = static_cast<size_t>(received);
  result.goes_on = result.outcome == Outcome::kRead && is_full;
  return result;
}

InboundReader::Result InboundReader::frame(Session& session, const Slice& slice, const uint8_t* data, size_t bytes,
                                           bool routed) {
  const uint32_t word = directory_.word(session.slot);
  PacketFramer framer(data, bytes, limits_);
  Frame found;
  while (framer.next(found) == FramerStatus::frame) {
    batch_.add(word, session.generation, slice, data + found.offset, found.header, is_routed(found.header, routed));
    ++counters_.messages_received;
    if (found.bytes >= kExactBytesMin) [[unlikely]] {
      session.exact_reads = kExactReads;
    } else if (session.exact_reads > 0) {
      --session.exact_reads;
    }
  }
  const uint8_t* const tail = data + framer.consumed_bytes();
  if (framer.status() == FramerStatus::protocol_error) {
    return {Outcome::kProtocolError, 0, false, 0, framer.error(), rejected_value(tail, framer.error())};
  }
  if (framer.tail_bytes() == 0) {
    // Quiet sessions are many: none keeps memory for a packet that is not under way.
    session.remainder.reset();
    return {};
  }
  return carry_over(session, tail, framer.tail_bytes(), framer.tail_frame_bytes());
}

InboundReader::Result InboundReader::carry_over(Session& session, const uint8_t* tail, size_t bytes,
                                                uint64_t frame_bytes) {
  if (frame_bytes <= kStraddleBytesMax) {
    MSGTRANS_ASSERT(bytes < kStraddleBytesMax);
    if (!session.remainder) {
      session.remainder.reset(new (std::nothrow) uint8_t[kStraddleBytesMax]);
      if (!session.remainder) return {Outcome::kNoBuffer};
    }
    std::memcpy(session.remainder.get(), tail, bytes);
    session.remainder_bytes = static_cast<uint32_t>(bytes);
    session.remainder_total = static_cast<uint32_t>(frame_bytes);
    return {};
  }
  const size_t header_bytes = kHeaderBytes + (size_t{tail[kExtHeaderBytesOffset]} << 8 | tail[kExtHeaderBytesOffset + 1]);
  const size_t begin = (kPayloadAlignment - header_bytes % kPayloadAlignment) % kPayloadAlignment;
  const Slice slice = pool_.acquire(begin + static_cast<size_t>(frame_bytes) + kHeaderBytes);
  if (!slice.valid()) return {Outcome::kNoBuffer};
  std::memset(slice.data, 0, begin);
  std::memcpy(slice.data + begin, tail, bytes);
  if (bytes > header_bytes) ++counters_.payload_copies;
  session.assembly = slice;
  session.assembly_begin = static_cast<uint32_t>(begin);
  session.assembly_bytes = bytes;
  session.assembly_total = frame_bytes;
  session.remainder.reset();
  return {};
}

void InboundReader::forget_partial_packet(Session& session) {
  if (session.assembly.valid()) {
    pool_.release(session.assembly.id);
    session.assembly = Slice{};
  }
  session.remainder.reset();
  session.remainder_bytes = 0;
}

}  // namespace msgtrans
