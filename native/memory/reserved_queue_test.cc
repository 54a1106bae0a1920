#include "memory/reserved_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace msgtrans {
namespace {

using Queue = ReservedQueue<uint32_t>;

TEST(ReservedQueueTest, gives_back_what_it_took_in_order_across_every_growth) {
  constexpr uint32_t kSeed = 20'26;
  std::mt19937 random(kSeed);
  Queue queue(1 << 14);
  std::deque<uint32_t> expected;
  for (uint32_t i = 0; i < 200'000; ++i) {
    // Phases of filling and of emptying, so that it grows with its head anywhere.
    const bool fills = i / 3'000 % 2 == 0;
    if (random() % 8 < (fills ? 6u : 2u) && expected.size() < 10'000) {
      queue.push_back(i);
      expected.push_back(i);
    } else if (!expected.empty()) {
      ASSERT_EQ(queue.front(), expected.front()) << "seed " << kSeed << ", step " << i;
      queue.pop_front();
      expected.pop_front();
    }
    ASSERT_EQ(queue.size(), expected.size());
    ASSERT_EQ(queue.empty(), expected.empty());
  }
}

TEST(ReservedQueueTest, holds_as_many_as_were_reserved) {
  Queue queue(1 << 10);
  for (uint32_t i = 0; i < 700; ++i) queue.push_back(i);
  for (uint32_t i = 0; i < 700; ++i) queue.pop_front();
  for (uint32_t i = 0; i < 1 << 10; ++i) queue.push_back(i);
  EXPECT_EQ(queue.size(), 1u << 10);
  EXPECT_EQ(queue.front(), 0u);
}

TEST(ReservedQueueDeathTest, ends_the_process_rather_than_lose_an_element_above_its_bound) {
  Queue queue(Queue::kFirstSize);
  for (uint32_t i = 0; i < Queue::kFirstSize; ++i) queue.push_back(i);
  EXPECT_DEATH(queue.push_back(0), "invariant broken");
}

}  // namespace
}  // namespace msgtrans
