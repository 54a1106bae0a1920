#include "memory/growth_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace msgtrans {
namespace {

TEST(GrowthPolicy, grows_by_falling_factors_up_to_the_maximum) {
  GrowthSteps steps;
  std::vector<uint32_t> counts = {100};
  for (int i = 0; i < 7; ++i) {
    counts.push_back(steps.next_count(counts.back(), 500));
    steps.grew();
  }
  EXPECT_EQ(counts, (std::vector<uint32_t>{100, 200, 300, 360, 396, 435, 478, 500}));
}

TEST(GrowthPolicy, grows_by_at_least_one_slice) {
  GrowthSteps steps;
  for (int i = 0; i < 5; ++i) steps.grew();
  EXPECT_EQ(steps.next_count(1, 100), 2u);
  EXPECT_EQ(steps.next_count(0, 100), 1u);
  EXPECT_EQ(steps.next_count(100, 100), 100u);
  EXPECT_EQ(steps.next_count(UINT32_MAX - 1, UINT32_MAX), UINT32_MAX);
}

TEST(GrowthPolicy, goes_one_step_back_for_each_shrinking) {
  GrowthSteps steps;
  for (int i = 0; i < 3; ++i) steps.grew();
  EXPECT_EQ(steps.next_count(1000, 9000), 1100u);
  steps.shrank();
  EXPECT_EQ(steps.next_count(1000, 9000), 1200u);
  for (int i = 0; i < 5; ++i) steps.shrank();
  EXPECT_EQ(steps.next_count(1000, 9000), 2000u);
}

TEST(GrowthPolicy, begins_growth_with_an_eighth_left_beyond_the_reserve) {
  EXPECT_EQ(low_water_slices(64, 16), 24u);
  EXPECT_EQ(low_water_slices(4, 0), 1u);
  EXPECT_EQ(low_water_slices(0, 0), 1u);
}

TEST(GrowthPolicy, does_not_call_a_tier_quiet_that_would_grow_again_after_shrinking_to_the_previous_step) {
  for (uint32_t before = 8; before < 5000; ++before) {
    const uint32_t after = before * 2;
    for (uint32_t used = 0; is_quiet(used, after); used += 1 + used / 4) {
      EXPECT_GE(before - used, low_water_slices(before, 0)) << before << " " << used;
    }
  }
}

}  // namespace
}  // namespace msgtrans
