#include "programs/kill_schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace msgtrans {
namespace {

TEST(KillSchedule, cuts_the_share_of_the_sessions_it_is_told_per_minute) {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    KillSchedule schedule(seed, 1000, 1);
    std::set<uint32_t> victims;
    int cut = 0;
    for (; schedule.next_ns() < 60'000'000'000; ++cut) {
      const uint32_t victim = schedule.take();
      EXPECT_LT(victim, 1000u);
      victims.insert(victim);
    }
    EXPECT_EQ(cut, 10);
    EXPECT_GT(victims.size(), 5u);
  }
}

TEST(KillSchedule, begins_anywhere_within_the_first_distance_and_goes_on_evenly) {
  KillSchedule one(1, 100, 60);
  KillSchedule other(2, 100, 60);
  EXPECT_NE(one.next_ns(), other.next_ns());
  EXPECT_LT(one.next_ns(), 1'000'000'000u);
  const uint64_t first = one.next_ns();
  one.take();
  EXPECT_NEAR(static_cast<double>(one.next_ns() - first), 1e9, 2);
}

TEST(KillSchedule, of_no_share_never_comes) {
  EXPECT_EQ(KillSchedule().next_ns(), UINT64_MAX);
  EXPECT_EQ(KillSchedule(1, 100, 0).next_ns(), UINT64_MAX);
}

}  // namespace
}  // namespace msgtrans
