// Pooled slices in four tiers, and mappings of their own for what no tier holds.
//
// A slice is reference-counted: the turn that reads into it holds one reference, every retained message another. It
// returns to its tier when the last one goes, and never before: memory that somebody can see is not written (the
// binding detaches views before it drops its reference). Slices that were lent to other threads count as one reference
// until the last of these gave it back; see return_stack.h.
//
// Threads: the owner's, all calls but those that say so, which are anybody's who holds the slice. The pool must outlive
// them.
//
// Bounds: tiers grow from `tier_counts` to `tier_counts_max`, whose address space is reserved from the start; mappings
// of their own are charged to `dedicated_bytes_max` and to the budget of the process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "memory/buffer_pool_counters.h"
#include "memory/byte_budget.h"
#include "memory/dedicated_mappings.h"
#include "memory/lending_table.h"
#include "memory/mapping.h"
#include "memory/pool_warmer.h"
#include "memory/return_stack.h"
#include "memory/slice.h"
#include "memory/slice_guard.h"
#include "memory/slice_tier.h"
#include "memory/tier_keeper.h"
#include "memory/tier_sharing.h"

namespace msgtrans {

struct BufferPoolOptions {
  // In service from the start. 64 read slices are 8 times what one turn reads (512 KB): the rest is for messages that
  // users retain.
  TierCounts tier_counts = {512, 128, 64, 4};
  uint32_t read_slices_reserved = kReadSlicesReserved;
  size_t dedicated_bytes_max = size_t{1} << 30;
  // How far tiers may grow; less than `tier_counts` means not at all. See growth_limits().
  TierCounts tier_counts_max = {};
  // Calls of maintain() in a window of observation, and windows of little use before a slab is given back.
  uint32_t window_calls = 256;
  uint32_t quiet_windows = 64;
  bool huge_pages = true;
  Poisoning poisoning = Poisoning::kOff;
};

// What pools of a process share. Without a warmer, grown slices fault where they are first used; without a budget, that
// of the pool alone counts.
struct BufferPoolServices {
  std::shared_ptr<PoolWarmer> warmer = nullptr;
  std::shared_ptr<ByteBudget> dedicated_budget = nullptr;
};

class BufferPool {
 public:
  static size_t bytes_needed(const BufferPoolOptions& options);

  // `memory` is bytes_needed() long, zero-filled, stays where it is, and outlives the pool. Huge pages are had where it
  // begins on one (`Arena` sees to that). The pages are placed on the NUMA node of the thread that makes the pool and
  // uses it, by first touch: pin that thread before.
  BufferPool(uint8_t* memory, const BufferPoolOptions& options, const BufferPoolServices& services = {});
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  // No slice may be abroad.
  ~BufferPool();

  // A slice of at least `bytes`, with one reference. Invalid when the byte budget is reached.
  Slice acquire(size_t bytes) {
    const size_t index = tier_for(bytes);
    if (index == kTiers) [[unlikely]] return acquire_dedicated(bytes);
    SliceTier& tier = tiers_[index];
    if (!tier.may_take_unseen()) [[unlikely]] return acquire_seen(index, tier.reserved(), bytes);
    return tier.take();
  }
  // A slice as large as the read tier's. When all of those are lent (users moved them out of our sight), a mapping of
  // its own: a reactor that could not read would only be woken again and again. Invalid when the budget is reached.
  Slice acquire_read_slice() {
    SliceTier& tier = tiers_[kReadTier];
    if (!tier.may_take_unseen()) [[unlikely]] return acquire_seen(kReadTier, 0, tier.slice_bytes());
    return tier.take();
  }
  void add_reference(SliceId id);
  void release(SliceId id) {
    if ((id & kDedicatedBit) != 0) [[unlikely]] return release_dedicated(id);
    SliceTier& tier = tiers_[id >> kTierShift];
    SliceTier::SliceState& state = tier.state(id);
    if (state.references != 1) [[unlikely]] return tier.drop_one_of_many(state);
    state.references = 0;
    if (guard_.active()) [[unlikely]] guard_.mark_free(state.data, tier.slice_bytes());
    tier.give_back(id);
  }
  [[nodiscard]] Slice slice(SliceId id) const;
  [[nodiscard]] uint32_t references(SliceId id) const;
  // Bytes from the slice's start that were written for its present holder: the only ones that may be shown to anyone,
  // since those behind them are of earlier packets.
  void set_filled(SliceId id, size_t bytes);
  [[nodiscard]] size_t filled(SliceId id) const;
  // Whether one more read slice may be kept by a user without starving the reads of the next turns.
  [[nodiscard]] bool may_pin(SliceId id) const { return !is_read_slice(id) || has_spare_read_slices(); }
  [[nodiscard]] bool has_spare_read_slices() const {
    return tiers_[kReadTier].free_count() >= tiers_[kReadTier].reserved();
  }
  // Whether `acquire` gives a slice of the read tier, and not a mapping of its own.
  [[nodiscard]] bool has_read_slice_to_acquire() const {
    return tiers_[kReadTier].free_count() > tiers_[kReadTier].reserved();
  }
  [[nodiscard]] static bool is_read_slice(SliceId id) {
    return (id & kDedicatedBit) == 0 && id >> kTierShift == kReadTier;
  }
  // The memory of a mapping of its own, for whoever may see it longer than the pool lends it. It is never used for
  // another packet, so nothing more is needed to keep a late reader safe.
  [[nodiscard]] std::shared_ptr<Mapping> dedicated_mapping(SliceId id) const;

