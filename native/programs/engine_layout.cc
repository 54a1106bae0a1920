// What `core` needs to know of the memory it shares with the engine.
#include <cstddef>

#include "base/close_code.h"
#include "base/latency_buckets.h"
#include "memory/buffer_pool.h"
#include "programs/layout_table.h"
#include "session/batch_layout.h"
#include "session/pinned_slices.h"
#include "session/session_directory.h"
#include "session/session_id.h"

namespace msgtrans {
namespace {

constexpr LayoutConstant kEngineConstants[] = {
    {"CONTROL_RING_USED", kControlRingUsed},
    {"CONTROL_ROUTE_ALL", kControlRouteAll},
    {"CONTROL_QUEUED_TOTAL_F64", kControlQueuedTotalF64},
    {"CONTROL_RING_START", kControlRingStart},
    {"DESCRIPTOR_WORDS", kDescriptorWords},
    {"DESCRIPTOR_SLOT_WORD", kDescriptorSlotWord},
    {"DESCRIPTOR_GENERATION", kDescriptorGeneration},
    {"DESCRIPTOR_PAYLOAD_OFFSET", kDescriptorPayloadOffset},
    {"DESCRIPTOR_PAYLOAD_LENGTH", kDescriptorPayloadLength},
    {"DESCRIPTOR_WIRE_WORD0", kDescriptorWireWord0},
    {"DESCRIPTOR_MESSAGE_ID_WIRE", kDescriptorMessageIdWire},
    {"DESCRIPTOR_SLICE_WORD", kDescriptorSliceWord},
    {"DESCRIPTOR_EXT_LENGTH", kDescriptorExtLength},
    {"DESCRIPTORS_MAX", kDescriptorsMax},
    {"EVENT_WORDS", kEventWords},
    {"EVENT_KIND", kEventKind},
    {"EVENT_SLOT_WORD", kEventSlotWord},
    {"EVENT_GENERATION", kEventGeneration},
    {"EVENT_A", kEventA},
    {"EVENT_B", kEventB},
    {"EVENT_C", kEventC},
    {"EVENT_ACCEPTED", kEventAccepted},
    {"EVENT_CONNECTED", kEventConnected},
    {"EVENT_CONNECT_FAILED", kEventConnectFailed},
    {"EVENT_ACCEPT_FAILED", kEventAcceptFailed},
    {"EVENT_DRAIN", kEventDrain},
    {"EVENT_CLOSE", kEventClose},
    {"EVENT_BROKEN", kEventBroken},
    {"EVENT_ARENA", kEventArena},
    {"DELIVERY_WITH_OPENINGS", kDeliveryWithOpenings},
    {"DELIVERY_WITH_CLOSINGS", kDeliveryWithClosings},
    {"RUN_WORDS", kRunWords},
    {"RUN_SLOT_WORD", kRunSlotWord},
    {"RUN_GENERATION", kRunGeneration},
    {"RUN_BYTES", kRunBytes},
    {"RUN_MESSAGES", kRunMessages},
    {"RUN_REFERENCE_BIT", kRunReferenceBit},
    {"RUN_FOREIGN_BIT", kRunForeignBit},
    {"RUN_SLICE_BIT", kRunSliceBit},
    {"RUN_SLICE_WORDS", kRunSliceWords},
    {"RUN_ALIGNMENT", kRunAlignment},
    {"RING_BYTES", kRingBytes},
    {"SLOT_MASK", kSlotMask},
    {"SLOT_BITS", kSlotBits},
    {"REACTORS_MAX", kReactorsMax},
    {"SEGMENT_SLOTS", kSegmentSlots},
    {"SLOT_STATE_WORDS", sizeof(SlotState) / kWordBytes},
    {"SLOT_GENERATION", offsetof(SlotState, generation) / kWordBytes},
    {"SLOT_STATE", offsetof(SlotState, state) / kWordBytes},
    {"SLOT_QUEUED_BYTES", offsetof(SlotState, queued_bytes) / kWordBytes},
    {"SLOT_FLAGS", offsetof(SlotState, flags) / kWordBytes},
    {"SLOT_PEER_WORD", offsetof(SlotState, peer_word) / kWordBytes},
    {"SLOT_PEER_GENERATION", offsetof(SlotState, peer_generation) / kWordBytes},
    {"SLOT_SETTLED_BYTES", offsetof(SlotState, settled_bytes) / kWordBytes},
    {"SLOT_MESSAGE_ID", offsetof(SlotState, message_id) / kWordBytes},
    {"SLOT_OPEN", kSlotOpen},
    {"SLOT_CLOSING", kSlotClosing},
    {"SLOT_WANTS_DRAIN", kSlotWantsDrain},
    {"SLOT_PULLED", kSlotPulled},
    {"SLOT_TOLD_FULL", kSlotToldFull},
    {"SLOT_BROKEN", kSlotBroken},
    {"DEDICATED_BIT", kDedicatedBit},
    {"SLICE_TIER_SHIFT", kTierShift},
    {"SLICE_TIER_BYTES_0", kTierGeometry[0].slice_bytes},
    {"SLICE_TIER_BYTES_1", kTierGeometry[1].slice_bytes},
    {"SLICE_TIER_BYTES_2", kTierGeometry[2].slice_bytes},
    {"SLICE_TIER_BYTES_3", kTierGeometry[3].slice_bytes},
    {"SLICE_ID_MASK", kSliceIdMask},
    {"SLICE_PIN_SHARE", PinnedSlices::kPinShare},
    {"SLICE_ARENA_SHIFT", kSliceArenaShift},
    {"SLICE_SEGMENT_BIT", kSliceSegmentBit},
    {"SLICE_LENT_BITS", kSliceLentBits},
    {"LEND_BYTES_MIN", kLendBytesMin},
    {"LATENCY_HALF_BITS", kReactorLatencyHalfBits},
    {"LATENCY_VALUE_BITS", kLatencyValueBits},
    {"CLOSE_ORDERLY", static_cast<uint64_t>(CloseCode::kOrderly)},
    {"CLOSE_PROTOCOL_VERSION", static_cast<uint64_t>(CloseCode::kProtocolVersion)},
    {"CLOSE_PROTOCOL_COMPRESSION", static_cast<uint64_t>(CloseCode::kProtocolCompression)},
    {"CLOSE_PROTOCOL_PACKET_TYPE", static_cast<uint64_t>(CloseCode::kProtocolPacketType)},
    {"CLOSE_PROTOCOL_FRAGMENTED", static_cast<uint64_t>(CloseCode::kProtocolFragmented)},
    {"CLOSE_PROTOCOL_TRUNCATED", static_cast<uint64_t>(CloseCode::kProtocolTruncated)},
    {"CLOSE_PAYLOAD_TOO_LARGE", static_cast<uint64_t>(CloseCode::kPayloadTooLarge)},
    {"CLOSE_EXT_HEADER_TOO_LARGE", static_cast<uint64_t>(CloseCode::kExtHeaderTooLarge)},
    {"CLOSE_CONNECTION_RESET", static_cast<uint64_t>(CloseCode::kConnectionReset)},
    {"CLOSE_CONNECTION_LOST", static_cast<uint64_t>(CloseCode::kConnectionLost)},
    {"CLOSE_SLOW_CONSUMER", static_cast<uint64_t>(CloseCode::kSlowConsumer)},
    {"CLOSE_STALLED", static_cast<uint64_t>(CloseCode::kStalled)},
    {"CLOSE_BUFFER_BUDGET", static_cast<uint64_t>(CloseCode::kBufferBudget)},
    {"CLOSE_OUT_OF_MEMORY", static_cast<uint64_t>(CloseCode::kOutOfMemory)},
    {"CLOSE_TRANSPORT_CLOSED", static_cast<uint64_t>(CloseCode::kTransportClosed)},
    {"CLOSE_WORKER_EXITED", static_cast<uint64_t>(CloseCode::kWorkerExited)},
    {"CLOSE_SEND_BUFFER_LOST", static_cast<uint64_t>(CloseCode::kSendBufferLost)},
    {"CLOSE_SEND_BUFFER_CHANGED", static_cast<uint64_t>(CloseCode::kSendBufferChanged)},
};

}  // namespace

const LayoutFile kEngineLayout = {"engine", "core/layout.generated.ts", "native/session and native/base", kEngineConstants};

}  // namespace msgtrans
