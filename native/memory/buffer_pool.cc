#include "memory/buffer_pool.h"

#include "base/assert.h"

namespace msgtrans {

namespace {

// The free lists and the id space are sized once; a tier count above this would overlap kDedicatedBit.
constexpr uint32_t kTierSlicesMax = kDedicatedBit / 4;

}  // namespace

size_t BufferPool::bytes_needed(const BufferPoolOptions& options) {
  size_t bytes = 0;
  for (size_t i = 0; i < kTierPayloadBytes.size(); ++i) {
    bytes += options.tier_counts[i] * (kTierPayloadBytes[i] + kSliceHeadroomBytes);
  }
  return bytes;
}

BufferPool::BufferPool(uint8_t* memory, const BufferPoolOptions& options)
    : read_slices_reserved_(options.read_slices_reserved), dedicated_bytes_max_(options.dedicated_bytes_max) {
  SliceId next_id = 0;
  for (size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = tiers_[i];
    MSGTRANS_ASSERT(options.tier_counts[i] <= kTierSlicesMax);
    tier.base = memory;
    tier.slice_bytes = kTierPayloadBytes[i] + kSliceHeadroomBytes;
    tier.first_id = next_id;
    tier.count = options.tier_counts[i];
    tier.free.reserve(tier.count);
    // Lowest addresses on top: a quiet reactor touches only the first pages.
    for (uint32_t k = tier.count; k > 0; --k) tier.free.push_back(next_id + k - 1);
    memory += tier.slice_bytes * tier.count;
    next_id += tier.count;
  }
  references_.assign(next_id, 0);
  filled_.assign(next_id, 0);
}

Slice BufferPool::take(Tier& tier) {
  const SliceId id = tier.free.back();
  tier.free.pop_back();
  MSGTRANS_ASSERT(references_[id] == 0);
  references_[id] = 1;
  filled_[id] = 0;
  ++counters_.hits;
  ++counters_.slices_lent;
  return slice(id);
}

Slice BufferPool::acquire(size_t bytes) {
  for (Tier& tier : tiers_) {
    if (tier.slice_bytes < bytes) continue;
    const bool is_read_tier = &tier == &tiers_[kReadTier];
    if (tier.free.size() > (is_read_tier ? read_slices_reserved_ : 0)) return take(tier);
    break;
  }
  return acquire_dedicated(bytes);
}

Slice BufferPool::acquire_read_slice() {
  Tier& tier = tiers_[kReadTier];
  return tier.free.empty() ? acquire_dedicated(tier.slice_bytes) : take(tier);
}

Slice BufferPool::acquire_dedicated(size_t bytes) {
  if (bytes > dedicated_bytes_max_ || counters_.dedicated_bytes > dedicated_bytes_max_ - bytes) {
    ++counters_.refused;
    return {};
  }
  Mapping mapping = Mapping::create(bytes);
  if (!mapping.valid()) {
    ++counters_.refused;
    return {};
  }
  uint32_t index;
  if (dedicated_free_.empty()) {
    index = static_cast<uint32_t>(dedicated_.size());
    dedicated_.emplace_back();
  } else {
    index = dedicated_free_.back();
    dedicated_free_.pop_back();
  }
  MSGTRANS_ASSERT(index < kDedicatedBit);
  counters_.dedicated_bytes += mapping.bytes();
  ++counters_.misses;
  ++counters_.slices_lent;
  dedicated_[index].mapping = std::make_shared<Mapping>(std::move(mapping));
  dedicated_[index].references = 1;
  dedicated_[index].filled = 0;
  return slice(index | kDedicatedBit);
}

void BufferPool::add_reference(SliceId id) {
  uint32_t& references = (id & kDedicatedBit) ? dedicated_[id & ~kDedicatedBit].references : references_[id];
  MSGTRANS_ASSERT(references > 0);
  ++references;
}

void BufferPool::release(SliceId id) {
  if (id & kDedicatedBit) {
    const uint32_t index = id & ~kDedicatedBit;
    Dedicated& dedicated = dedicated_[index];
    MSGTRANS_ASSERT(dedicated.references > 0);
    if (--dedicated.references > 0) return;
    counters_.dedicated_bytes -= dedicated.mapping->bytes();
    dedicated.mapping.reset();
    dedicated_free_.push_back(index);
  } else {
    MSGTRANS_ASSERT(references_[id] > 0);
    if (--references_[id] > 0) return;
    Tier& tier = const_cast<Tier&>(tier_of(id));
    tier.free.push_back(id);
  }
  --counters_.slices_lent;
}

const BufferPool::Tier& BufferPool::tier_of(SliceId id) const {
  size_t i = 0;
  while (id >= tiers_[i].first_id + tiers_[i].count) ++i;
  return tiers_[i];
}

Slice BufferPool::slice(SliceId id) const {
  if (id & kDedicatedBit) {
    const Mapping& mapping = *dedicated_[id & ~kDedicatedBit].mapping;
    return {id, mapping.data(), mapping.bytes()};
  }
  const Tier& tier = tier_of(id);
  return {id, tier.base + (id - tier.first_id) * tier.slice_bytes, tier.slice_bytes};
}

uint32_t BufferPool::references(SliceId id) const {
  return (id & kDedicatedBit) ? dedicated_[id & ~kDedicatedBit].references : references_[id];
}

void BufferPool::set_filled(SliceId id, size_t bytes) {
  ((id & kDedicatedBit) ? dedicated_[id & ~kDedicatedBit].filled : filled_[id]) = static_cast<uint32_t>(bytes);
}

size_t BufferPool::filled(SliceId id) const {
  return (id & kDedicatedBit) ? dedicated_[id & ~kDedicatedBit].filled : filled_[id];
}

bool BufferPool::may_pin(SliceId id) const {
  if (id & kDedicatedBit) return true;
  const Tier& tier = tier_of(id);
  return &tier != &tiers_[kReadTier] || tier.free.size() >= read_slices_reserved_;
}

std::shared_ptr<Mapping> BufferPool::dedicated_mapping(SliceId id) const {
  return (id & kDedicatedBit) ? dedicated_[id & ~kDedicatedBit].mapping : nullptr;
}

void BufferPool::check_invariants() const {
  size_t lent = 0;
  for (const Tier& tier : tiers_) {
    MSGTRANS_ASSERT(tier.free.size() <= tier.count);
    for (const SliceId id : tier.free) MSGTRANS_ASSERT(references_[id] == 0);
    lent += tier.count - tier.free.size();
  }
  size_t dedicated_bytes = 0;
  for (const Dedicated& dedicated : dedicated_) {
    MSGTRANS_ASSERT((dedicated.references > 0) == (dedicated.mapping != nullptr));
    if (dedicated.references == 0) continue;
    dedicated_bytes += dedicated.mapping->bytes();
    ++lent;
  }
  MSGTRANS_ASSERT(lent == counters_.slices_lent);
  MSGTRANS_ASSERT(dedicated_bytes == counters_.dedicated_bytes);
}

}  // namespace msgtrans
