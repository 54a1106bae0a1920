// Finds complete packets in a span of received bytes. It neither copies nor allocates nor keeps anything
// beyond the span: the reader carries an incomplete tail over to its next read, so every split of a byte
// stream into reads gives the same packets. Header-only so that the loop is inlined into its caller.
//
//   PacketFramer framer(data, length, limits);
//   Frame frame;
//   while (framer.next(frame) == FramerStatus::frame) use(data + frame.offset, frame.header);
//   // framer.status(): incomplete or protocol_error; framer.consumed_bytes(): where to go on
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/packet_header.h"

namespace msgtrans {

enum class FramerStatus : uint8_t {
  frame,           // `frame` was filled in.
  incomplete,      // The rest of the span, perhaps nothing, is the beginning of a packet.
  protocol_error,  // The header at consumed_bytes() is refused; the stream cannot be resynchronised.
};

// One complete packet within the span given to the framer.
struct Frame {
  size_t offset = 0;  // Of the header's first byte.
  size_t bytes = 0;   // Header, ext header and payload.
  PacketHeader header;

  size_t ext_header_offset() const { return offset + kHeaderBytes; }
  size_t payload_offset() const { return offset + header.payload_offset(); }
};

class PacketFramer {
 public:
  // `data` must stay readable and unchanged while the framer is used; it may be null when `length` is 0.
  PacketFramer(const uint8_t* data, size_t length, const PacketLimits& limits)
      : data_(data), length_(length), limits_(limits) {}

  // Gives the next complete packet. After `incomplete` or `protocol_error` it gives the same answer again.
  [[nodiscard]] FramerStatus next(Frame& frame) {
    const size_t left = length_ - consumed_;
    if (left < kHeaderBytes) [[unlikely]] {
      return status_;
    }
    const HeaderStatus header_status = parse_header(data_ + consumed_, limits_, frame.header);
    if (header_status != HeaderStatus::ok) [[unlikely]] {
      error_ = header_status;
      return status_ = FramerStatus::protocol_error;
    }
    const uint64_t frame_bytes = frame.header.frame_bytes();
    if (frame_bytes > left) [[unlikely]] {
      tail_frame_bytes_ = frame_bytes;
      return status_;
    }
    frame.offset = consumed_;
    frame.bytes = static_cast<size_t>(frame_bytes);
    consumed_ += frame.bytes;
    return FramerStatus::frame;
  }

  // How the span ended, once next() has given something else than `frame`.
  FramerStatus status() const { return status_; }
  // Bytes taken by the packets given so far; on a protocol error the offset of the refused header.
  size_t consumed_bytes() const { return consumed_; }
  // Bytes of the span that belong to no complete packet.
  size_t tail_bytes() const { return length_ - consumed_; }
  // Full size of the packet the tail begins, or 0 while its header is incomplete.
  uint64_t tail_frame_bytes() const { return tail_frame_bytes_; }
  // Why the header at consumed_bytes() is refused; `ok` unless status() is protocol_error.
  HeaderStatus error() const { return error_; }

 private:
  const uint8_t* data_;
  size_t length_;
  PacketLimits limits_;
  size_t consumed_ = 0;
  uint64_t tail_frame_bytes_ = 0;
  FramerStatus status_ = FramerStatus::incomplete;
  HeaderStatus error_ = HeaderStatus::ok;
};

}  // namespace msgtrans
