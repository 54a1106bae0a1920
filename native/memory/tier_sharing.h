// How many slices each reactor of a process gets.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "memory/slice.h"

namespace msgtrans {

using TierCounts = std::array<uint32_t, kTiers>;

// Read slices that retaining may not take, so that a reactor can always read: 512 KB a turn, and as much again.
inline constexpr uint32_t kReadSlicesReserved = 16;

// What a reactor needs to read at all without a system call per message, whatever the user asked for: the reserve, four
// read slices in which packets are assembled or retained, and some slices for small copies. The largest tier may be
// empty: its users then get mappings of their own.
inline constexpr TierCounts kTierCountsMin = {32, 8, kReadSlicesReserved + 4, 0};

// The part of reactor `index` of `reactors`, of counts that are meant for all of them together: the remainder goes to
// the first ones, and nobody gets less than kTierCountsMin.
constexpr TierCounts share_out(const TierCounts& counts, uint32_t reactors, uint32_t index) {
  TierCounts share{};
  for (size_t tier = 0; tier < kTiers; ++tier) {
    const uint32_t part = counts[tier] / reactors + (index < counts[tier] % reactors ? 1 : 0);
    share[tier] = std::min(std::max(part, kTierCountsMin[tier]), tier_slices_max(tier));
  }
  return share;
}

// Four times the counts, less where the slices of all tiers together would take more than `bytes_max` of address
// space: what is above the counts is then scaled down alike. Never less than the counts.
constexpr TierCounts growth_limits(const TierCounts& counts, size_t bytes_max) {
  constexpr uint32_t kTimes = 4;
  uint64_t base_bytes = 0;
  for (size_t tier = 0; tier < kTiers; ++tier) base_bytes += uint64_t{counts[tier]} * kTierGeometry[tier].slab_bytes /
                                                             kTierGeometry[tier].slab_slices;
  const uint64_t extra_bytes = base_bytes * (kTimes - 1);
  const uint64_t room = bytes_max > base_bytes ? std::min(bytes_max - base_bytes, extra_bytes) : 0;
  TierCounts limits{};
  for (size_t tier = 0; tier < kTiers; ++tier) {
    const uint64_t extra = uint64_t{counts[tier]} * (kTimes - 1);
    // Parts of 1024 keep the product within 64 bits.
    const uint64_t granted = extra_bytes == 0 ? 0 : extra * (room * 1024 / extra_bytes) / 1024;
    limits[tier] = static_cast<uint32_t>(std::min<uint64_t>(counts[tier] + granted, tier_slices_max(tier)));
  }
  return limits;
}

}  // namespace msgtrans
