#include "memory/reserved_queue.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

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

size_t resident_bytes(const void* first, size_t bytes) {
  constexpr size_t kPageBytes = 4096;
  std::vector<unsigned char> pages((bytes + kPageBytes - 1) / kPageBytes);
  EXPECT_EQ(::mincore(const_cast<void*>(first), bytes, pages.data()), 0);
  return static_cast<size_t>(std::count_if(pages.begin(), pages.end(), [](int page) { return page & 1; })) * kPageBytes;
}

TEST(ReservedQueueTest, gives_the_pages_of_a_burst_back_once_it_is_empty) {
  constexpr size_t kBurst = 1 << 20;
  constexpr size_t kBurstBytes = kBurst * sizeof(uint32_t);
  Queue queue(kBurst);
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < kBurst; ++i) queue.push_back(i);
    const void* const first = &queue.front();
    ASSERT_EQ(resident_bytes(first, kBurstBytes), kBurstBytes);
    for (uint32_t i = 0; i < kBurst; ++i) {
      ASSERT_EQ(queue.front(), i);
      queue.pop_front();
    }
    EXPECT_LE(resident_bytes(first, kBurstBytes), Queue::kKeptBytes);
  }
}

TEST(ReservedQueueDeathTest, ends_the_process_rather_than_lose_an_element_above_its_bound) {
  Queue queue(Queue::kFirstSize);
  for (uint32_t i = 0; i < Queue::kFirstSize; ++i) queue.push_back(i);
  EXPECT_DEATH(queue.push_back(0), "invariant broken");
}

}  // namespace
}  // namespace msgtrans
