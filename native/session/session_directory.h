// The sessions of one reactor by slot and generation.
//
// Slots live in segments that never move and are never freed while the directory lives, so that a slot's state can
// be read by index from JavaScript (each segment is exposed as an ArrayBuffer) and, with the loads below, from
// other threads.
//
// Who may call what: everything is the reactor thread's, except `is_current`, which any thread may call: wait-free,
// two loads, nothing to reclaim, since it never follows a pointer. Only the owner writes.
//
// Reuse is first-in first-out and only after kReuseDistance other slots were freed: last-in first-out reuse would
// wrap a 21-bit generation within a minute of reconnects. A slot whose generation would wrap is retired for good.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "memory/mapping.h"
#include "session/session_id.h"

namespace msgtrans {

struct Session;

// One slot as JavaScript sees it, in 32-bit words. `core/session-table.ts` reads all of it and writes
// `queued_bytes` and `flags` (both on the reactor's own thread).
struct SlotState {
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> state;  // SlotStatus
  // Bytes accepted by `send` and not yet taken by the kernel, those still in the outbound ring included.
  uint32_t queued_bytes;
  uint32_t flags;  // SlotFlag
};
static_assert(sizeof(SlotState) == 16 && sizeof(std::atomic<uint32_t>) == 4);

enum SlotStatus : uint32_t {
  kSlotFree = 0,
  kSlotOpen = 1,
  kSlotClosing = 2,  // no more sends; the close event is still to come
};

enum SlotFlag : uint32_t {
  kSlotWantsDrain = 1,  // JavaScript was told "above the high watermark" and is owed one drain event
  kSlotPulled = 2,      // messages go to the session's own inbox, not to the transport's handler
  kSlotBroken = 8,      // a write failed and what was queued is lost: nothing drains any more, the close says why
  kSlotToldFull = 4,    // JavaScript's own: `send` returned false, so the drain event is one of the transport's too
};

class SessionDirectory {
 public:
  static constexpr uint32_t kSegmentSlots = 1024;
  static constexpr uint32_t kReuseDistance = 1024;

  explicit SessionDirectory(uint32_t reactor) : reactor_(reactor) {}
  SessionDirectory(const SessionDirectory&) = delete;
  SessionDirectory& operator=(const SessionDirectory&) = delete;

  // Makes segments for `sessions` slots ahead of use. False when memory is refused.
  bool reserve(uint32_t sessions);

  // A slot in state open, or kSlotsMax when all are in use or memory is refused.
  uint32_t claim(Session* session);
  void release(uint32_t slot);

  [[nodiscard]] Session* find(uint32_t slot, uint32_t generation) const {
    if (slot >= slots_made_) return nullptr;
    // Relaxed: only this thread writes.
    if (state(slot).generation.load(std::memory_order_relaxed) != generation) return nullptr;
    return sessions_[slot];
  }
  [[nodiscard]] Session* at(uint32_t slot) const { return slot < slots_made_ ? sessions_[slot] : nullptr; }

  // Any thread. Whether the session of that generation is open in `slot`. `slot` must lie in a segment that the
  // caller has learned of from the owner.
  [[nodiscard]] bool is_current(uint32_t slot, uint32_t generation) const {
    const SlotState& slot_state = state(slot);
    // Acquire: pairs with the release stores in `claim` and `release`. State first, generation second: the owner
    // bumps the generation before it frees the state, so an open state with our generation was ours throughout.
    if (slot_state.state.load(std::memory_order_acquire) != kSlotOpen) return false;
    return slot_state.generation.load(std::memory_order_acquire) == generation;
  }

  [[nodiscard]] SlotState& state(uint32_t slot) const {
    return reinterpret_cast<SlotState*>(segments_[slot / kSegmentSlots]->data())[slot % kSegmentSlots];
  }
  [[nodiscard]] uint32_t word(uint32_t slot) const { return slot_word(reactor_, slot); }
  // Slots that were ever claimed are below this.
  [[nodiscard]] uint32_t slots_used() const { return next_fresh_; }
  [[nodiscard]] uint32_t open_count() const { return open_count_; }
  [[nodiscard]] uint32_t segment_count() const { return static_cast<uint32_t>(segments_.size()); }
  // Shared with the ArrayBuffer over it, which may outlive the directory by a garbage collection.
  [[nodiscard]] std::shared_ptr<Mapping> segment(uint32_t index) const { return segments_[index]; }

  void check_invariants() const;

 private:
  bool add_segment();

  uint32_t reactor_;
  uint32_t slots_made_ = 0;
  uint32_t next_fresh_ = 0;
  uint32_t open_count_ = 0;
  std::vector<std::shared_ptr<Mapping>> segments_;
  std::vector<Session*> sessions_;
  std::deque<uint32_t> free_;  // first in, first out
};

}  // namespace msgtrans
