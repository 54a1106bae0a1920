// What a slice is: the four tiers, the numbers of their slabs, and the ids.
//
//   id   bit 23        22         21 20    19 .......................... 0
//        dedicated     not ours   tier     slab << slab_shift | slice in the slab
//
// Slabs take a power of two of ids, so that an id leads to its slab and its address by shifts and multiplications; the
// ids behind a slab's last slice are never lent. With the dedicated bit the rest counts mappings of their own, whose
// bytes are not in the arena. Bit 22 is never set: it tells segments of the outbound ring from slices (`batch_layout.h`).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace msgtrans {

// Payload bytes per tier. Every slice is larger by kSliceHeadroomBytes: headers in front, alignment behind.
inline constexpr std::array<size_t, 4> kTierPayloadBytes = {1024, 8 * 1024, 64 * 1024, 1024 * 1024};
inline constexpr size_t kTiers = kTierPayloadBytes.size();
inline constexpr size_t kSliceHeadroomBytes = 256;
inline constexpr size_t kReadTier = 2;

using SliceId = uint32_t;
inline constexpr SliceId kNoSlice = UINT32_MAX;
// Set in the ids of mappings of their own, whose bytes are not in the arena.
inline constexpr SliceId kDedicatedBit = 1u << 23;
inline constexpr uint32_t kTierShift = 20;
inline constexpr SliceId kInTierMask = (1u << kTierShift) - 1;
static_assert((kTiers << kTierShift) == kDedicatedBit >> 1);

// Two words, so that it is returned in registers.
struct Slice {
  SliceId id = kNoSlice;
  uint32_t bytes = 0;
  uint8_t* data = nullptr;
  [[nodiscard]] bool valid() const { return id != kNoSlice; }
  [[nodiscard]] bool dedicated() const { return (id & kDedicatedBit) != 0; }
};

// One huge page of x86-64 (and of arm64 with 4 KB pages).
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

struct TierGeometry {
  size_t slice_bytes;
  size_t slab_bytes;     // distance between slabs
  uint32_t slab_slices;  // slices in a slab
  uint32_t slab_shift;   // log2 of the ids that a slab takes
};

// A slab is one huge page of slices; the largest tier has a slab per slice, so that each can be given back alone.
constexpr TierGeometry tier_geometry(size_t tier) {
  const size_t slice_bytes = kTierPayloadBytes[tier] + kSliceHeadroomBytes;
  const bool whole_page = slice_bytes * 8 <= kHugePageBytes;
  const size_t slab_bytes = whole_page ? kHugePageBytes : (slice_bytes + 4095) & ~size_t{4095};
  const auto slices = static_cast<uint32_t>(slab_bytes / slice_bytes);
  return {slice_bytes, slab_bytes, slices, static_cast<uint32_t>(std::bit_width(slices - 1))};
}

inline constexpr std::array<TierGeometry, kTiers> kTierGeometry = {tier_geometry(0), tier_geometry(1), tier_geometry(2),
                                                                   tier_geometry(3)};

// As many slices as the ids of a tier allow.
constexpr uint32_t tier_slices_max(size_t tier) {
  return (1u << (kTierShift - kTierGeometry[tier].slab_shift)) * kTierGeometry[tier].slab_slices;
}

// The smallest tier whose slices hold `bytes`, or kTiers. No branches among the tiers, since sizes come as they like.
// Written as subtractions of "less than", which is what a comparison leaves in the carry.
constexpr size_t tier_for(size_t bytes) {
  if (bytes > kTierGeometry[kTiers - 1].slice_bytes) return kTiers;
  size_t tier = kTiers - 1;
  tier -= size_t{bytes < kTierGeometry[0].slice_bytes + 1};
  tier -= size_t{bytes < kTierGeometry[1].slice_bytes + 1};
  tier -= size_t{bytes < kTierGeometry[2].slice_bytes + 1};
  return tier;
}

// Payload starts where its slice starts plus whole cache lines of headers.
static_assert(kTierGeometry[0].slice_bytes % 64 == 0 && kTierGeometry[1].slice_bytes % 64 == 0);
static_assert(kTierGeometry[2].slice_bytes % 64 == 0 && kTierGeometry[3].slice_bytes % 64 == 0);
static_assert(kTierGeometry[3].slab_slices == 1);

}  // namespace msgtrans
