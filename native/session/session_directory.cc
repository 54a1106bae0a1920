#include "session/session_directory.h"

#include <new>

#include "base/assert.h"

namespace msgtrans {

bool SessionDirectory::add_segment() {
  if (slots_made_ >= kSlotsMax) return false;
  try {
    auto segment = std::make_shared<Mapping>(Mapping::create(kSegmentSlots * sizeof(SlotState)));
    if (!segment->valid()) return false;
    sessions_.resize(slots_made_ + kSegmentSlots, nullptr);
    segments_.push_back(std::move(segment));
  } catch (const std::bad_alloc&) {
    return false;
  }
  slots_made_ += kSegmentSlots;
  return true;
}

bool SessionDirectory::reserve(uint32_t sessions) {
  while (slots_made_ < sessions) {
    if (!add_segment()) return false;
  }
  return true;
}

uint32_t SessionDirectory::claim(Session* session) {
  uint32_t slot;
  if (free_.size() > kReuseDistance) {
    slot = free_.front();
    free_.pop_front();
  } else {
    if (next_fresh_ == slots_made_ && !add_segment()) {
      // The last resort before refusing: reuse early rather than turn a session away.
      if (free_.empty()) return kSlotsMax;
      slot = free_.front();
      free_.pop_front();
    } else {
      slot = next_fresh_++;
    }
  }
  SlotState& slot_state = state(slot);
  slot_state.queued_bytes = 0;
  slot_state.flags = 0;
  if (slot_state.generation.load(std::memory_order_relaxed) == 0) {
    // Release: pairs with the acquire loads in `is_current`. A fresh slot starts at generation 1.
    slot_state.generation.store(1, std::memory_order_release);
  }
  sessions_[slot] = session;
  // Release: pairs with the acquire load of the state in `is_current`; publishes the generation set before it.
  slot_state.state.store(kSlotOpen, std::memory_order_release);
  ++open_count_;
  return slot;
}

void SessionDirectory::release(uint32_t slot) {
  SlotState& slot_state = state(slot);
  MSGTRANS_ASSERT(sessions_[slot] != nullptr);
  sessions_[slot] = nullptr;
  const uint32_t generation = slot_state.generation.load(std::memory_order_relaxed);
  // Release: pairs with the acquire load of the generation in `is_current`, and comes before the state is freed.
  slot_state.generation.store(generation + 1, std::memory_order_release);
  // Release: pairs with the acquire load of the state in `is_current`.
  slot_state.state.store(kSlotFree, std::memory_order_release);
  --open_count_;
  // A slot at its last generation is retired: 2²¹ reuses are spread over many slots, so few ever get here.
  if (generation < kGenerationMax) free_.push_back(slot);
}

void SessionDirectory::check_invariants() const {
  uint32_t open = 0;
  for (uint32_t slot = 0; slot < next_fresh_; ++slot) {
    const bool occupied = sessions_[slot] != nullptr;
    MSGTRANS_ASSERT(occupied == (state(slot).state.load(std::memory_order_relaxed) != kSlotFree));
    if (occupied) ++open;
  }
  MSGTRANS_ASSERT(open == open_count_);
}

}  // namespace msgtrans
