#include "session/pinned_slices.h"

#include <new>

#include "base/assert.h"

namespace msgtrans {

bool PinnedSlices::keep(SliceId id) {
  try {
    kept_.insert(id);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool PinnedSlices::try_pin(SliceId id, size_t bytes, size_t rest_bytes) {
  const size_t slice_bytes = pool_.slice(id).bytes;
  const bool is_worth_it = bytes * kPinShare >= slice_bytes && is_rest_enough(slice_bytes, rest_bytes);
  if (!is_pinned(id) && !kept_.contains(id) && (!is_worth_it || !pool_.may_pin(id))) return false;
  try {
    if (pins_[id]++ == 0) bytes_ += slice_bytes;
  } catch (const std::bad_alloc&) {
    return false;
  }
  pool_.add_reference(id);
  return true;
}

void PinnedSlices::release(uint32_t id) {
  const auto found = pins_.find(id);
  MSGTRANS_ASSERT(found != pins_.end());
  if (--found->second == 0) {
    bytes_ -= pool_.slice(id).bytes;
    pins_.erase(found);
  }
  pool_.release(id);
}

}  // namespace msgtrans
