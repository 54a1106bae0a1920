#include "protocol/packet_header.h"

namespace msgtrans {
namespace {

uint32_t load_payload_bytes(const uint8_t* data) {
  return static_cast<uint32_t>(load_big_endian_64(data + kExtHeaderBytesOffset) >> 16);
}

uint32_t load_ext_header_bytes(const uint8_t* data) {
  return static_cast<uint32_t>(load_big_endian_64(data + kExtHeaderBytesOffset) >> 48);
}

uint32_t load_flags(const uint8_t* data) {
  return static_cast<uint16_t>(load_big_endian_64(data + kExtHeaderBytesOffset));
}

}  // namespace

HeaderStatus classify_header(const uint8_t* data, const PacketLimits& limits) {
  if (data[kVersionOffset] != kWireVersion) return HeaderStatus::version_unknown;
  const uint8_t compression = data[kCompressionOffset];
  if (compression > kCompressionZlib) return HeaderStatus::compression_unknown;
  if (compression != kCompressionNone) return HeaderStatus::compression_unsupported;
  if (data[kPacketTypeOffset] > kPacketResponse) return HeaderStatus::packet_type_unknown;
  if ((load_flags(data) & kFlagFragmented) != 0) return HeaderStatus::fragmented;
  if (load_ext_header_bytes(data) > limits.ext_header_bytes_max) return HeaderStatus::ext_header_too_large;
  if (load_payload_bytes(data) > limits.payload_bytes_max) return HeaderStatus::payload_too_large;
  return HeaderStatus::ok;
}

const char* header_error_code(HeaderStatus status) {
  switch (status) {
    case HeaderStatus::ok:
      return "";
    case HeaderStatus::version_unknown:
      return "ERR_MSGTRANS_PROTOCOL_VERSION";
    case HeaderStatus::compression_unknown:
    case HeaderStatus::compression_unsupported:
      return "ERR_MSGTRANS_PROTOCOL_COMPRESSION";
    case HeaderStatus::packet_type_unknown:
      return "ERR_MSGTRANS_PROTOCOL_PACKET_TYPE";
    case HeaderStatus::fragmented:
      return "ERR_MSGTRANS_PROTOCOL_FRAGMENTED";
    case HeaderStatus::ext_header_too_large:
      return "ERR_MSGTRANS_EXT_HEADER_TOO_LARGE";
    case HeaderStatus::payload_too_large:
      return "ERR_MSGTRANS_PAYLOAD_TOO_LARGE";
  }
  return "";
}

uint32_t rejected_value(const uint8_t* data, HeaderStatus status) {
  switch (status) {
    case HeaderStatus::ok:
      return 0;
    case HeaderStatus::version_unknown:
      return data[kVersionOffset];
    case HeaderStatus::compression_unknown:
    case HeaderStatus::compression_unsupported:
      return data[kCompressionOffset];
    case HeaderStatus::packet_type_unknown:
      return data[kPacketTypeOffset];
    case HeaderStatus::fragmented:
      return load_flags(data);
    case HeaderStatus::ext_header_too_large:
      return load_ext_header_bytes(data);
    case HeaderStatus::payload_too_large:
      return load_payload_bytes(data);
  }
  return 0;
}

}  // namespace msgtrans
