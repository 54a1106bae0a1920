// One session slot as every thread and JavaScript see it, in 32-bit words.
//
//   0 generation   1 state       2 queued_bytes   3 flags
//   4 peer_word    5 peer_generation   6 settled_bytes   7 message_id
//
// A packet for a session is addressed to its *peer* words: for a socket those are the slot's own, for `mem://` the slot
// at the other end. So whoever sends reads and writes one line and looks nothing up.
//
// Who writes what:
// - generation, state, peer words: the reactor that owns the slot.
// - queued_bytes, flags, message_id: the thread whose JavaScript holds the session, which is the reactor's own unless
//   the reactor has a thread to itself. (What the holder needs rarely, it keeps elsewhere: with 100 000 sessions in no
//   order each line is a miss, and the time of a send.)
// - settled_bytes: the reactor that owns the slot, counting what it took of those that send to this slot from another
//   thread. They read it at the slot that they address, when they want to know what is still under way:
//   `queued_bytes -= settled_bytes - what they saw last`. So no cache line goes back and forth with every message.
#pragma once

#include <atomic>
#include <cstdint>

namespace msgtrans {

// A word that its owner writes and any thread may read. Relaxed: a value of an earlier session does no harm, since the
// generation that is read with it tells.
class SharedWord {
 public:
  SharedWord& operator=(uint32_t value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator uint32_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> value_;
};

struct SlotState {
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> state;  // SlotStatus
  // Bytes accepted by `send` and not yet known to be taken, those still in the outbound ring included.
  uint32_t queued_bytes;
  uint32_t flags;  // SlotFlag
  SharedWord peer_word;
  SharedWord peer_generation;
  std::atomic<uint32_t> settled_bytes;
  // The one that was given out last on this side; 0 before the first.
  uint32_t message_id;
};
static_assert(sizeof(SlotState) == 32 && sizeof(std::atomic<uint32_t>) == 4);
static_assert(std::atomic<uint32_t>::is_always_lock_free, "JavaScript reads these words as they lie");

enum SlotStatus : uint32_t {
  kSlotFree = 0,
  kSlotOpen = 1,
  kSlotClosing = 2,  // no more sends; the close event is still to come
  kSlotOpening = 3,  // in process: the other end has not answered yet
};

enum SlotFlag : uint32_t {
  kSlotWantsDrain = 1,  // JavaScript was told "above the high watermark" and is owed one drain event
  kSlotPulled = 2,      // messages go to the session's own inbox, not to the transport's handler
  kSlotToldFull = 4,    // JavaScript's own: `send` returned false, so the drain event is one of the transport's too
  kSlotBroken = 8,      // a write failed and what was queued is lost: nothing drains any more, the close says why
  // Of sessions in process, the reactor's own:
  kSlotEnding = 16,     // this end closes, or knows that the other one did: takes no more messages
  kSlotEnded = 32,      // its close event is on its way
  kSlotHeld = 64,       // the inbound consumer is behind: what it gets is not settled
};
// Of sessions in process: from this bit on one more than the CloseCode that this end closes with, 0 while it does not.
inline constexpr uint32_t kSlotEndingShift = 24;

}  // namespace msgtrans
