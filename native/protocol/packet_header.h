// The 16-byte packet header of wire format version 1: layout, parsing, encoding. Pure functions, any thread.
//
//   byte   0         1             2             3          4 ............ 7
//        +---------+-------------+-------------+----------+-----------------+
//        | version | compression | packet type | biz type |   message id    |  word 0
//        +---------+-------------+-------------+----------+-----------------+
//   byte   8 ............ 9   10 ................ 13   14 ............... 15
//        +------------------+------------------------+---------------------+
//        | ext header bytes |     payload bytes      |   reserved (flags)  |  word 1
//        +------------------+------------------------+---------------------+
//
// All integers are big-endian. The ext header follows, then the payload, without padding.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace msgtrans {

inline constexpr uint32_t kWireVersion = 1;
inline constexpr uint32_t kHeaderBytes = 16;

inline constexpr uint32_t kVersionOffset = 0;
inline constexpr uint32_t kCompressionOffset = 1;
inline constexpr uint32_t kPacketTypeOffset = 2;
inline constexpr uint32_t kBizTypeOffset = 3;
inline constexpr uint32_t kMessageIdOffset = 4;
inline constexpr uint32_t kExtHeaderBytesOffset = 8;
inline constexpr uint32_t kPayloadBytesOffset = 10;
inline constexpr uint32_t kReservedOffset = 14;

inline constexpr uint8_t kCompressionNone = 0;
inline constexpr uint8_t kCompressionZstd = 1;
inline constexpr uint8_t kCompressionZlib = 2;

inline constexpr uint8_t kPacketOneWay = 0;
inline constexpr uint8_t kPacketRequest = 1;
inline constexpr uint8_t kPacketResponse = 2;

// Bits of `reserved`. A packet with kFlagFragmented is refused; bits without a name are ignored.
inline constexpr uint16_t kFlagFragmented = 1;
inline constexpr uint16_t kFlagHighPriority = 2;
inline constexpr uint16_t kFlagHasRouteTag = 4;

inline constexpr uint32_t kExtHeaderBytesMax = 65535;
inline constexpr uint32_t kPayloadBytesMaxDefault = 16u * 1024 * 1024;

static_assert(kReservedOffset + sizeof(uint16_t) == kHeaderBytes);
static_assert(kPayloadBytesOffset + sizeof(uint32_t) == kReservedOffset);
static_assert(std::endian::native == std::endian::little, "the word loads below swap bytes");

// What a receiver accepts, in bytes; judged before anything is allocated.
struct PacketLimits {
  uint32_t payload_bytes_max = kPayloadBytesMaxDefault;
  uint32_t ext_header_bytes_max = kExtHeaderBytesMax;
};

// A parsed header in host byte order.
struct PacketHeader {
  uint32_t message_id = 0;
  uint32_t payload_bytes = 0;
  uint16_t ext_header_bytes = 0;
  uint16_t flags = 0;
  uint8_t packet_type = kPacketOneWay;
  uint8_t biz_type = 0;

  // Header, ext header and payload together.
  uint64_t frame_bytes() const { return uint64_t{kHeaderBytes} + ext_header_bytes + payload_bytes; }
  // Distance of the payload from the start of the header.
  uint32_t payload_offset() const { return kHeaderBytes + ext_header_bytes; }
};

enum class HeaderStatus : uint8_t {
  ok = 0,
  version_unknown,
  compression_unknown,      // Not a value of the wire format.
  compression_unsupported,  // zstd or zlib, which this build does not decompress.
  packet_type_unknown,
  fragmented,
  ext_header_too_large,
  payload_too_large,
};

// Decides which rule the 16 bytes at `data` break, in the order of the enumeration; `ok` when none.
// It is kept out of line because a connection needs it at most once.
HeaderStatus classify_header(const uint8_t* data, const PacketLimits& limits);

// The stable error code of a status, for instance "ERR_MSGTRANS_PROTOCOL_VERSION"; "" for `ok`.
const char* header_error_code(HeaderStatus status);

// The field that `status` complains about as it stands in the header, for the text of the error.
uint32_t rejected_value(const uint8_t* data, HeaderStatus status);

inline uint64_t load_big_endian_64(const uint8_t* data) {
  uint64_t value;
  std::memcpy(&value, data, sizeof value);
  return __builtin_bswap64(value);
}

inline void store_big_endian_64(uint8_t* data, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(data, &value, sizeof value);
}

// Reads the 16 bytes at `data` into `header`. Anything but `ok` leaves `header` unspecified.
[[nodiscard]] inline HeaderStatus parse_header(const uint8_t* data, const PacketLimits& limits,
                                               PacketHeader& header) {
  const uint64_t word0 = load_big_endian_64(data);
  const uint64_t word1 = load_big_endian_64(data + 8);
  header.message_id = static_cast<uint32_t>(word0);
  header.biz_type = static_cast<uint8_t>(word0 >> 32);
  header.packet_type = static_cast<uint8_t>(word0 >> 40);
  header.ext_header_bytes = static_cast<uint16_t>(word1 >> 48);
  header.payload_bytes = static_cast<uint32_t>(word1 >> 16);
  header.flags = static_cast<uint16_t>(word1);
  constexpr uint64_t kAcceptedPrefix = (uint64_t{kWireVersion} << 8) | kCompressionNone;
  // Bitwise on purpose: one branch that is never taken instead of five.
  const unsigned refused = static_cast<unsigned>((word0 >> 48) != kAcceptedPrefix) |
                           static_cast<unsigned>(header.packet_type > kPacketResponse) |
                           static_cast<unsigned>((header.flags & kFlagFragmented) != 0) |
                           static_cast<unsigned>(header.ext_header_bytes > limits.ext_header_bytes_max) |
                           static_cast<unsigned>(header.payload_bytes > limits.payload_bytes_max);
  if (refused != 0) [[unlikely]] {
    return classify_header(data, limits);
  }
  return HeaderStatus::ok;
}

// Writes the 16 bytes of `header` to `data`, uncompressed. The caller has checked the limits.
inline void encode_header(uint8_t* data, const PacketHeader& header) {
  store_big_endian_64(data, (uint64_t{kWireVersion} << 56) | (uint64_t{kCompressionNone} << 48) |
                                (uint64_t{header.packet_type} << 40) | (uint64_t{header.biz_type} << 32) |
                                header.message_id);
  store_big_endian_64(data + 8, (uint64_t{header.ext_header_bytes} << 48) |
                                    (uint64_t{header.payload_bytes} << 16) | header.flags);
}

// The id after `id` of one side's counter: from 1, wrapping to 1, because 0 means "unset".
inline uint32_t next_message_id(uint32_t id) {
  return id == UINT32_MAX ? 1 : id + 1;
}

}  // namespace msgtrans
