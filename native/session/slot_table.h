// The slots of every reactor of the process, by reactor number: what any thread may look at.
//
//   reactors_[256] -> SlotArray -> segments[16 384] -> SlotState[1 024]
//
// Arrays and segments are made on first use, never move and are never freed: a reactor that ends leaves its array, and
// the next one with that number adopts it. So a session id from a reactor that is gone meets a slot whose generation
// has moved on, and is detected as stale, never followed.
//
// Who may call what: `find_state`, `is_current` and `lookup_batch` any thread, wait-free (loads only, no
// read-modify-write, nothing to reclaim). What an array keeps for its owner (`SlotArray::free` and below) belongs to
// the reactor that holds the number; handing a number over synchronises (`ReactorNumber`).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "memory/reserved_queue.h"
#include "session/session_id.h"
#include "session/slot_state.h"

namespace msgtrans {

inline constexpr uint32_t kSegmentSlots = 1024;
inline constexpr uint32_t kSegmentsMax = kSlotsMax / kSegmentSlots;

struct alignas(64) SlotSegment {
  SlotState slots[kSegmentSlots];
};

struct SlotArray {
  std::atomic<SlotSegment*> segments[kSegmentsMax] = {};

  // The owner's book-keeping, which outlives it.
  uint32_t slots_made = 0;
  uint32_t next_fresh = 0;
  ReservedQueue<uint32_t> free{kSlotsMax};  // first in, first out; a slot is given back whatever memory there is
};

class SlotTable {
 public:
  // An array that nobody else sees. Null when memory is refused.
  static std::unique_ptr<SlotArray> make_array();

  // The array of a reactor number, made on first use. Null when memory is refused. The holder of the number.
  static SlotArray* adopt(uint32_t reactor);

  // Makes the next segment of an array. Null when memory is refused. The holder of the number.
  static SlotSegment* add_segment(SlotArray& array);

  // Any thread. Null for a slot that never was.
  static SlotState* find_state(uint32_t slot_word) {
    // Acquire: pairs with the release store in `adopt`; publishes the zeroed array.
    const SlotArray* const array = arrays_[slot_word >> kSlotBits].load(std::memory_order_acquire);
    if (array == nullptr) return nullptr;
    const uint32_t slot = slot_word & kSlotMask;
    // Acquire: pairs with the release store in `add_segment`; publishes the zeroed segment.
    SlotSegment* const segment = array->segments[slot / kSegmentSlots].load(std::memory_order_acquire);
    return segment == nullptr ? nullptr : &segment->slots[slot % kSegmentSlots];
  }

  // Any thread. Whether `state` holds the open session of that generation.
  static bool is_current(const SlotState& state, uint32_t generation) {
    // Acquire, both: pair with the release stores in `SessionDirectory::claim` and `release`. State first, generation
    // second: the owner bumps the generation before it frees the state, so an open state with our generation was
    // ours throughout.
    if (state.state.load(std::memory_order_acquire) != kSlotOpen) return false;
    return state.generation.load(std::memory_order_acquire) == generation;
  }

  // Any thread. Whether the session with this id is open: a wait-free read, nothing hashed.
  static bool is_open(uint64_t id) {
    const SlotState* const state = find_state(static_cast<uint32_t>(id));
    return state != nullptr && is_current(*state, static_cast<uint32_t>(id >> 32));
  }

  // Any thread. `open[i]` is 1 when `ids[i]` is open. The states are prefetched together, so that their cache misses
  // overlap. The spans have the same length.
  static void lookup_batch(std::span<const uint64_t> ids, std::span<uint8_t> open);

 private:
  // No destructor and no constructor to run: usable from the first thread to the last.
  static inline std::atomic<SlotArray*> arrays_[kReactorsMax] = {};
};

}  // namespace msgtrans
