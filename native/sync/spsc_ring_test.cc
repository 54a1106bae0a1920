#include "sync/spsc_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;
using stress::Seed;
using stress::sometimes_yield;
using stress::stress_operations;

TEST(SpscRing, hands_over_what_was_pushed_in_order) {
  SpscRing<uint64_t> ring(4);
  EXPECT_TRUE(ring.try_push(1));
  EXPECT_TRUE(ring.try_push(2));
  EXPECT_EQ(ring.size(), 2u);
  uint64_t value = 0;
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(value, 1u);
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(value, 2u);
  EXPECT_FALSE(ring.try_pop(value));
  EXPECT_EQ(ring.size(), 0u);
}

TEST(SpscRing, holds_its_capacity_and_refuses_more) {
  SpscRing<int> ring(2);
  EXPECT_EQ(ring.capacity(), 2u);
  EXPECT_TRUE(ring.try_push(1));
  EXPECT_TRUE(ring.try_push(2));
  EXPECT_FALSE(ring.try_push(3));
  int value = 0;
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_TRUE(ring.try_push(3));
  EXPECT_FALSE(ring.try_push(4));
}

TEST(SpscRing, shows_nothing_that_was_staged_until_it_is_published) {
  SpscRing<int> ring(4);
  EXPECT_TRUE(ring.stage(1));
  EXPECT_TRUE(ring.stage(2));
  int value = 0;
  EXPECT_FALSE(ring.try_pop(value));
  ring.publish();
  EXPECT_EQ(ring.size(), 2u);
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(value, 1);
}

TEST(SpscRing, takes_the_part_of_a_batch_that_fits) {
  SpscRing<int> ring(4);
  const std::array<int, 6> values = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(ring.push_some(values.data(), 6), 4u);
  EXPECT_EQ(ring.push_some(values.data() + 4, 2), 0u);
  std::array<int, 6> got{};
  EXPECT_EQ(ring.take(got.data(), 3), 3u);
  EXPECT_EQ(ring.push_some(values.data() + 4, 2), 2u);
  EXPECT_EQ(ring.take(got.data() + 3, 6), 3u);
  EXPECT_EQ(got, values);
}

TEST(SpscRing, gives_slots_back_after_the_last_visit) {
  SpscRing<int> ring(2);
  const std::array<int, 2> values = {1, 2};
  ring.push_some(values.data(), 2);
  ring.consume(2, [&ring](int) { EXPECT_FALSE(ring.try_push(3)); });
  EXPECT_TRUE(ring.try_push(3));
}

TEST(SpscRing, survives_the_wrap_of_its_indices) {
  SpscRing<uint32_t> ring(4, UINT64_MAX - 5);
  uint32_t next = 0;
  uint32_t expected = 0;
  for (int lap = 0; lap < 8; ++lap) {
    const std::array<uint32_t, 3> values = {next, next + 1, next + 2};
    ASSERT_EQ(ring.push_some(values.data(), 3), 3u);
    next += 3;
    EXPECT_EQ(ring.size(), 3u);
    ASSERT_EQ(ring.consume(4, [&expected](uint32_t value) { EXPECT_EQ(value, expected++); }), 3u);
  }
  EXPECT_EQ(expected, 24u);
}

TEST(SpscRing, one_to_one_in_random_batches) {
  const Seed seed;
  const uint64_t total = stress_operations();
  SpscRing<uint64_t> ring(8, UINT64_MAX - 100);
  run_together(2, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    if (thread == 0) {
      for (uint64_t next = 0; next < total;) {
        std::array<uint64_t, 6> batch{};
        std::iota(batch.begin(), batch.end(), next);
        const uint64_t wanted = std::min<uint64_t>(1 + random() % batch.size(), total - next);
        const uint32_t taken = ring.push_some(batch.data(), static_cast<uint32_t>(wanted));
        next += taken;
        if (taken == 0) std::this_thread::yield();
        sometimes_yield(random);
      }
      return;
    }
    uint64_t expected = 0;
    bool in_order = true;
    while (expected < total) {
      const uint32_t count = ring.consume(1 + random() % 8, [&](uint64_t value) { in_order &= value == expected++; });
      if (count == 0) std::this_thread::yield();
    }
    EXPECT_TRUE(in_order);
  });
  EXPECT_EQ(ring.size(), 0u);
}

TEST(SpscRing, drops_are_the_callers_and_what_was_accepted_arrives) {
  const Seed seed;
  const uint64_t total = stress_operations();
  SpscRing<uint64_t> ring(4);
  uint64_t accepted = 0;
  std::atomic<bool> is_done = false;
  uint64_t received = 0;
  run_together(2, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    if (thread == 0) {
      for (uint64_t value = 1; value <= total; ++value) {
        accepted += ring.try_push(value) ? 1 : 0;
        sometimes_yield(random);
      }
      // Release: pairs with the acquire load below; every push came before.
      is_done.store(true, std::memory_order_release);
      return;
    }
    uint64_t last = 0;
    bool rises = true;
    for (bool was_done = false; !was_done;) {
      // Acquire: pairs with the release store above; the take below then finds what is left.
      was_done = is_done.load(std::memory_order_acquire);
      received += ring.consume(UINT32_MAX, [&](uint64_t value) {
        rises &= value > last;
        last = value;
      });
    }
    EXPECT_TRUE(rises);
  });
  EXPECT_EQ(received, accepted);
  EXPECT_GT(accepted, 0u);
}

}  // namespace
}  // namespace msgtrans
