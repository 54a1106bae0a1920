// One connection, as its reactor sees it. Plain state: the rules are in `inbound_reader.cc`,
// `outbound_writer.cc`, `session_engine.cc` (life) and `engine_closing.cc` (death).
//
// Thread: the reactor's. Owner: the engine, from claim to the delivery of the close event.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/close_code.h"
#include "base/unique_fd.h"
#include "io/socket_address.h"
#include "io/timer_wheel.h"
#include "io/write_queue.h"
#include "memory/buffer_pool.h"

namespace msgtrans {

enum class Phase : uint8_t {
  kConnecting,   // no slot yet, or its opening event is still to be delivered: not read from
  kOpen,
  kEnding,       // the reason is known; what was received before it is still being delivered
  kFlushing,     // no more sends; waiting for the queue to empty
  kLingering,    // our half is shut; what still comes is read and thrown away until the peer's half is, too
  kClosed,       // descriptor gone; the close event is queued
};

enum PendingEvent : uint8_t { kPendingOpen = 1, kPendingDrain = 2, kPendingClose = 4 };

struct Session {
  UniqueFd fd;
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint32_t epoll_events = 0;
  Phase phase = Phase::kConnecting;
  bool outgoing = false;        // we connected
  bool paused = false;          // the inbound consumer is behind
  bool peer_closed = false;     // end of file was read
  bool write_failed = false;    // nothing can be written any more; the read side tells why
  bool discard_queue = false;   // closed without waiting for what is queued
  bool close_local = false;
  // Only where JavaScript lives on another thread; else these are flags of the slot.
  bool pulled = false;
  bool wants_drain = false;
  uint8_t pending_events = 0;   // PendingEvent
  bool in_dirty_list = false;
  uint32_t origin = 0;          // listener or connect id
  CloseCode close_code = CloseCode::kOrderly;
  int close_errno = 0;
  // Deliveries that must be back before an end may begin: their handlers may still answer.
  std::optional<uint64_t> ends_after;

  // Inbound. A small packet that straddles two reads waits in `remainder`; a large one is read straight into a
  // slice of its own, `assembly`, of which `assembly_bytes` of `assembly_total` are there.
  std::unique_ptr<uint8_t[]> remainder;
  uint32_t remainder_bytes = 0;
  uint32_t remainder_total = 0;   // of the whole packet; 0 while its header is incomplete
  // So many packets more are read one by one, never past the next header, since a large one may follow.
  uint8_t exact_reads = 0;
  Slice assembly;
  uint32_t assembly_begin = 0;
  uint64_t assembly_bytes = 0;
  uint64_t assembly_total = 0;

  // Outbound. `parts_*` chain this flush's pieces (indices into the engine's table, -1: none).
  WriteQueue queue;
  uint32_t foreign_bytes = 0;   // not yet sent, of senders that do not hold the session: its holder never queued them
  int32_t parts_first = -1;
  int32_t parts_last = -1;

  // One deadline at a time: connecting none, open and flushing the stall timeout, lingering the linger timeout.
  struct Timer : TimerNode {
    Session* session = nullptr;
  } timer;
  Session* dirty_next = nullptr;
  Session* ended_next = nullptr;
};

}  // namespace msgtrans
