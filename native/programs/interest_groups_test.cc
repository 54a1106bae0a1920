#include "programs/interest_groups.h"

#include <gtest/gtest.h>

namespace msgtrans {
namespace {

TEST(InterestGroups, are_filled_one_after_the_other) {
  InterestGroups groups(2);
  EXPECT_EQ(groups.join(10), 0u);
  EXPECT_EQ(groups.join(11), 0u);
  EXPECT_EQ(groups.join(12), 1u);
  EXPECT_EQ(groups.groups(), 2u);
  EXPECT_EQ(groups.members(0), (std::vector<uint64_t>{10, 11}));
  EXPECT_EQ(groups.members(1), (std::vector<uint64_t>{12}));
}

TEST(InterestGroups, lose_who_leaves_and_give_the_place_to_nobody) {
  InterestGroups groups(2);
  groups.join(10);
  groups.join(11);
  groups.join(12);
  groups.leave(12, 1);
  EXPECT_EQ(groups.join(13), 1u);
  EXPECT_EQ(groups.join(14), 2u) << "two have joined group 1";
  groups.leave(10, 0);
  EXPECT_EQ(groups.members(0), (std::vector<uint64_t>{11}));
  EXPECT_EQ(groups.sessions(), 3u);
}

TEST(InterestGroups, begin_anew_when_all_have_left) {
  InterestGroups groups(3);
  groups.join(10);
  groups.join(11);
  groups.leave(10, 0);
  groups.leave(11, 0);
  EXPECT_EQ(groups.groups(), 0u);
  EXPECT_EQ(groups.join(12), 0u);
  EXPECT_EQ(groups.join(13), 0u);
  EXPECT_EQ(groups.join(14), 0u);
  EXPECT_EQ(groups.join(15), 1u);
}

}  // namespace
}  // namespace msgtrans
