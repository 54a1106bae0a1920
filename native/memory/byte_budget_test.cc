#include "memory/byte_budget.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace msgtrans {
namespace {

TEST(ByteBudget, charges_up_to_its_last_byte) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.try_charge(60));
  EXPECT_FALSE(budget.try_charge(41));
  EXPECT_TRUE(budget.try_charge(40));
  EXPECT_FALSE(budget.try_charge(1));
  EXPECT_FALSE(budget.try_charge(SIZE_MAX)) << "no wrapping around";
  budget.refund(60);
  EXPECT_EQ(budget.bytes_used(), 40u);
  EXPECT_TRUE(budget.try_charge(60));
}

TEST(ByteBudget, is_never_exceeded_by_threads_together) {
  ByteBudget budget(10);
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&budget, &exceeded] {
      for (int i = 0; i < 50'000; ++i) {
        if (!budget.try_charge(4)) continue;
        // Relaxed: read after the join.
        if (budget.bytes_used() > 10) exceeded.store(true, std::memory_order_relaxed);
        budget.refund(4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded.load(std::memory_order_relaxed));  // relaxed: the join above orders it
  EXPECT_EQ(budget.bytes_used(), 0u);
}

TEST(ByteBudgetDeathTest, ends_the_process_when_more_is_refunded_than_was_charged) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ByteBudget budget(10);
  EXPECT_DEATH(budget.refund(1), "invariant broken");
}

}  // namespace
}  // namespace msgtrans