  // Lends a slice, to which the caller has a reference, to `holders` other threads (or more of them). Each gives it
  // back once; until drain_returns() finds the last one's, the slice keeps a reference for all of them.
  void share(SliceId id, uint32_t holders);
  // The owner's own part of what it shared, given back by itself: cheaper, and at home at once when it was the last.
  void take_back(SliceId id);
  // Any thread that a slice was lent to: for one more, which gives it back for itself.
  void share_again(SliceId id) { ReturnStack<>::add_holder(lending_(id)); }
  // Any thread that a slice was lent to: whether it has not been lent to any other, or all of those gave it back.
  [[nodiscard]] bool is_sole_holder(SliceId id) const { return ReturnStack<>::is_sole(lending_(id)); }
  // Any thread that a slice was lent to, once per share: it is done with the bytes. Lock-free, allocates nothing.
  void return_from_other_thread(SliceId id) { returns_.give_back(id, lending_); }
  // Many at once: cheaper, since other threads' returns are met once.
  void return_from_other_thread(const SliceId* ids, size_t count) { returns_.give_back(ids, count, lending_); }
  // Drops the references of slices that came home. Returns how many those were. Once a turn; when there are none it
  // costs a load.
  uint32_t drain_returns();

  // Touches the pages of the first slices of each tier that are in service, so that their first use does not fault.
  // Returns the bytes touched: fewer when the kernel has no more memory. Milliseconds; before traffic.
  size_t warm_up(const TierCounts& counts);
  // About `bytes` of them: the read tier first, then small to large.
  size_t warm_up(size_t bytes);

  // Once a turn: puts in service what has grown, and at the end of a window shrinks what has been idle.
  void maintain() {
    if (++maintain_calls_ % window_calls_ == 0) return end_window();
    for (TierKeeper& keeper : keepers_) keeper.poll();
  }

  [[nodiscard]] BufferPoolCounters counters() const;
  void check_invariants() const;

 private:
  // What taking seldom needs: notes how few are free, checks what was poisoned, and makes a mapping of its own when no
  // more than `kept` are left.
  Slice acquire_seen(size_t index, uint32_t kept, size_t bytes);
  Slice acquire_dedicated(size_t bytes);
  void release_dedicated(SliceId id);
  void end_window();

  SliceGuard guard_;
  uint32_t window_calls_;
  uint32_t maintain_calls_ = 0;
  std::array<SliceTier, kTiers> tiers_;
  std::array<TierKeeper, kTiers> keepers_;
  DedicatedMappings dedicated_;
  uint8_t* memory_;
  size_t bytes_;
  uint64_t misses_ = 0;
  uint64_t refused_ = 0;
  uint64_t foreign_returns_ = 0;
  uint32_t shared_ = 0;

  // What other threads touch: on lines of their own.
  LendingTable lending_;
  ReturnStack<> returns_;
};

}  // namespace msgtrans
