#include "topology/cpu_set.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace msgtrans {
namespace {

std::string reprinted(const std::string& list) {
  const auto set = CpuSet::parse(list);
  return set ? "[" + set->to_string() + "]" : "none";
}

TEST(CpuSet, reads_what_the_kernel_prints) {
  EXPECT_EQ(reprinted("0-3,8\n"), "[0-3,8]");
  EXPECT_EQ(reprinted("0"), "[0]");
  EXPECT_EQ(reprinted("7,9,11"), "[7,9,11]");
  EXPECT_EQ(reprinted("8191"), "[8191]");
  EXPECT_EQ(reprinted("0-8191\n"), "[0-8191]");
  EXPECT_EQ(reprinted("\n"), "[]") << "how an empty set is printed";
  EXPECT_EQ(reprinted(""), "[]");
}

TEST(CpuSet, prints_the_shortest_list) {
  EXPECT_EQ(reprinted("0,1,2,3"), "[0-3]");
  EXPECT_EQ(reprinted("4,5"), "[4-5]");
  EXPECT_EQ(reprinted("3,1-2,2,63,64,65"), "[1-3,63-65]");
}

TEST(CpuSet, refuses_every_other_text) {
  for (const char* list : {",", "0,", ",0", "0-", "-1", "3-1", "0--3", "0 1", " 0", "0 ", "a", "0x1", "all", "0-3/2",
                           "0\n\n", "8192", "0-8192", "99999999999999999999", "+1", "0,,1", "0-1-2"}) {
    EXPECT_EQ(reprinted(list), "none") << list;
  }
  EXPECT_EQ(reprinted(std::string("0\0", 2)), "none");
  EXPECT_FALSE(NodeSet::parse("1024"));
  EXPECT_TRUE(NodeSet::parse("1023"));
}

TEST(CpuSet, knows_its_members) {
  const CpuSet set{0, 63, 64, 8191};
  EXPECT_EQ(set.count(), 4u);
  EXPECT_EQ(set.numbers(), (std::vector<uint32_t>{0, 63, 64, 8191}));
  EXPECT_TRUE(set.contains(63));
  EXPECT_FALSE(set.contains(62));
  EXPECT_FALSE(set.contains(8192));
  EXPECT_EQ(set.next_from(1), 63u);
  EXPECT_EQ(set.next_from(65), 8191u);
  EXPECT_EQ(CpuSet{}.lowest(), CpuSet::kNumbersMax);
  EXPECT_TRUE(CpuSet{}.empty());
  CpuSet changed = set;
  changed.remove(64);
  changed.add(8192);
  EXPECT_EQ(changed, (CpuSet{0, 63, 8191}));
}

TEST(CpuSet, lays_bits_out_as_the_kernel_does) {
  const CpuSet set{0, 3, 64};
  EXPECT_EQ(set.words()[0], 9u);
  EXPECT_EQ(set.words()[1], 1u);
}

TEST(CpuSet, agrees_with_a_plain_set_on_random_members) {
  constexpr uint64_t kSeed = 20'260'101;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 50; ++round) {
    CpuSet left;
    CpuSet right;
    std::vector<bool> in_left(CpuSet::kNumbersMax);
    std::vector<bool> in_right(CpuSet::kNumbersMax);
    for (uint64_t members = random() % 100; members > 0; --members) {
      const uint32_t number = static_cast<uint32_t>(random() % 200);
      left.add(number);
      in_left[number] = true;
      const uint32_t other = static_cast<uint32_t>(random() % CpuSet::kNumbersMax);
      (random() % 2 == 0 ? left : right).add(other);
      right.add(number ^ 1);
      in_right[number ^ 1] = true;
      if (left.contains(other)) in_left[other] = true;
      if (right.contains(other)) in_right[other] = true;
    }
    for (uint32_t number = 0; number < CpuSet::kNumbersMax; ++number) {
      ASSERT_EQ((left & right).contains(number), in_left[number] && in_right[number]) << number;
      ASSERT_EQ((left | right).contains(number), in_left[number] || in_right[number]) << number;
      ASSERT_EQ((left - right).contains(number), in_left[number] && !in_right[number]) << number;
    }
    ASSERT_EQ(CpuSet::parse(left.to_string()), left);
    ASSERT_TRUE((left & right).is_subset_of(left));
    ASSERT_EQ(left.is_subset_of(right), (left - right).empty());
  }
}

}  // namespace
}  // namespace msgtrans
