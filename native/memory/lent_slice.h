// A slice in the hands of another thread than its pool's. Gives it back when it goes, wherever that is, and keeps the pool
// for as long.
//
// Thread: one at a time. `lend` is of the pool's owner; everything else of whoever has the object.
#pragma once

#include <memory>
#include <utility>

#include "memory/pooled_memory.h"

namespace msgtrans {

class LentSlice {
 public:
  LentSlice() = default;
  LentSlice(LentSlice&& other) noexcept
      : owner_(std::move(other.owner_)),
        slice_(std::exchange(other.slice_, {})),
        dedicated_(std::move(other.dedicated_)) {}
  LentSlice& operator=(LentSlice&& other) noexcept {
    if (this == &other) return *this;
    reset();
    owner_ = std::move(other.owner_);
    slice_ = std::exchange(other.slice_, {});
    dedicated_ = std::move(other.dedicated_);
    return *this;
  }
  ~LentSlice() { reset(); }

  // The owner's thread, which has a reference to the slice.
  static LentSlice lend(const std::shared_ptr<PooledMemory>& owner, SliceId id) {
    owner->pool.share(id, 1);
    return {owner, owner->pool.slice(id), owner->pool.dedicated_mapping(id)};
  }
  // One more for a slice that was lent to the calling thread otherwise; it knows what the owner knows of it.
  static LentSlice of_holder(const std::shared_ptr<PooledMemory>& owner, const Slice& slice,
                             std::shared_ptr<Mapping> dedicated) {
    owner->pool.share_again(slice.id);
    return {owner, slice, std::move(dedicated)};
  }
  // One more of the same.
  [[nodiscard]] LentSlice again() const { return of_holder(owner_, slice_, dedicated_); }

  [[nodiscard]] bool valid() const { return owner_ != nullptr; }
  [[nodiscard]] const Slice& slice() const { return slice_; }
  [[nodiscard]] const std::shared_ptr<PooledMemory>& owner() const { return owner_; }
  // The memory of a mapping of its own: what a late reader may keep beyond the slice.
  [[nodiscard]] const std::shared_ptr<Mapping>& dedicated() const { return dedicated_; }
  // Whether nobody else has it.
  [[nodiscard]] bool is_sole() const { return owner_->pool.is_sole_holder(slice_.id); }

  void reset() {
    if (owner_ == nullptr) return;
    owner_->pool.return_from_other_thread(slice_.id);
    owner_.reset();
    slice_ = {};
    dedicated_.reset();
  }

 private:
  LentSlice(std::shared_ptr<PooledMemory> owner, const Slice& slice, std::shared_ptr<Mapping> dedicated)
      : owner_(std::move(owner)), slice_(slice), dedicated_(std::move(dedicated)) {}

  std::shared_ptr<PooledMemory> owner_;
  Slice slice_;
  std::shared_ptr<Mapping> dedicated_;
};

}  // namespace msgtrans
