// The slices of one size: slabs, what is free in them, and the state of each slice.
//
// A slice is taken from the lowest slab that has a free one, there last in, first out. So the bytes in flight stay in
// the cache, load that falls leaves the upper slabs empty, and what grew can be given back.
//
// Thread: the owner of the pool, all calls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "memory/slab.h"
#include "memory/slice.h"

namespace msgtrans {

// So that the tiers of a pool lie a power of two apart, and none shares its lines.
inline constexpr size_t kTierAlignment = 256;

class alignas(kTierAlignment) SliceTier {
 public:
  struct SliceState {
    uint32_t references;
    uint32_t filled;
    uint8_t* data;  // stands here, since whoever takes the slice has this line anyway
  };

  // Bytes of address space for `count_max` slices.
  static size_t region_bytes(size_t tier, uint32_t count_max);

  // may_take_unseen() spares the last `reserved` free slices, and all of them when `watched`.
  SliceTier(size_t tier, uint8_t* memory, uint32_t count_max, uint32_t reserved = 0, bool watched = false);
  SliceTier(const SliceTier&) = delete;
  SliceTier& operator=(const SliceTier&) = delete;

  // Whether a slice may be taken and nobody needs to look: more are free than what is reserved, and than what was free
  // when note_free_count() was called. One comparison, since every taking asks.
  [[nodiscard]] bool may_take_unseen() const { return free_count_ > watch_count_; }
  // Only while free_count() > 0.
  Slice take() {
    Slab& slab = *lowest_;
    const SliceId id = slab.free[--slab.free_count];
    if (slab.free_count == 0) [[unlikely]] leave_lowest();
    --free_count_;
    ++taken_;
    SliceState& state = states_[id & kInTierMask];
    MSGTRANS_ASSERT(state.references == 0);
    state.references = 1;
    state.filled = 0;
    return {id, static_cast<uint32_t>(geometry_.slice_bytes), state.data};
  }

  // A slice whose last reference is gone.
  void give_back(SliceId id) { push(slabs_[(id & kInTierMask) >> geometry_.slab_shift], id); }

  // A reference of several.
  static void drop_one_of_many(SliceState& state) {
    MSGTRANS_ASSERT(state.references > 1);
    --state.references;
  }

  [[nodiscard]] SliceState& state(SliceId id) { return states_[id & kInTierMask]; }
  [[nodiscard]] const SliceState& state(SliceId id) const { return states_[id & kInTierMask]; }
  [[nodiscard]] uint8_t* address(SliceId id) const {
    const size_t in_tier = id & kInTierMask;
    return memory_ + in_tier * geometry_.slice_bytes + (in_tier >> geometry_.slab_shift) * slab_gap_;
  }
  [[nodiscard]] size_t slice_bytes() const { return geometry_.slice_bytes; }

  // The lowest slices that are not in service, at most `count_max` of them, as far as they are neighbours.
  [[nodiscard]] SliceRun next_reserve(uint32_t count_max) const;
  [[nodiscard]] ByteRange range(const SliceRun& run) const;
  // `touched`: the pages of the run are there.
  void put_in_service(const SliceRun& run, bool touched);

  // Gives a slab that is wholly free back to the kernel: the highest one without which `count_min` slices remain in
  // service. Returns how many slices left service.
  uint32_t shrink(uint32_t count_min);
  // Retires the emptiest of the partly used slabs if `count_min` slices remain in service and `free_min` of them free.
  bool retire_sparsest(uint32_t count_min, uint32_t free_min);
  // Puts a retired slab in service again. Returns how many slices that are.
  uint32_t recall_retired();
  // Gives the retired slabs back that nobody uses any longer. Returns how many slices those were.
  uint32_t give_back_drained();

  // Touches the first `count` slices in service. Returns the bytes that are known to be there now and were not.
  size_t warm_up(uint32_t count);

  [[nodiscard]] uint32_t free_count() const { return free_count_; }
  // The free slices that note_free_count() saw last, and those that came into service since; whether there are fewer.
  [[nodiscard]] uint32_t free_count_noted() const { return free_count_noted_; }
  [[nodiscard]] bool is_below_noted() const { return free_count_ < free_count_noted_; }
  void note_free_count() { note(free_count_); }
  [[nodiscard]] uint32_t reserved() const { return reserved_; }
  [[nodiscard]] uint32_t in_service() const { return in_service_; }
  [[nodiscard]] uint32_t count_max() const { return count_max_; }
  [[nodiscard]] uint32_t retired_slices() const { return retired_slices_; }
  [[nodiscard]] uint64_t taken() const { return taken_; }
  [[nodiscard]] const std::vector<Slab>& slabs() const { return slabs_; }
  // Slices that are lent, those of retired slabs included.
  [[nodiscard]] uint32_t lent() const;
  void check_invariants() const;

 private:
  void push(Slab& slab, SliceId id) {
    slab.free[slab.free_count] = id;
    const bool was_empty = slab.free_count++ == 0;
    if (slab.state != Slab::State::kServing) [[unlikely]] return;
    ++free_count_;
    if (was_empty) [[unlikely]] make_available(slab);
  }
  void note(uint32_t free_count) {
    free_count_noted_ = free_count;
    watch_count_ = watched_ ? UINT32_MAX : std::max(free_count, reserved_);
  }
  void leave_lowest();
  void make_available(Slab& slab);
  void make_unavailable(const Slab& slab);
  void return_to_reserve(Slab& slab);
  [[nodiscard]] uint32_t index_of(const Slab& slab) const { return static_cast<uint32_t>(&slab - slabs_.data()); }
  [[nodiscard]] SliceId first_id(uint32_t slab) const {
    return static_cast<SliceId>(tier_ << kTierShift) | (slab << geometry_.slab_shift);
  }

  // What taking and giving back touch, together.
  Slab* lowest_ = nullptr;  // the lowest available slab; anything while there is none
  uint32_t free_count_ = 0;
  uint32_t watch_count_ = 0;  // while no more are free, somebody has to look
  uint64_t taken_ = 0;
  std::unique_ptr<SliceState[]> states_;
  std::vector<Slab> slabs_;
  TierGeometry geometry_;
  // What an address gains from one slab to the next beyond the slices that its ids would make: negative, wrapped
  // around, where a slab has fewer slices than ids.
  size_t slab_gap_;
  uint8_t* memory_;

  uint32_t in_service_ = 0;
  uint32_t free_count_noted_ = 0;
  uint32_t reserved_;
  bool watched_;
  std::vector<uint64_t> available_;  // a bit per slab: serving, and a slice is free
  std::unique_ptr<SliceId[]> free_ids_;
  size_t tier_;
  uint32_t count_max_;
  uint32_t retired_slices_ = 0;
};

}  // namespace msgtrans
