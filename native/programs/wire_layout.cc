// The constants of the wire format for core/protocol/wire-layout.generated.ts.
#include "programs/layout_table.h"
#include "protocol/packet_header.h"

namespace msgtrans {
namespace {

constexpr LayoutConstant kWireConstants[] = {
    {"WIRE_VERSION", kWireVersion},
    {"HEADER_BYTES", kHeaderBytes},
    {"VERSION_OFFSET", kVersionOffset},
    {"COMPRESSION_OFFSET", kCompressionOffset},
    {"PACKET_TYPE_OFFSET", kPacketTypeOffset},
    {"BIZ_TYPE_OFFSET", kBizTypeOffset},
    {"MESSAGE_ID_OFFSET", kMessageIdOffset},
    {"EXT_HEADER_BYTES_OFFSET", kExtHeaderBytesOffset},
    {"PAYLOAD_BYTES_OFFSET", kPayloadBytesOffset},
    {"RESERVED_OFFSET", kReservedOffset},
    {"COMPRESSION_NONE", kCompressionNone},
    {"COMPRESSION_ZSTD", kCompressionZstd},
    {"COMPRESSION_ZLIB", kCompressionZlib},
    {"PACKET_ONE_WAY", kPacketOneWay},
    {"PACKET_REQUEST", kPacketRequest},
    {"PACKET_RESPONSE", kPacketResponse},
    {"FLAG_FRAGMENTED", kFlagFragmented},
    {"FLAG_HIGH_PRIORITY", kFlagHighPriority},
    {"FLAG_HAS_ROUTE_TAG", kFlagHasRouteTag},
    {"EXT_HEADER_BYTES_MAX", kExtHeaderBytesMax},
    {"PAYLOAD_BYTES_MAX_DEFAULT", kPayloadBytesMaxDefault},
};

}  // namespace

const LayoutFile kWireLayout{"wire", "core/protocol/wire-layout.generated.ts",
                             "native/protocol/packet_header.h", kWireConstants};

}  // namespace msgtrans
