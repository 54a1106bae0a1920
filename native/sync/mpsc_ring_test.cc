#include "sync/mpsc_ring.h"

#include <gtest/gtest.h>

#include <array>

#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;
using stress::Seed;
using stress::sometimes_yield;
using stress::stress_operations;

// Which producer, and which of its elements.
struct Element {
  uint32_t producer;
  uint64_t number;
};

TEST(MpscRing, hands_over_what_was_pushed_in_order) {
  MpscRing<int> ring(4);
  EXPECT_TRUE(ring.try_push(1));
  EXPECT_TRUE(ring.try_push(2));
  EXPECT_EQ(ring.size(), 2u);
  int value = 0;
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(value, 1);
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(value, 2);
  EXPECT_FALSE(ring.try_pop(value));
}

TEST(MpscRing, holds_its_capacity_and_refuses_more) {
  MpscRing<int> ring(2);
  EXPECT_TRUE(ring.try_push(1));
  EXPECT_TRUE(ring.try_push(2));
  EXPECT_FALSE(ring.try_push(3));
  int value = 0;
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_TRUE(ring.try_push(3));
  EXPECT_FALSE(ring.try_push(4));
}

TEST(MpscRing, takes_a_batch_whole_or_not_at_all) {
  MpscRing<int> ring(4);
  const std::array<int, 5> values = {1, 2, 3, 4, 5};
  EXPECT_TRUE(ring.try_push_all(values.data(), 0));
  EXPECT_FALSE(ring.try_push_all(values.data(), 5));
  EXPECT_TRUE(ring.try_push_all(values.data(), 3));
  EXPECT_FALSE(ring.try_push_all(values.data(), 2));
  EXPECT_EQ(ring.size(), 3u);
  std::array<int, 4> got{};
  EXPECT_EQ(ring.take(got.data(), 4), 3u);
  EXPECT_EQ(got, (std::array<int, 4>{1, 2, 3, 0}));
}

TEST(MpscRing, gives_slots_back_after_the_last_visit) {
  MpscRing<int> ring(2);
  const std::array<int, 2> values = {1, 2};
  ring.try_push_all(values.data(), 2);
  ring.consume(2, [&ring](int) { EXPECT_FALSE(ring.try_push(3)); });
  EXPECT_TRUE(ring.try_push(3));
}

TEST(MpscRing, survives_the_wrap_of_its_indices) {
  MpscRing<uint32_t> ring(4, UINT64_MAX - 5);
  uint32_t expected = 0;
  for (uint32_t next = 0; next < 24; next += 3) {
    const std::array<uint32_t, 3> values = {next, next + 1, next + 2};
    ASSERT_TRUE(ring.try_push_all(values.data(), 3));
    EXPECT_FALSE(ring.try_push_all(values.data(), 2));
    ASSERT_EQ(ring.consume(4, [&expected](uint32_t value) { EXPECT_EQ(value, expected++); }), 3u);
  }
}

// Pushes in batches of up to `batch_max` until `share` elements of each producer were accepted.
void push_share(MpscRing<Element>& ring, uint32_t producer, uint64_t share, uint32_t batch_max, std::mt19937 random) {
  for (uint64_t next = 1; next <= share;) {
    std::array<Element, 8> batch;
    const auto count = static_cast<uint32_t>(std::min<uint64_t>(1 + random() % batch_max, share - next + 1));
    for (uint32_t i = 0; i < count; ++i) batch[i] = {producer, next + i};
    if (ring.try_push_all(batch.data(), count)) {
      next += count;
    } else {
      std::this_thread::yield();
    }
    sometimes_yield(random);
  }
}

// Every element of every producer comes once and in its producer's order.
void expect_all(MpscRing<Element>& ring, uint32_t producers, uint64_t share, std::mt19937 random) {
  std::vector<uint64_t> last(producers, 0);
  bool in_order = true;
  for (uint64_t taken = 0; taken < producers * share;) {
    const uint32_t count = ring.consume(1 + random() % 16, [&](const Element& element) {
      in_order &= element.producer < producers && element.number == last[element.producer] + 1;
      last[element.producer % producers] = element.number;
    });
    if (count == 0) std::this_thread::yield();
    taken += count;
  }
  EXPECT_TRUE(in_order);
  EXPECT_EQ(last, std::vector<uint64_t>(producers, share));
  EXPECT_EQ(ring.size(), 0u);
}

TEST(MpscRing, one_to_one_in_random_batches) {
  const Seed seed;
  const uint64_t share = stress_operations();
  MpscRing<Element> ring(8, UINT64_MAX - 100);
  run_together(2, [&](uint32_t thread) {
    if (thread == 0) push_share(ring, 0, share, 6, seed.stream(thread));
    if (thread == 1) expect_all(ring, 1, share, seed.stream(thread));
  });
}

TEST(MpscRing, many_to_one_one_by_one_through_two_slots) {
  const Seed seed;
  constexpr uint32_t kProducers = 4;
  const uint64_t share = stress_operations() / kProducers;
  MpscRing<Element> ring(2);
  run_together(kProducers + 1, [&](uint32_t thread) {
    if (thread < kProducers) push_share(ring, thread, share, 1, seed.stream(thread));
    if (thread == kProducers) expect_all(ring, kProducers, share, seed.stream(thread));
  });
}

TEST(MpscRing, many_to_one_in_batches) {
  const Seed seed;
  constexpr uint32_t kProducers = 3;
  const uint64_t share = stress_operations() / kProducers;
  MpscRing<Element> ring(16, UINT64_MAX - 1000);
  run_together(kProducers + 1, [&](uint32_t thread) {
    if (thread < kProducers) push_share(ring, thread, share, 8, seed.stream(thread));
    if (thread == kProducers) expect_all(ring, kProducers, share, seed.stream(thread));
  });
}

TEST(MpscRing, drops_are_the_callers_and_what_was_accepted_arrives) {
  const Seed seed;
  constexpr uint32_t kProducers = 3;
  const uint64_t share = stress_operations() / kProducers;
  MpscRing<Element> ring(4);
  std::array<uint64_t, kProducers> accepted{};
  std::array<uint64_t, kProducers> received{};
  std::atomic<uint32_t> producers_left = kProducers;
  run_together(kProducers + 1, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    if (thread < kProducers) {
      for (uint64_t number = 1; number <= share; ++number) {
        accepted[thread] += ring.try_push({thread, number}) ? 1 : 0;
        sometimes_yield(random);
      }
      // Release: pairs with the acquire load below; every push came before.
      producers_left.fetch_sub(1, std::memory_order_release);
      return;
    }
    std::array<uint64_t, kProducers> last{};
    bool rises = true;
    for (bool was_done = false; !was_done;) {
      // Acquire: pairs with the release above; the take below then finds what is left.
      was_done = producers_left.load(std::memory_order_acquire) == 0;
      const uint32_t count = ring.consume(UINT32_MAX, [&](const Element& element) {
        rises &= element.number > last[element.producer];
        last[element.producer] = element.number;
        received[element.producer] += 1;
      });
      if (count == 0) std::this_thread::yield();
    }
    EXPECT_TRUE(rises);
  });
  EXPECT_EQ(received, accepted);
}

}  // namespace
}  // namespace msgtrans
