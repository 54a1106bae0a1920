// The header as one writes its codec by hand, and as most are written: field by field through a cursor that checks its
// bounds at each, integers put together of bytes, one rule after the other. It accepts and refuses what the engine does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/packet_header.h"

namespace msgtrans::loops {

class FieldCursor {
 public:
  FieldCursor(const uint8_t* data, size_t bytes) : data_(data), end_(data + bytes) {}

  bool u8(uint8_t& value) {
    if (left() < 1) return false;
    value = *data_++;
    return true;
  }
  bool u16(uint16_t& value) {
    if (left() < 2) return false;
    value = static_cast<uint16_t>(data_[0] << 8 | data_[1]);
    data_ += 2;
    return true;
  }
  bool u32(uint32_t& value) {
    if (left() < 4) return false;
    value = uint32_t{data_[0]} << 24 | uint32_t{data_[1]} << 16 | uint32_t{data_[2]} << 8 | uint32_t{data_[3]};
    data_ += 4;
    return true;
  }
  bool skip(uint64_t bytes) {
    if (left() < bytes) return false;
    data_ += bytes;
    return true;
  }
  size_t left() const { return static_cast<size_t>(end_ - data_); }

 private:
  const uint8_t* data_;
  const uint8_t* end_;
};

enum class FieldOutcome : uint8_t { complete, incomplete, refused };

inline FieldOutcome read_fields(FieldCursor& cursor, const PacketLimits& limits, PacketHeader& header) {
  uint8_t version = 0;
  uint8_t compression = 0;
  if (!cursor.u8(version)) return FieldOutcome::incomplete;
  if (version != kWireVersion) return FieldOutcome::refused;
  if (!cursor.u8(compression)) return FieldOutcome::incomplete;
  if (compression != kCompressionNone) return FieldOutcome::refused;
  if (!cursor.u8(header.packet_type)) return FieldOutcome::incomplete;
  if (header.packet_type > kPacketResponse) return FieldOutcome::refused;
  if (!cursor.u8(header.biz_type)) return FieldOutcome::incomplete;
  if (!cursor.u32(header.message_id)) return FieldOutcome::incomplete;
  if (!cursor.u16(header.ext_header_bytes)) return FieldOutcome::incomplete;
  if (header.ext_header_bytes > limits.ext_header_bytes_max) return FieldOutcome::refused;
  if (!cursor.u32(header.payload_bytes)) return FieldOutcome::incomplete;
  if (header.payload_bytes > limits.payload_bytes_max) return FieldOutcome::refused;
  if (!cursor.u16(header.flags)) return FieldOutcome::incomplete;
  if ((header.flags & kFlagFragmented) != 0) return FieldOutcome::refused;
  return FieldOutcome::complete;
}

// The whole packet: its header, and that the rest of it is there.
inline FieldOutcome read_packet(FieldCursor& cursor, const PacketLimits& limits, PacketHeader& header) {
  const FieldOutcome outcome = read_fields(cursor, limits, header);
  if (outcome != FieldOutcome::complete) return outcome;
  return cursor.skip(uint64_t{header.ext_header_bytes} + header.payload_bytes) ? FieldOutcome::complete
                                                                               : FieldOutcome::incomplete;
}

class FieldWriter {
 public:
  FieldWriter(uint8_t* data, size_t bytes) : data_(data), end_(data + bytes) {}

  bool u8(uint8_t value) {
    if (left() < 1) return false;
    *data_++ = value;
    return true;
  }
  bool u16(uint16_t value) {
    if (left() < 2) return false;
    data_[0] = static_cast<uint8_t>(value >> 8);
    data_[1] = static_cast<uint8_t>(value);
    data_ += 2;
    return true;
  }
  bool u32(uint32_t value) {
    if (left() < 4) return false;
    data_[0] = static_cast<uint8_t>(value >> 24);
    data_[1] = static_cast<uint8_t>(value >> 16);
    data_[2] = static_cast<uint8_t>(value >> 8);
    data_[3] = static_cast<uint8_t>(value);
    data_ += 4;
    return true;
  }

 private:
  size_t left() const { return static_cast<size_t>(end_ - data_); }

  uint8_t* data_;
  uint8_t* end_;
};

// False when the room ended before the header did.
inline bool write_fields(FieldWriter& writer, const PacketHeader& header) {
  return writer.u8(kWireVersion) && writer.u8(kCompressionNone) && writer.u8(header.packet_type) &&
         writer.u8(header.biz_type) && writer.u32(header.message_id) && writer.u16(header.ext_header_bytes) &&
         writer.u32(header.payload_bytes) && writer.u16(header.flags);
}

}  // namespace msgtrans::loops
