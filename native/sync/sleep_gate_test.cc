#include "sync/sleep_gate.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "sync/mpsc_ring.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;
using stress::Seed;
using stress::sometimes_yield;
using stress::stress_operations;

TEST(SleepGate, asks_for_no_wake_up_while_the_consumer_runs) {
  SleepGate<> gate;
  EXPECT_FALSE(gate.must_wake());
  gate.announce();
  gate.awake();
  EXPECT_FALSE(gate.must_wake());
}

TEST(SleepGate, asks_once_per_sleep) {
  SleepGate<> gate;
  for (int sleep = 0; sleep < 3; ++sleep) {
    gate.announce();
    EXPECT_TRUE(gate.must_wake());
    EXPECT_FALSE(gate.must_wake());
    gate.awake();
  }
}

// The pair test: a consumer that blocks in read() for as long as nobody wakes it. A missed wake-up would hang it, since
// the producers stop after their last element.
TEST(SleepGate, no_sleep_outlasts_the_news) {
  const Seed seed;
  constexpr uint32_t kProducers = 3;
  const uint64_t share = stress_operations() / 10 / kProducers;
  MpscRing<uint64_t> ring(64);
  SleepGate<> gate;
  const UniqueFd descriptor(::eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(descriptor.valid());
  std::atomic<uint64_t> wake_ups = 0;
  uint64_t sleeps = 0;
  run_together(kProducers + 1, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    if (thread < kProducers) {
      for (uint64_t number = 0; number < share; ++number) {
        while (!ring.try_push(number)) std::this_thread::yield();
        if (gate.must_wake()) {
          const uint64_t one = 1;
          ASSERT_EQ(::write(descriptor.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
          // Relaxed: only a count, read after the threads were joined.
          wake_ups.fetch_add(1, std::memory_order_relaxed);
        }
        sometimes_yield(random);
      }
      return;
    }
    for (uint64_t taken = 0; taken < kProducers * share;) {
      const auto take = [&] { return ring.consume(UINT32_MAX, [](uint64_t) {}); };
      uint32_t count = take();
      if (count == 0) {
        gate.announce();
        count = take();
        if (count == 0) {
          uint64_t ignored = 0;
          ASSERT_EQ(::read(descriptor.get(), &ignored, sizeof ignored), static_cast<ssize_t>(sizeof ignored));
          sleeps += 1;
        }
        gate.awake();
      }
      taken += count;
    }
  });
  // Relaxed: all threads were joined. An announcement that was taken back may have been answered all the same.
  EXPECT_GE(wake_ups.load(std::memory_order_relaxed), sleeps);
}

}  // namespace
}  // namespace msgtrans
