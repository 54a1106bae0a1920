#include "session/slot_table.h"

#include <algorithm>
#include <new>

#include "base/assert.h"

namespace msgtrans {

namespace {

// Lookups whose cache misses are under way at once: about as many as a core has line fill buffers.
constexpr size_t kBatch = 16;

}  // namespace

std::unique_ptr<SlotArray> SlotTable::make_array() {
  try {
    return std::make_unique<SlotArray>();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

SlotArray* SlotTable::adopt(uint32_t reactor) {
  std::atomic<SlotArray*>& entry = arrays_[reactor];
  // Relaxed: only the holder of the number writes, and handing the number over synchronises.
  if (SlotArray* const known = entry.load(std::memory_order_relaxed)) return known;
  SlotArray* const array = make_array().release();
  if (array == nullptr) return nullptr;
  // Release: pairs with the acquire load in `find_state`.
  entry.store(array, std::memory_order_release);
  return array;
}

SlotSegment* SlotTable::add_segment(SlotArray& array) {
  if (array.slots_made >= kSlotsMax) return nullptr;
  auto* const segment = new (std::nothrow) SlotSegment();
  if (segment == nullptr) return nullptr;
  // Release: pairs with the acquire load in `find_state`.
  array.segments[array.slots_made / kSegmentSlots].store(segment, std::memory_order_release);
  array.slots_made += kSegmentSlots;
  return segment;
}

void SlotTable::lookup_batch(std::span<const uint64_t> ids, std::span<uint8_t> open) {
  MSGTRANS_ASSERT(ids.size() == open.size());
  const SlotState* states[kBatch];
  for (size_t begin = 0; begin < ids.size(); begin += kBatch) {
    const size_t count = std::min(kBatch, ids.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      states[i] = find_state(static_cast<uint32_t>(ids[begin + i]));
      if (states[i] != nullptr) __builtin_prefetch(states[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      const auto generation = static_cast<uint32_t>(ids[begin + i] >> 32);
      open[begin + i] = states[i] != nullptr && is_current(*states[i], generation) ? 1 : 0;
    }
  }
}

}  // namespace msgtrans
