// What one reactor tells another: 32 bytes, in order, over the link between the two.
//
//   kind, word, generation, a (32 bits each) | b, c (64 bits each)
//
// Pointers in a record own what they point to until the record was handled; `dispose` frees what nobody handled.
#pragma once

#include <cstdint>

namespace msgtrans {

enum class LinkKind : uint32_t {
  // word: messages; a: segment of the sender's ring, b: first byte << 32 | end, c: bytes of packets for this reactor in
  // between
  kRuns,
  // word, generation: session; a: messages; b: OwnedBytes*. A packet too large for a segment.
  kPacket,
  // word, generation: session; b: LentPacket*. A packet whose payload lies in a slice that somebody lends.
  kLent,
  // b: DeliveryBlock*, what an own-thread reactor received
  kDelivery,
  // b: the same block back: home has done with it, and the answers that its handlers gave are ahead of this record
  kDelivered,
  // a: listener id here, b: HandedSocket*, c: listener id of the sender. An accepted connection.
  kSocket,

  // Sessions in process. `word` and `generation` name the receiver's end, a and b the sender's (word, generation).
  kMemConnect,   // word: listener id; c: connect id there, for the answer
  kMemAccept,    // the listener's answer: a session, and its other end
  kMemRefuse,    // a: errno
  kMemClose,     // a: CloseCode, b: the number that goes with it
  kMemClosed,    // the answer to it
  kMemDrainAsk,  // answered when everything before it was taken
  kMemDrained,

  // What the JavaScript thread asks of a reactor on a thread of its own.
  kSetPaused,   // a: 0 or 1
  kSetPulled,   // a: 0 or 1
  kWantDrain,
  kCloseSession,  // a: CloseCode, b: 1 to flush first
  kCloseAll,      // a: CloseCode, b: 1 to flush first
  kRouteAll,      // a: 0 or 1
  kCancelConnect, // a: connect id
  kCloseListener, // a: listener id
  kCall,          // b: ReactorCall*, whose caller waits
};

struct LinkRecord {
  LinkKind kind;
  uint32_t word;
  uint32_t generation;
  uint32_t a;
  uint64_t b;
  uint64_t c;
};
static_assert(sizeof(LinkRecord) == 32, "two records share a cache line, none straddles one");

// Frees what an unhandled record owns.
void dispose(const LinkRecord& record);

}  // namespace msgtrans
