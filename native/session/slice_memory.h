// Memory of a delivered message, by its slice word: ours, or lent by another reactor for this delivery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "memory/arena.h"
#include "memory/mapping.h"
#include "session/lent_segments.h"

namespace msgtrans {

struct SliceMemory {
  uint8_t* data = nullptr;
  size_t bytes = 0;
  size_t filled = 0;          // that may be shown to users; 0: only in copies, others read the same memory
  size_t arena_offset = 0;    // of `data`, from the start of what its descriptors are relative to
  bool is_own = false;
  std::shared_ptr<Arena> arena;
  std::shared_ptr<Mapping> dedicated;
  std::shared_ptr<LentSegments> segments;  // when it is a segment of somebody's ring
  std::span<const uint8_t> head = {};      // of a packet that was lent to us, whose header is apart
};

}  // namespace msgtrans
