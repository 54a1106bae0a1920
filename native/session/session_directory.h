// The sessions of one reactor, as their owner keeps them: which slot is whose, and which slot is next.
//
// The slots themselves lie in `SlotTable`, where every thread may look; everything here is the reactor thread's.
//
// Reuse is first-in first-out and only after kReuseDistance other slots were freed: last-in first-out reuse would
// wrap a 21-bit generation within a minute of reconnects. A slot whose generation would wrap is retired for good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "session/session_id.h"
#include "session/slot_state.h"
#include "session/slot_table.h"

namespace msgtrans {

struct Session;

class SessionDirectory {
 public:
  static constexpr uint32_t kReuseDistance = 1024;

  // Slots of its own, which nobody else sees: for tests and for engines that stand alone.
  explicit SessionDirectory(uint32_t reactor);
  // Adopts the process-wide slots of that reactor number; null means that memory was refused: see valid().
  SessionDirectory(uint32_t reactor, SlotArray* array);
  ~SessionDirectory();
  SessionDirectory(const SessionDirectory&) = delete;
  SessionDirectory& operator=(const SessionDirectory&) = delete;

  [[nodiscard]] bool valid() const { return array_ != nullptr; }

  // Makes segments for `sessions` slots ahead of use. False when memory is refused.
  bool reserve(uint32_t sessions);

  // A slot in state `status`, or kSlotsMax when all are in use or memory is refused. `session` is null for sessions
  // in process, which need no more than their slot.
  uint32_t claim(Session* session, SlotStatus status = kSlotOpen);
  void release(uint32_t slot);

  [[nodiscard]] Session* find(uint32_t slot, uint32_t generation) const {
    if (slot >= sessions_.size()) return nullptr;
    // Relaxed: only this thread writes.
    if (state(slot).generation.load(std::memory_order_relaxed) != generation) return nullptr;
    return sessions_[slot];
  }
  [[nodiscard]] Session* at(uint32_t slot) const { return slot < sessions_.size() ? sessions_[slot] : nullptr; }

  // Whether the slot is taken by that generation, in whatever state.
  [[nodiscard]] bool is_taken(uint32_t slot, uint32_t generation) const {
    if (slot >= sessions_.size()) return false;
    const SlotState& slot_state = state(slot);
    // Relaxed, both: only this thread writes.
    return slot_state.generation.load(std::memory_order_relaxed) == generation &&
           slot_state.state.load(std::memory_order_relaxed) != kSlotFree;
  }

  // `slot` must lie in a segment that was made.
  [[nodiscard]] SlotState& state(uint32_t slot) const { return segments_[slot / kSegmentSlots]->slots[slot % kSegmentSlots]; }
  void prefetch(uint32_t slot) const {
    if (slot >= sessions_.size()) return;
    __builtin_prefetch(&state(slot));
    __builtin_prefetch(&sessions_[slot]);
  }
  [[nodiscard]] bool is_current(uint32_t slot, uint32_t generation) const {
    return SlotTable::is_current(state(slot), generation);
  }
  [[nodiscard]] uint32_t word(uint32_t slot) const { return slot_word(reactor_, slot); }
  // Slots that were ever claimed are below this.
  [[nodiscard]] uint32_t slots_used() const { return array_->next_fresh; }
  [[nodiscard]] uint32_t open_count() const {
    // Relaxed: only this thread writes; others want to know how busy the reactor is, roughly.
    return open_count_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint32_t segment_count() const { return static_cast<uint32_t>(segments_.size()); }

  // For the ArrayBuffer over it; it is never freed.
  [[nodiscard]] SlotSegment* segment(uint32_t index) const { return segments_[index]; }

  void check_invariants() const;

 private:
  bool add_segment();

  uint32_t reactor_;
  std::unique_ptr<SlotArray> own_array_;
  SlotArray* array_;
  std::atomic<uint32_t> open_count_ = 0;
  std::vector<SlotSegment*> segments_;  // those of the array, without its atomics
  std::vector<Session*> sessions_;
};

}  // namespace msgtrans
