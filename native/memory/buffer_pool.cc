#include "memory/buffer_pool.h"

#include <algorithm>

#include "base/assert.h"

namespace msgtrans {

namespace {

TierCounts counts_max(const BufferPoolOptions& options) {
  TierCounts counts{};
  for (size_t tier = 0; tier < kTiers; ++tier) {
    counts[tier] = std::max(options.tier_counts[tier], options.tier_counts_max[tier]);
  }
  return counts;
}

uint32_t reserved_slices(size_t tier, const BufferPoolOptions& options) {
  return tier == kReadTier ? options.read_slices_reserved : 0;
}

// Where each tier begins, and behind the last where the pool ends. A tier with a whole slab begins on a huge page.
std::array<size_t, kTiers + 1> tier_offsets(const BufferPoolOptions& options) {
  std::array<size_t, kTiers + 1> offsets{};
  size_t offset = 0;
  for (size_t tier = 0; tier < kTiers; ++tier) {
    const size_t bytes = SliceTier::region_bytes(tier, counts_max(options)[tier]);
    const size_t alignment = bytes >= kHugePageBytes ? kHugePageBytes : 4096;
    offset = (offset + alignment - 1) & ~(alignment - 1);
    offsets[tier] = offset;
    offset += bytes;
  }
  offsets[kTiers] = offset;
  return offsets;
}

SliceTier make_tier(size_t tier, uint8_t* memory, const BufferPoolOptions& options, const SliceGuard& guard) {
  return {tier, memory + tier_offsets(options)[tier], counts_max(options)[tier], reserved_slices(tier, options),
          guard.active()};
}

TierKeeper make_keeper(size_t index, SliceTier& tier, const BufferPoolOptions& options,
                       const BufferPoolServices& services, const SliceGuard& guard) {
  const TierPlan plan{options.tier_counts[index], reserved_slices(index, options), options.quiet_windows,
                      options.huge_pages};
  return {tier, plan, services.warmer, guard};
}

}  // namespace

size_t BufferPool::bytes_needed(const BufferPoolOptions& options) { return tier_offsets(options)[kTiers]; }

BufferPool::BufferPool(uint8_t* memory, const BufferPoolOptions& options, const BufferPoolServices& services)
    : guard_(options.poisoning),
      window_calls_(std::max(1u, options.window_calls)),
      tiers_{make_tier(0, memory, options, guard_), make_tier(1, memory, options, guard_),
             make_tier(2, memory, options, guard_), make_tier(3, memory, options, guard_)},
      keepers_{make_keeper(0, tiers_[0], options, services, guard_),
               make_keeper(1, tiers_[1], options, services, guard_),
               make_keeper(2, tiers_[2], options, services, guard_),
               make_keeper(3, tiers_[3], options, services, guard_)},
      dedicated_(options.dedicated_bytes_max, services.dedicated_budget),
      memory_(memory),
      bytes_(bytes_needed(options)),
      lending_(counts_max(options), dedicated_) {}

BufferPool::~BufferPool() {
  drain_returns();
  // A thread that gives back later would write into freed memory.
  MSGTRANS_ASSERT(shared_ == 0);
  // The memory goes on to whoever comes next.
  SliceGuard::allow(memory_, bytes_);
}

Slice BufferPool::acquire_seen(size_t index, uint32_t kept, size_t bytes) {
  SliceTier& tier = tiers_[index];
  if (tier.free_count() <= kept) {
    // A growth may have ended since the last turn, or other threads may have given back.
    keepers_[index].poll();
    if (tier.free_count() <= kept) drain_returns();
    if (tier.free_count() <= kept) return acquire_dedicated(bytes);
  }
  const Slice taken = tier.take();
  if (guard_.active()) guard_.mark_taken(taken.data, taken.bytes);
  if (tier.is_below_noted()) keepers_[index].note_low();
  return taken;
}

Slice BufferPool::acquire_dedicated(size_t bytes) {
  const SliceId id = dedicated_.acquire(bytes);
  if (id == kNoSlice) {
    ++refused_;
    return {};
  }
  ++misses_;
  return slice(id);
}

void BufferPool::add_reference(SliceId id) {
  uint32_t& references =
      (id & kDedicatedBit) != 0 ? dedicated_.entry(id).references : tiers_[id >> kTierShift].state(id).references;
  MSGTRANS_ASSERT(references > 0 && references < UINT32_MAX);
  ++references;
}

void BufferPool::release_dedicated(SliceId id) {
  uint32_t& references = dedicated_.entry(id).references;
  MSGTRANS_ASSERT(references > 0);
  if (--references == 0) dedicated_.end(id);
}

Slice BufferPool::slice(SliceId id) const {
  if ((id & kDedicatedBit) != 0) {
    const Mapping& mapping = *dedicated_.entry(id).mapping;
    MSGTRANS_ASSERT(mapping.bytes() <= UINT32_MAX);  // no packet is as large
    return {id, static_cast<uint32_t>(mapping.bytes()), mapping.data()};
  }
  const SliceTier& tier = tiers_[id >> kTierShift];
  return {id, static_cast<uint32_t>(tier.slice_bytes()), tier.state(id).data};
}

uint32_t BufferPool::references(SliceId id) const {
  return (id & kDedicatedBit) != 0 ? dedicated_.entry(id).references : tiers_[id >> kTierShift].state(id).references;
}

void BufferPool::set_filled(SliceId id, size_t bytes) {
  ((id & kDedicatedBit) != 0 ? dedicated_.entry(id).filled : tiers_[id >> kTierShift].state(id).filled) =
      static_cast<uint32_t>(bytes);
}

size_t BufferPool::filled(SliceId id) const {
  return (id & kDedicatedBit) != 0 ? dedicated_.entry(id).filled : tiers_[id >> kTierShift].state(id).filled;
}

std::shared_ptr<Mapping> BufferPool::dedicated_mapping(SliceId id) const {
  return (id & kDedicatedBit) != 0 ? dedicated_.entry(id).mapping : nullptr;
}

void BufferPool::share(SliceId id, uint32_t holders) {
  MSGTRANS_ASSERT(references(id) > 0);
  if (holders == 0 || !ReturnStack<>::share(lending_(id), holders)) return;
  add_reference(id);
  ++shared_;
}

void BufferPool::take_back(SliceId id) {
  if (!ReturnStack<>::take_back(lending_(id))) return;
  --shared_;
  release(id);
}

uint32_t BufferPool::drain_returns() {
  const uint32_t count = returns_.take_all(lending_, [this](SliceId id) { release(id); });
  shared_ -= count;
  foreign_returns_ += count;
  return count;
}

size_t BufferPool::warm_up(const TierCounts& counts) {
  size_t bytes = 0;
  for (size_t tier = 0; tier < kTiers; ++tier) bytes += tiers_[tier].warm_up(counts[tier]);
  return bytes;
}

size_t BufferPool::warm_up(size_t bytes) {
  size_t warmed = 0;
  for (const size_t tier : {kReadTier, size_t{0}, size_t{1}, size_t{3}}) {
    if (warmed >= bytes) break;
    const size_t slice_bytes = tiers_[tier].slice_bytes();
    const size_t count = (bytes - warmed + slice_bytes - 1) / slice_bytes;
    warmed += tiers_[tier].warm_up(static_cast<uint32_t>(std::min<size_t>(count, tiers_[tier].in_service())));
  }
  return warmed;
}

void BufferPool::end_window() {
  for (TierKeeper& keeper : keepers_) keeper.end_window();
}

BufferPoolCounters BufferPool::counters() const {
  BufferPoolCounters counters;
  uint64_t partly_used_bytes = 0;
  uint64_t partly_free_bytes = 0;
  for (const SliceTier& tier : tiers_) {
    counters.hits += tier.taken();
    counters.slices_lent += tier.lent();
    counters.slices_in_service += tier.in_service();
    counters.slices_retired += tier.retired_slices();
    counters.tier_bytes += (tier.in_service() + tier.retired_slices()) * tier.slice_bytes();
    counters.slices_reserve += tier.count_max() - tier.in_service() - tier.retired_slices();
    for (const Slab& slab : tier.slabs()) {
      counters.warm_bytes += slab.touched * tier.slice_bytes();
      if (!slab.partly_used()) continue;
      partly_used_bytes += slab.in_service * tier.slice_bytes();
      partly_free_bytes += slab.free_count * tier.slice_bytes();
    }
  }
  for (const TierKeeper& keeper : keepers_) {
    const TierHistory& history = keeper.history();
    counters.slices_grown += history.slices_grown;
    counters.slices_shrunk += history.slices_shrunk;
    counters.growths_refused += history.growths_refused;
    counters.slabs_retired += history.slabs_retired;
    counters.huge_pages_accepted += history.huge_pages_accepted;
    counters.huge_pages_refused += history.huge_pages_refused;
  }
  if (partly_used_bytes > 0) {
    counters.fragmentation_permille = static_cast<uint32_t>(partly_free_bytes * 1000 / partly_used_bytes);
  }
  counters.misses = misses_;
  counters.refused = refused_;
  counters.dedicated_bytes = dedicated_.bytes();
  counters.slices_lent += dedicated_.count();
  counters.slices_shared = shared_;
  counters.foreign_returns = foreign_returns_;
  counters.poison_violations = guard_.violations();
  return counters;
}

void BufferPool::check_invariants() const {
  uint32_t abroad = 0;
  for (size_t index = 0; index < kTiers; ++index) {
    const SliceTier& tier = tiers_[index];
    tier.check_invariants();
    for (uint32_t i = 0; i < tier.slabs().size(); ++i) {
      const Slab& slab = tier.slabs()[i];
      for (uint32_t k = 0; k < slab.in_service; ++k) {
        const SliceId id = static_cast<SliceId>(index << kTierShift) | (i << kTierGeometry[index].slab_shift) | k;
        // Relaxed: whether it is zero is the owner's doing alone.
        if (lending_(id).word.load(std::memory_order_relaxed) == 0) continue;
        MSGTRANS_ASSERT(tier.state(id).references > 0);
        ++abroad;
      }
    }
  }
  MSGTRANS_ASSERT(abroad <= shared_ && shared_ - abroad <= dedicated_.count());
  dedicated_.check_invariants();
}

}  // namespace msgtrans
