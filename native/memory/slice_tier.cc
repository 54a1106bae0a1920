#include "memory/slice_tier.h"

#include <algorithm>
#include <bit>

#include "memory/page_advice.h"

namespace msgtrans {

size_t SliceTier::region_bytes(size_t tier, uint32_t count_max) {
  const TierGeometry& geometry = kTierGeometry[tier];
  return count_max / geometry.slab_slices * geometry.slab_bytes +
         count_max % geometry.slab_slices * geometry.slice_bytes;
}

SliceTier::SliceTier(size_t tier, uint8_t* memory, uint32_t count_max, uint32_t reserved, bool watched)
    : geometry_(kTierGeometry[tier]),
      slab_gap_(geometry_.slab_bytes - (size_t{1} << geometry_.slab_shift) * geometry_.slice_bytes),
      memory_(memory),
      reserved_(reserved),
      watched_(watched),
      tier_(tier),
      count_max_(count_max) {
  MSGTRANS_ASSERT(count_max <= tier_slices_max(tier));
  // One slab at least, so that there is a lowest one.
  const uint32_t slabs = std::max(1u, (count_max + geometry_.slab_slices - 1) / geometry_.slab_slices);
  const size_t ids = size_t{slabs} << geometry_.slab_shift;
  states_ = std::make_unique<SliceState[]>(ids);
  free_ids_ = std::make_unique<SliceId[]>(ids);
  slabs_.resize(slabs);
  available_.resize((slabs + 63) / 64);
  for (uint32_t i = 0; i < slabs; ++i) {
    slabs_[i].free = free_ids_.get() + (size_t{i} << geometry_.slab_shift);
    slabs_[i].capacity = std::min(geometry_.slab_slices, count_max - i * geometry_.slab_slices);
    for (uint32_t k = 0; k < slabs_[i].capacity; ++k) state(first_id(i) + k).data = address(first_id(i) + k);
  }
  lowest_ = slabs_.data();
  note(0);
}

void SliceTier::leave_lowest() {
  make_unavailable(*lowest_);
  for (size_t word = 0; word < available_.size(); ++word) {
    if (available_[word] == 0) continue;
    lowest_ = &slabs_[word * 64 + static_cast<size_t>(std::countr_zero(available_[word]))];
    return;
  }
}

void SliceTier::make_available(Slab& slab) {
  const uint32_t index = index_of(slab);
  available_[index / 64] |= uint64_t{1} << index % 64;
  if (&slab < lowest_ || lowest_->free_count == 0 || lowest_->state != Slab::State::kServing) lowest_ = &slab;
}

void SliceTier::make_unavailable(const Slab& slab) {
  const uint32_t index = index_of(slab);
  available_[index / 64] &= ~(uint64_t{1} << index % 64);
}

SliceRun SliceTier::next_reserve(uint32_t count_max) const {
  SliceRun run;
  for (uint32_t i = 0; i < slabs_.size() && run.count < count_max; ++i) {
    const Slab& slab = slabs_[i];
    const bool open = slab.state != Slab::State::kRetired && slab.in_service < slab.capacity;
    if (run.count == 0) {
      if (!open) continue;
      run.slab = i;
      run.index = slab.in_service;
    } else if (!open || slab.in_service > 0) {
      break;
    }
    run.count += std::min(slab.capacity - slab.in_service, count_max - run.count);
  }
  return run;
}

ByteRange SliceTier::range(const SliceRun& run) const {
  if (run.count == 0) return {};
  uint8_t* const begin = address(first_id(run.slab) + run.index);
  const uint32_t last = run.slab * geometry_.slab_slices + run.index + run.count - 1;
  const uint32_t slab = last / geometry_.slab_slices;
  uint8_t* const end = address(first_id(slab) + last % geometry_.slab_slices) + geometry_.slice_bytes;
  return {begin, static_cast<size_t>(end - begin)};
}

void SliceTier::put_in_service(const SliceRun& run, bool touched) {
  uint32_t left = run.count;
  for (uint32_t i = run.slab; left > 0; ++i) {
    Slab& slab = slabs_[i];
    const uint32_t begin = slab.in_service;
    MSGTRANS_ASSERT(slab.state != Slab::State::kRetired && begin == (i == run.slab ? run.index : 0));
    const uint32_t count = std::min(left, slab.capacity - begin);
    // Below those that are free already, the lowest address on top: a quiet reactor touches only the first pages.
    std::move_backward(slab.free, slab.free + slab.free_count, slab.free + slab.free_count + count);
    for (uint32_t k = 0; k < count; ++k) slab.free[k] = first_id(i) + begin + count - 1 - k;
    const bool was_empty = slab.free_count == 0;
    slab.free_count += count;
    slab.in_service += count;
    slab.state = Slab::State::kServing;
    if (touched && slab.touched == begin) slab.touched = slab.in_service;
    in_service_ += count;
    free_count_ += count;
    note(free_count_noted_ + count);
    if (was_empty) make_available(slab);
    left -= count;
  }
}

void SliceTier::return_to_reserve(Slab& slab) {
  MSGTRANS_ASSERT(slab.lent() == 0);
  const ByteRange bytes = range({index_of(slab), 0, slab.in_service});
  give_back_pages(bytes.data, bytes.bytes);
  slab.free_count = slab.in_service = slab.touched = 0;
  slab.state = Slab::State::kReserve;
}

uint32_t SliceTier::shrink(uint32_t count_min) {
  for (size_t i = slabs_.size(); i > 0; --i) {
    Slab& slab = slabs_[i - 1];
    const uint32_t count = slab.in_service;
    if (slab.state != Slab::State::kServing || slab.lent() > 0 || in_service_ - count < count_min) continue;
    in_service_ -= count;
    free_count_ -= count;
    slab.free_count = 0;  // so that it is passed over
    if (&slab == lowest_) {
      leave_lowest();
    } else {
      make_unavailable(slab);
    }
    slab.free_count = count;
    return_to_reserve(slab);
    return count;
  }
  return 0;
}

bool SliceTier::retire_sparsest(uint32_t count_min, uint32_t free_min) {
  Slab* sparsest = nullptr;
  for (Slab& slab : slabs_) {
    if (slab.state != Slab::State::kServing || !slab.partly_used()) continue;
    if (in_service_ < count_min + slab.in_service || free_count_ < free_min + slab.free_count) continue;
    // Of equals the higher: the lower ones are used first.
    if (sparsest == nullptr || slab.lent() <= sparsest->lent()) sparsest = &slab;
  }
  if (sparsest == nullptr) return false;
  sparsest->state = Slab::State::kRetired;
  in_service_ -= sparsest->in_service;
  free_count_ -= sparsest->free_count;
  retired_slices_ += sparsest->in_service;
  if (sparsest == lowest_) {
    leave_lowest();
  } else {
    make_unavailable(*sparsest);
  }
  return true;
}

uint32_t SliceTier::recall_retired() {
  for (Slab& slab : slabs_) {
    if (slab.state != Slab::State::kRetired) continue;
    slab.state = Slab::State::kServing;
    in_service_ += slab.in_service;
    free_count_ += slab.free_count;
    note(free_count_noted_ + slab.free_count);
    retired_slices_ -= slab.in_service;
    if (slab.free_count > 0) make_available(slab);
    return slab.in_service;
  }
  return 0;
}

uint32_t SliceTier::give_back_drained() {
  if (retired_slices_ == 0) return 0;
  uint32_t count = 0;
  for (Slab& slab : slabs_) {
    if (slab.state != Slab::State::kRetired || slab.lent() > 0) continue;
    count += slab.in_service;
    retired_slices_ -= slab.in_service;
    return_to_reserve(slab);
  }
  return count;
}

size_t SliceTier::warm_up(uint32_t count) {
  size_t warmed = 0;
  for (uint32_t i = 0; i < slabs_.size() && count > 0; ++i) {
    Slab& slab = slabs_[i];
    if (slab.state != Slab::State::kServing) continue;
    const uint32_t wanted = std::min(count, slab.in_service);
    count -= wanted;
    if (wanted <= slab.touched) continue;
    const ByteRange bytes = range({i, slab.touched, wanted - slab.touched});
    if (!touch_pages(bytes.data, bytes.bytes)) return warmed;
    slab.touched = wanted;
    warmed += bytes.bytes;
  }
  return warmed;
}

uint32_t SliceTier::lent() const {
  uint32_t lent = in_service_ - free_count_;
  if (retired_slices_ == 0) return lent;
  for (const Slab& slab : slabs_) lent += slab.state == Slab::State::kRetired ? slab.lent() : 0;
  return lent;
}

void SliceTier::check_invariants() const {
  uint32_t serving = 0;
  uint32_t retired = 0;
  uint32_t free = 0;
  uint32_t lowest = UINT32_MAX;
  for (uint32_t i = 0; i < slabs_.size(); ++i) {
    const Slab& slab = slabs_[i];
    MSGTRANS_ASSERT(slab.free_count <= slab.in_service && slab.in_service <= slab.capacity);
    MSGTRANS_ASSERT(slab.touched <= slab.in_service);
    MSGTRANS_ASSERT((slab.state == Slab::State::kReserve) == (slab.in_service == 0));
    const bool available = slab.state == Slab::State::kServing && slab.free_count > 0;
    MSGTRANS_ASSERT(((available_[i / 64] >> i % 64 & 1) != 0) == available);
    if (available) lowest = std::min(lowest, i);
    if (slab.state == Slab::State::kServing) {
      serving += slab.in_service;
      free += slab.free_count;
    } else {
      retired += slab.in_service;
    }
    uint32_t without_references = 0;
    for (uint32_t k = 0; k < slab.in_service; ++k) without_references += state(first_id(i) + k).references == 0 ? 1 : 0;
    MSGTRANS_ASSERT(without_references == slab.free_count);
    for (uint32_t k = 0; k < slab.free_count; ++k) {
      MSGTRANS_ASSERT((slab.free[k] & kInTierMask) >> geometry_.slab_shift == i);
      MSGTRANS_ASSERT(state(slab.free[k]).references == 0);
    }
  }
  MSGTRANS_ASSERT(serving == in_service_ && free == free_count_ && retired == retired_slices_);
  MSGTRANS_ASSERT(in_service_ + retired_slices_ <= count_max_);
  MSGTRANS_ASSERT(lowest == UINT32_MAX || lowest_ == &slabs_[lowest]);
}

}  // namespace msgtrans
