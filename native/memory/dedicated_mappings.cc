#include "memory/dedicated_mappings.h"

#include <new>
#include <utility>

namespace msgtrans {

std::shared_ptr<Mapping> DedicatedMappings::map(size_t bytes) const {
  auto mapping = std::make_unique<Mapping>(Mapping::create(bytes));
  if (!mapping->valid()) return nullptr;
  if (process_budget_ == nullptr) return mapping;
  if (!process_budget_->try_charge(mapping->bytes())) return nullptr;
  // Refunded when the last one who may see the bytes lets go, on whatever thread that is; also when what follows here
  // finds no memory.
  return {mapping.release(), [budget = process_budget_](const Mapping* ended) {
            const size_t ended_bytes = ended->bytes();
            delete ended;
            budget->refund(ended_bytes);
          }};
}

uint32_t DedicatedMappings::take_index() {
  if (!free_.empty()) {
    const uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  if (made_ % kChunkEntries == 0) {
    // So that giving back never needs memory.
    free_.reserve(made_ + kChunkEntries);
    chunks_[made_ / kChunkEntries] = std::make_unique<Chunk>();
  }
  return made_++;
}

SliceId DedicatedMappings::acquire(size_t bytes) {
  if (bytes > bytes_max_ || bytes_ > bytes_max_ - bytes) return kNoSlice;
  if (free_.empty() && made_ == kChunkEntries * kChunks) return kNoSlice;
  try {
    std::shared_ptr<Mapping> mapping = map(bytes);
    if (mapping == nullptr) return kNoSlice;
    const uint32_t index = take_index();
    Entry& taken = entry(index);
    bytes_ += mapping->bytes();
    taken.mapping = std::move(mapping);
    taken.references = 1;
    taken.filled = 0;
    return index | kDedicatedBit;
  } catch (const std::bad_alloc&) {
    return kNoSlice;
  }
}

void DedicatedMappings::end(SliceId id) {
  Entry& ended = entry(id);
  MSGTRANS_ASSERT(ended.references == 0);
  bytes_ -= ended.mapping->bytes();
  ended.mapping.reset();
  free_.push_back(id & ~kDedicatedBit);
}

void DedicatedMappings::check_invariants() const {
  size_t bytes = 0;
  uint32_t used = 0;
  for (uint32_t index = 0; index < made_; ++index) {
    const Entry& one = entry(index);
    MSGTRANS_ASSERT((one.references > 0) == (one.mapping != nullptr));
    // Relaxed: the owner's own shares are in it; what others give back meanwhile only lowers the count.
    MSGTRANS_ASSERT(one.references > 0 || one.node.word.load(std::memory_order_relaxed) == 0);
    if (one.mapping == nullptr) continue;
    bytes += one.mapping->bytes();
    ++used;
  }
  MSGTRANS_ASSERT(bytes == bytes_);
  MSGTRANS_ASSERT(used == count());
}

}  // namespace msgtrans
