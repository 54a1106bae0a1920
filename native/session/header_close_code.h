// Why a session ends whose peer sent a header that is not understood.
#pragma once

#include "base/close_code.h"
#include "protocol/packet_header.h"

namespace msgtrans {

inline CloseCode close_code_of(HeaderStatus status) {
  switch (status) {
    case HeaderStatus::version_unknown:
      return CloseCode::kProtocolVersion;
    case HeaderStatus::compression_unknown:
    case HeaderStatus::compression_unsupported:
      return CloseCode::kProtocolCompression;
    case HeaderStatus::packet_type_unknown:
      return CloseCode::kProtocolPacketType;
    case HeaderStatus::fragmented:
      return CloseCode::kProtocolFragmented;
    case HeaderStatus::ext_header_too_large:
      return CloseCode::kExtHeaderTooLarge;
    default:
      return CloseCode::kPayloadTooLarge;
  }
}

}  // namespace msgtrans
