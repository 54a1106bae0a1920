// The unit in which memory is put in service and given back: a huge page of slices, or one slice of the largest tier.
//
//   kReserve --put in service--> kServing --sparse--> kRetired --drained--> kReserve
//                                  |  ^                  |
//                                  |  +---- needed again-+
//                                  +---- wholly free, quiet ----> kReserve
//
// Serving slices are the first `in_service` of a slab; only the slab behind which a tier ends for now has fewer than
// its capacity.
#pragma once

#include <cstdint>

#include "memory/slice.h"

namespace msgtrans {

struct Slab {
  enum class State : uint8_t {
    kReserve,  // address space; no slice of it was lent since its pages were given back
    kServing,
    kRetired,  // lent slices may return, no new ones are lent
  };

  SliceId* free = nullptr;  // last in, first out
  uint32_t free_count = 0;
  uint32_t in_service = 0;
  uint32_t capacity = 0;
  uint32_t touched = 0;  // slices at the front whose pages are known to be there
  State state = State::kReserve;

  [[nodiscard]] uint32_t lent() const { return in_service - free_count; }
  [[nodiscard]] bool partly_used() const { return free_count > 0 && free_count < in_service; }
};

// Neighbouring slices: the first `index` in `slab`, going on in the slabs behind it.
struct SliceRun {
  uint32_t slab = 0;
  uint32_t index = 0;
  uint32_t count = 0;
};

struct ByteRange {
  uint8_t* data = nullptr;
  size_t bytes = 0;
};

}  // namespace msgtrans
