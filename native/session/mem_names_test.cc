#include "session/mem_names.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

TEST(MemNamesTest, finds_who_listens_until_the_name_is_removed) {
  EXPECT_FALSE(MemNames::find("names-test"));
  ASSERT_TRUE(MemNames::add("names-test", {7, 9}));
  EXPECT_FALSE(MemNames::add("names-test", {8, 1})) << "taken";
  const auto found = MemNames::find("names-test");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reactor, 7u);
  EXPECT_EQ(found->listener, 9u);
  MemNames::remove("names-test");
  EXPECT_FALSE(MemNames::find("names-test"));
}

TEST(MemNamesTest, offers_names_that_nobody_has) {
  const std::string first = MemNames::unused();
  ASSERT_TRUE(MemNames::add(first, {1, 1}));
  const std::string second = MemNames::unused();
  EXPECT_NE(second, first);
  MemNames::remove(first);
}

TEST(MemNamesTest, gives_a_name_to_one_of_many_threads) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kRounds = 300;
  std::vector<std::atomic<uint32_t>> winners(kRounds);
  stress::run_together(kThreads, [&](uint32_t thread) {
    for (uint32_t round = 0; round < kRounds; ++round) {
      if (!MemNames::add("race-" + std::to_string(round), {thread, round})) continue;
      // Relaxed: a count, read after the join.
      winners[round].fetch_add(1, std::memory_order_relaxed);
    }
  });
  for (uint32_t round = 0; round < kRounds; ++round) {
    // Relaxed: as above.
    EXPECT_EQ(winners[round].load(std::memory_order_relaxed), 1u);
    MemNames::remove("race-" + std::to_string(round));
  }
}

}  // namespace
}  // namespace msgtrans
