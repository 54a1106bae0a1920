#include "sync/striped_count.h"

#include <gtest/gtest.h>

#include "sync/atomics_policy.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;

using Count = StripedCount<StdAtomics, 2, 1>;

TEST(StripedCount, sums_what_each_thread_added_and_subtracted) {
  Count count;
  EXPECT_EQ(count.add(0, 5), 5u);
  EXPECT_EQ(count.add(1, 1), 1u);
  EXPECT_EQ(count.add(1, UINT64_MAX), 0u);
  EXPECT_EQ(count.add(7, 3), 3u);
  EXPECT_EQ(count.total(), 8u);
}

TEST(StripedCount, is_right_in_total_where_one_thread_takes_away_what_another_added) {
  Count count;
  count.add(0, 4);
  count.add(1, uint64_t{0} - 3);
  EXPECT_EQ(count.total(), 1u);
}

TEST(StripedCount, loses_nothing_of_more_threads_than_it_has_stripes) {
  constexpr uint32_t kThreads = 6;
  constexpr uint64_t kTimes = 1'000'000;
  Count count;
  run_together(kThreads, [&count](uint32_t thread) {
    for (uint64_t time = 0; time < kTimes; ++time) count.add(thread, 1);
  });
  EXPECT_EQ(count.total(), kThreads * kTimes);
}

}  // namespace
}  // namespace msgtrans
