// Where the lending node of each slice is: what threads that return slices read of a pool. Written by the constructor
// alone and apart from everything that the owner writes.
//
// Any thread that holds the slice.
#pragma once

#include <array>
#include <memory>

#include "memory/dedicated_mappings.h"
#include "memory/return_stack.h"
#include "memory/slice.h"
#include "memory/tier_sharing.h"
#include "sync/cache_line.h"

namespace msgtrans {

class alignas(kSeparateBytes) LendingTable {
 public:
  LendingTable(const TierCounts& counts_max, const DedicatedMappings& dedicated) : dedicated_(dedicated) {
    for (size_t tier = 0; tier < kTiers; ++tier) {
      const TierGeometry& geometry = kTierGeometry[tier];
      const size_t slabs = (counts_max[tier] + geometry.slab_slices - 1) / geometry.slab_slices;
      nodes_[tier] = std::make_unique<LendingNode<>[]>(slabs << geometry.slab_shift);
    }
  }
  LendingTable(const LendingTable&) = delete;
  LendingTable& operator=(const LendingTable&) = delete;

  LendingNode<>& operator()(SliceId id) const {
    return (id & kDedicatedBit) != 0 ? dedicated_.node(id) : nodes_[id >> kTierShift][id & kInTierMask];
  }

 private:
  const DedicatedMappings& dedicated_;
  std::array<std::unique_ptr<LendingNode<>[]>, kTiers> nodes_;
};

}  // namespace msgtrans
