#include "sync/mpmc_queue.h"

#include <gtest/gtest.h>

#include <array>

#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;
using stress::Seed;
using stress::sometimes_yield;
using stress::stress_operations;

TEST(MpmcQueue, hands_over_what_was_pushed_in_order) {
  MpmcQueue<int> queue(4);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_EQ(queue.size(), 2u);
  int value = 0;
  EXPECT_TRUE(queue.try_pop(value));
  EXPECT_EQ(value, 1);
  EXPECT_TRUE(queue.try_pop(value));
  EXPECT_EQ(value, 2);
  EXPECT_FALSE(queue.try_pop(value));
}

TEST(MpmcQueue, holds_its_capacity_and_refuses_more) {
  MpmcQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  int value = 0;
  EXPECT_TRUE(queue.try_pop(value));
  EXPECT_TRUE(queue.try_push(3));
  EXPECT_FALSE(queue.try_push(4));
}

TEST(MpmcQueue, takes_the_part_of_a_batch_that_fits_and_gives_what_is_there) {
  MpmcQueue<int> queue(4);
  const std::array<int, 6> values = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(queue.push_some(values.data(), 0), 0u);
  EXPECT_EQ(queue.push_some(values.data(), 3), 3u);
  EXPECT_EQ(queue.push_some(values.data() + 3, 3), 1u);
  std::array<int, 6> got{};
  EXPECT_EQ(queue.take(got.data(), 2), 2u);
  EXPECT_EQ(queue.push_some(values.data() + 4, 2), 2u);
  EXPECT_EQ(queue.take(got.data() + 2, 100), 4u);
  EXPECT_EQ(got, values);
}

TEST(MpmcQueue, makes_only_the_elements_that_fit) {
  MpmcQueue<int> queue(2);
  int made = 0;
  EXPECT_EQ(queue.produce(5, [&made](uint32_t i) { return made += 1, static_cast<int>(i); }), 2u);
  EXPECT_EQ(made, 2);
}

TEST(MpmcQueue, survives_the_wrap_of_its_indices) {
  MpmcQueue<uint32_t> queue(4, UINT64_MAX - 5);
  uint32_t expected = 0;
  for (uint32_t next = 0; next < 24; next += 3) {
    const std::array<uint32_t, 3> values = {next, next + 1, next + 2};
    ASSERT_EQ(queue.push_some(values.data(), 3), 3u);
    ASSERT_EQ(queue.consume(4, [&expected](uint32_t value) { EXPECT_EQ(value, expected++); }), 3u);
    EXPECT_EQ(queue.size(), 0u);
  }
}

// Pushes numbers to `producers` times a share, takes them with `consumers` threads, and expects each exactly once, and
// those of one producer in rising order at every consumer.
void move_all(MpmcQueue<uint64_t>& queue, uint32_t producers, uint32_t consumers, uint32_t batch_max) {
  const Seed seed;
  const uint64_t share = stress_operations() / producers;
  const uint64_t total = share * producers;
  std::vector<std::atomic<uint8_t>> times(total);
  std::atomic<uint64_t> taken = 0;
  run_together(producers + consumers, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    std::array<uint64_t, 8> batch{};
    if (thread < producers) {
      for (uint64_t next = 0; next < share;) {
        const auto count = static_cast<uint32_t>(std::min<uint64_t>(1 + random() % batch_max, share - next));
        for (uint32_t i = 0; i < count; ++i) batch[i] = thread * share + next + i;
        const uint32_t accepted = queue.push_some(batch.data(), count);
        if (accepted == 0) std::this_thread::yield();
        next += accepted;
        sometimes_yield(random);
      }
      return;
    }
    std::vector<uint64_t> last(producers, 0);
    bool rises = true;
    // Relaxed: only a count; what it counts was handed over by the queue.
    while (taken.load(std::memory_order_relaxed) < total) {
      const uint32_t count = queue.take(batch.data(), 1 + static_cast<uint32_t>(random() % batch_max));
      for (uint32_t i = 0; i < count; ++i) {
        const uint64_t producer = batch[i] / share;
        rises &= batch[i] + 1 > last[producer];
        last[producer] = batch[i] + 1;
        // Relaxed: only a count, read after the threads were joined.
        times[batch[i]].fetch_add(1, std::memory_order_relaxed);
      }
      // Relaxed: as above.
      taken.fetch_add(count, std::memory_order_relaxed);
      if (count == 0) std::this_thread::yield();
      sometimes_yield(random);
    }
    EXPECT_TRUE(rises);
  });
  uint64_t once = 0;
  // Relaxed: all threads were joined.
  for (const auto& time : times) once += time.load(std::memory_order_relaxed) == 1 ? 1 : 0;
  EXPECT_EQ(once, total);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(MpmcQueue, one_to_one_in_random_batches) {
  MpmcQueue<uint64_t> queue(8, UINT64_MAX - 100);
  move_all(queue, 1, 1, 6);
}

TEST(MpmcQueue, many_to_many_one_by_one_through_two_slots) {
  MpmcQueue<uint64_t> queue(2);
  move_all(queue, 3, 3, 1);
}

TEST(MpmcQueue, many_to_many_in_batches) {
  MpmcQueue<uint64_t> queue(8, UINT64_MAX - 1000);
  move_all(queue, 3, 3, 8);
}

TEST(MpmcQueue, drops_are_the_callers_and_what_was_accepted_arrives) {
  const Seed seed;
  MpmcQueue<uint64_t> queue(4);
  const uint64_t attempts = stress_operations() / 4;
  std::array<uint64_t, 4> counts{};
  run_together(4, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    for (uint64_t i = 0; i < attempts; ++i) {
      uint64_t value = i;
      counts[thread] += (thread < 2 ? queue.try_push(value) : queue.try_pop(value)) ? 1 : 0;
      sometimes_yield(random);
    }
  });
  const uint32_t left = queue.consume(UINT32_MAX, [](uint64_t) {});
  EXPECT_EQ(counts[0] + counts[1], counts[2] + counts[3] + left);
}

}  // namespace
}  // namespace msgtrans
