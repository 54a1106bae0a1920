// The memory that a reactor and its JavaScript share, word by word (32 bits, little-endian). Every constant here is
// printed into `core/layout.generated.ts`; nothing else may know these numbers.
//
// control        [0] ring used, bytes     written by JS with each send, set to 0 when the ring was taken
//                [1] route all            JS sets 1 while no message handler is registered
//                [2] [3] queued total     float64, bytes in write queues and under way to other reactors, by C++
//                [4] ring start           where JavaScript writes, in bytes from the ring's begin, written by C++
//
// descriptor     [0] slot word            reactor << 24 | slot
//  (8 words)     [1] generation
//                [2] payload offset       from the arena's start, or from the mapping's start when dedicated
//                [3] payload length       bytes
//                [4] wire word 0          header bytes 0–3 as they came: version, compression, type, biz type
//                [5] message id           as it came, big-endian, so that an answer can copy it
//                [6] slice word           reactor whose arena it lies in << 24 | slice id; bit 23: a mapping of its
//                                         own, not in the arena; bit 22: a segment of that reactor's outbound ring;
//                                         both: a packet that another thread has lent us, whose header is apart and
//                                         whose payload offset is from its slice's start
//                [7] ext length | reserved << 16    the ext header ends where the payload begins
//
// event          [0] kind, [1] slot word, [2] generation, [3] a, [4] b, [5] c   (see EventKind)
//  (8 words)
//
// outbound run   [0] slot word, [1] generation, [2] bytes, [3] messages | kRunReferenceBit | kRunSliceBit | kRunForeignBit
//  (4 words)     followed by `bytes` of packets in wire format, or, for a reference, by two words: the arena offset
//                and the length of packets that already lie in a received slice, or, for a slice, by three words: slice
//                id, payload offset (as in a descriptor) and length, then the packet's header and ext header; the
//                payload is sent from where it lies in the slice. The next run starts on 8 bytes.
//                The slot word is the session's peer word (see `slot_state.h`), so it says which reactor takes the run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msgtrans {

inline constexpr size_t kWordBytes = 4;

inline constexpr size_t kControlWords = 64;
inline constexpr size_t kControlRingUsed = 0;
inline constexpr size_t kControlRouteAll = 1;
inline constexpr size_t kControlQueuedTotalF64 = 1;  // index in 8-byte units
inline constexpr size_t kControlRingStart = 4;

inline constexpr size_t kDescriptorWords = 8;
inline constexpr size_t kDescriptorSlotWord = 0;
inline constexpr size_t kDescriptorGeneration = 1;
inline constexpr size_t kDescriptorPayloadOffset = 2;
inline constexpr size_t kDescriptorPayloadLength = 3;
inline constexpr size_t kDescriptorWireWord0 = 4;
inline constexpr size_t kDescriptorMessageIdWire = 5;
inline constexpr size_t kDescriptorSliceWord = 6;
inline constexpr size_t kDescriptorExtLength = 7;

// Messages per call into JavaScript.
inline constexpr size_t kDeliveryMessagesMax = 1024;
// One read of 64 KB may hold 4 096 packets of 16 bytes, and a turn stops reading once it holds a delivery's worth.
inline constexpr size_t kReadBytesMax = 64 * 1024;
inline constexpr size_t kPacketBytesMin = 16;
// One more for the packet whose first bytes were read in an earlier turn.
inline constexpr size_t kDescriptorsMax = kDeliveryMessagesMax + kReadBytesMax / kPacketBytesMin + 1;

inline constexpr size_t kEventWords = 8;
inline constexpr size_t kEventKind = 0;
inline constexpr size_t kEventSlotWord = 1;
inline constexpr size_t kEventGeneration = 2;
inline constexpr size_t kEventA = 3;
inline constexpr size_t kEventB = 4;
inline constexpr size_t kEventC = 5;
inline constexpr size_t kEventsMax = 1024;

enum EventKind : uint32_t {
  kEventAccepted = 1,       // a: listener
  kEventConnected = 2,      // a: connect
  kEventConnectFailed = 3,  // a: connect, b: errno
  kEventAcceptFailed = 4,   // a: listener, b: errno, c: how many connections were turned away
  kEventDrain = 5,
  kEventClose = 6,          // a: CloseCode, b: errno, c: 1 when this side began
  kEventBroken = 7,         // what was queued for the session is lost; its close follows
  kEventArena = 8,          // a: reactor whose arena is another from now on
};

// Parts of a delivery; see SessionEngine::Host::Delivery.
enum DeliveryFlag : uint32_t { kDeliveryWithOpenings = 1, kDeliveryWithClosings = 2 };

inline constexpr size_t kRunWords = 4;
inline constexpr size_t kRunSlotWord = 0;
inline constexpr size_t kRunGeneration = 1;
inline constexpr size_t kRunBytes = 2;
inline constexpr size_t kRunMessages = 3;
inline constexpr uint32_t kRunReferenceBit = 1u << 31;
// From a thread that does not hold the session: not counted among what its holder has queued.
inline constexpr uint32_t kRunForeignBit = 1u << 30;
// Header and ext header in the run, the payload in a slice of ours. For sockets of ours alone.
inline constexpr uint32_t kRunSliceBit = 1u << 29;
inline constexpr size_t kRunSliceWords = 3;
inline constexpr uint32_t kRunMessagesMask = kRunSliceBit - 1;
inline constexpr size_t kRunAlignment = 8;
// One segment is with JavaScript; the others are lent to reactors that still read what was sent to them. JavaScript hands
// on what it wrote once 64 KB of it are for others, and then goes on behind it or in the next segment (kSegmentStartMax):
// a sender may be at least 2 MB ahead of them before anything is copied. What is never written costs addresses alone.
inline constexpr size_t kRingBytes = 256 * 1024;
inline constexpr uint32_t kRingSegments = 32;
// JavaScript goes on in the same segment behind what was lent, as long as it begins no further than this: a loop that turns
// after every few messages would lend a segment for each turn, and have none left when the other thread makes a pause.
inline constexpr uint32_t kSegmentStartMax = 48 * 1024;
// Wherever it begins, there is room for as much as a ring holds.
inline constexpr uint32_t kSegmentBytes = kRingBytes + 64 * 1024;
static_assert(kSegmentStartMax + kRingBytes <= kSegmentBytes && kSegmentBytes % 4096 == 0);

// Parts of a slice word.
inline constexpr uint32_t kSliceArenaShift = 24;
inline constexpr uint32_t kSliceIdMask = (1u << kSliceArenaShift) - 1;
inline constexpr uint32_t kSliceSegmentBit = 1u << 22;
// Both bits; the rest of the id counts the packets of this delivery.
inline constexpr uint32_t kSliceLentBits = 3u << 22;
// Smaller payloads are copied for other threads: a buffer of their own at the receiver would cost more.
inline constexpr uint32_t kLendBytesMin = 16 * 1024;
constexpr bool is_lent_packet(uint32_t id) { return (id & kSliceLentBits) == kSliceLentBits; }

static_assert(kDescriptorWords * kWordBytes == 32, "two descriptors share a cache line, none straddles one");

}  // namespace msgtrans
