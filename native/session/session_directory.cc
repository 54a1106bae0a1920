#include "session/session_directory.h"

#include <algorithm>
#include <new>

#include "base/assert.h"

namespace msgtrans {

SessionDirectory::SessionDirectory(uint32_t reactor)
    : reactor_(reactor), own_array_(SlotTable::make_array()), array_(own_array_.get()) {}

SessionDirectory::SessionDirectory(uint32_t reactor, SlotArray* array) : reactor_(reactor), array_(array) {
  if (array_ == nullptr) return;
  for (uint32_t slot = 0; slot < array_->slots_made; slot += kSegmentSlots) {
    // Relaxed: the number was handed over to this thread, and only its holder writes.
    segments_.push_back(array_->segments[slot / kSegmentSlots].load(std::memory_order_relaxed));
  }
  sessions_.resize(array_->slots_made, nullptr);
}

SessionDirectory::~SessionDirectory() {
  if (own_array_ == nullptr) return;
  for (SlotSegment* segment : segments_) delete segment;
}

bool SessionDirectory::add_segment() {
  try {
    sessions_.reserve(sessions_.size() + kSegmentSlots);
    segments_.reserve(segments_.size() + 1);
  } catch (const std::bad_alloc&) {
    return false;
  }
  SlotSegment* const segment = SlotTable::add_segment(*array_);
  if (segment == nullptr) return false;
  segments_.push_back(segment);
  sessions_.resize(array_->slots_made, nullptr);
  return true;
}

bool SessionDirectory::reserve(uint32_t sessions) {
  while (array_->slots_made < sessions) {
    if (!add_segment()) return false;
  }
  return true;
}

uint32_t SessionDirectory::claim(Session* session, SlotStatus status) {
  SlotArray& array = *array_;
  uint32_t slot;
  if (array.free.size() > kReuseDistance) {
    slot = array.free.front();
    array.free.pop_front();
  } else {
    if (array.next_fresh == array.slots_made && !add_segment()) {
      // The last resort before refusing: reuse early rather than turn a session away.
      if (array.free.empty()) return kSlotsMax;
      slot = array.free.front();
      array.free.pop_front();
    } else {
      slot = array.next_fresh++;
    }
  }
  SlotState& slot_state = state(slot);
  // Relaxed: only this thread writes; a fresh slot starts at generation 1.
  const uint32_t generation = std::max(slot_state.generation.load(std::memory_order_relaxed), 1u);
  slot_state.queued_bytes = slot_state.flags = slot_state.message_id = 0;
  slot_state.peer_word = word(slot);
  slot_state.peer_generation = generation;
  // Relaxed: nobody knows this session yet; who learns of it does so through a link, which publishes this.
  slot_state.settled_bytes.store(0, std::memory_order_relaxed);
  // Release: pairs with the acquire loads in `SlotTable::is_current`.
  slot_state.generation.store(generation, std::memory_order_release);
  sessions_[slot] = session;
  // Release: pairs with the acquire load of the state in `SlotTable::is_current`; publishes the generation set before.
  slot_state.state.store(status, std::memory_order_release);
  // Relaxed: see open_count().
  open_count_.store(open_count() + 1, std::memory_order_relaxed);
  return slot;
}

void SessionDirectory::release(uint32_t slot) {
  SlotState& slot_state = state(slot);
  // Relaxed, both: only this thread writes.
  MSGTRANS_ASSERT(slot_state.state.load(std::memory_order_relaxed) != kSlotFree);
  sessions_[slot] = nullptr;
  const uint32_t generation = slot_state.generation.load(std::memory_order_relaxed);
  // Release: pairs with the acquire load of the generation in `SlotTable::is_current`, and comes before the state is
  // freed.
  slot_state.generation.store(generation + 1, std::memory_order_release);
  // Release: pairs with the acquire load of the state in `SlotTable::is_current`.
  slot_state.state.store(kSlotFree, std::memory_order_release);
  // Relaxed: see open_count().
  open_count_.store(open_count() - 1, std::memory_order_relaxed);
  // A slot at its last generation is retired: 2²¹ reuses are spread over many slots, so few ever get here.
  if (generation < kGenerationMax) array_->free.push_back(slot);
}

void SessionDirectory::check_invariants() const {
  uint32_t open = 0;
  for (uint32_t slot = 0; slot < slots_used(); ++slot) {
    // Relaxed: only this thread writes.
    const bool taken = state(slot).state.load(std::memory_order_relaxed) != kSlotFree;
    MSGTRANS_ASSERT(taken || sessions_[slot] == nullptr);
    if (taken) ++open;
  }
  MSGTRANS_ASSERT(open == open_count());
}

}  // namespace msgtrans
