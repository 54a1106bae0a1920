#include "io/reactor_clock.h"

#include <gtest/gtest.h>

namespace msgtrans {
namespace {

constexpr uint64_t kStart = 5'000'000'000'000;  // a machine that has been up for a while

TEST(ReactorClock, moves_with_the_monotonic_clock) {
  ReactorClock clock;
  const uint64_t begin = clock.advance(kStart);
  EXPECT_EQ(clock.advance(kStart + 20'000'000), begin + 20'000'000);
  EXPECT_EQ(clock.advance(kStart + 20'000'001), begin + 20'000'001);
  EXPECT_EQ(clock.now(), begin + 20'000'001);
}

TEST(ReactorClock, does_not_count_the_uptime_before_its_first_turn) {
  ReactorClock clock;
  EXPECT_LT(clock.advance(kStart), ReactorClock::kGapNs);
}

TEST(ReactorClock, moves_by_the_gap_only_when_a_turn_comes_late) {
  ReactorClock clock;
  const uint64_t begin = clock.advance(kStart);
  EXPECT_EQ(clock.advance(kStart + ReactorClock::kGapNs), begin + ReactorClock::kGapNs);
  EXPECT_EQ(clock.advance(kStart + 15'000'000'000), begin + 2 * ReactorClock::kGapNs);
  EXPECT_EQ(clock.advance(kStart + 15'000'000'005), begin + 2 * ReactorClock::kGapNs + 5);
}

TEST(ReactorClock, does_not_count_the_time_before_it_is_resumed) {
  ReactorClock clock;
  const uint64_t begin = clock.advance(kStart);
  clock.resume(kStart + 50'000'000);
  EXPECT_EQ(clock.now(), begin);
  EXPECT_EQ(clock.advance(kStart + 50'000'001), begin + 1);
}

TEST(ReactorClock, never_goes_back) {
  ReactorClock clock;
  uint64_t last = clock.now();
  for (const uint64_t step : {uint64_t{0}, uint64_t{1}, ReactorClock::kGapNs, uint64_t{1} << 60, uint64_t{0}}) {
    static uint64_t monotonic = kStart;
    monotonic += step;
    const uint64_t now = clock.advance(monotonic);
    EXPECT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace msgtrans
