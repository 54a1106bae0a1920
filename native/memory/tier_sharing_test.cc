#include "memory/tier_sharing.h"

#include <gtest/gtest.h>

#include "memory/buffer_pool.h"

namespace msgtrans {
namespace {

TEST(TierSharing, gives_out_every_slice_and_the_remainder_to_the_first) {
  const TierCounts counts = {1003, 257, 402, 7};
  TierCounts sum{};
  for (uint32_t index = 0; index < 4; ++index) {
    const TierCounts share = share_out(counts, 4, index);
    for (size_t tier = 0; tier < kTiers; ++tier) {
      sum[tier] += share[tier];
      EXPECT_EQ(share[tier], counts[tier] / 4 + (index < counts[tier] % 4 ? 1 : 0));
    }
  }
  EXPECT_EQ(sum, counts);
  EXPECT_EQ(share_out(counts, 1, 0), counts);
}

TEST(TierSharing, leaves_every_reactor_what_it_needs_to_read) {
  for (const uint32_t index : {0u, 255u}) {
    EXPECT_EQ(share_out({0, 0, 0, 0}, 256, index), kTierCountsMin);
    EXPECT_GT(share_out({1, 1, 1, 1}, 256, index)[kReadTier], kReadSlicesReserved);
  }
}

TEST(TierSharing, stays_within_what_ids_can_name) {
  const TierCounts share = share_out({UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, 1, 0);
  for (size_t tier = 0; tier < kTiers; ++tier) EXPECT_EQ(share[tier], tier_slices_max(tier));
}

TEST(TierSharing, lets_tiers_grow_fourfold_where_there_is_room) {
  EXPECT_EQ(growth_limits({512, 128, 64, 4}, size_t{1} << 30), (TierCounts{2048, 512, 256, 16}));
  EXPECT_EQ(growth_limits({0, 0, 0, 0}, size_t{1} << 30), (TierCounts{0, 0, 0, 0}));
}

TEST(TierSharing, scales_growth_down_to_the_address_space_and_never_below_the_counts) {
  const TierCounts counts = {5120, 1280, 640, 40};
  for (const size_t bytes_max : {size_t{0}, size_t{100} << 20, size_t{200} << 20, size_t{300} << 20}) {
    BufferPoolOptions options;
    options.tier_counts = counts;
    const size_t bytes_without = BufferPool::bytes_needed(options);
    options.tier_counts_max = growth_limits(counts, bytes_max);
    for (size_t tier = 0; tier < kTiers; ++tier) EXPECT_GE(options.tier_counts_max[tier], counts[tier]);
    // Each tier may begin on a huge page of its own.
    EXPECT_LE(BufferPool::bytes_needed(options), std::max(bytes_without, bytes_max) + kTiers * kHugePageBytes);
  }
  EXPECT_EQ(growth_limits(counts, 0), counts);
  EXPECT_GT(growth_limits(counts, size_t{200} << 20)[kReadTier], counts[kReadTier]);
  EXPECT_LT(growth_limits(counts, size_t{200} << 20)[kReadTier], 4 * counts[kReadTier]);
}

}  // namespace
}  // namespace msgtrans
