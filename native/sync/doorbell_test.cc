#include "sync/doorbell.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "sync/spsc_ring.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

using stress::run_together;
using stress::Seed;
using stress::sometimes_yield;
using stress::stress_operations;

std::vector<uint32_t> taken(Doorbell<>& doorbell) {
  std::vector<uint32_t> links;
  doorbell.take([&links](uint32_t i) { links.push_back(i); });
  return links;
}

TEST(Doorbell, names_every_link_that_rang_once) {
  Doorbell<> doorbell;
  for (const uint32_t i : {0u, 63u, 64u, 255u, 64u}) EXPECT_FALSE(doorbell.ring(i));
  EXPECT_EQ(taken(doorbell), (std::vector<uint32_t>{0, 63, 64, 255}));
  EXPECT_EQ(taken(doorbell), std::vector<uint32_t>());
}

TEST(Doorbell, holds_all_its_links_at_once) {
  Doorbell<> doorbell;
  for (uint32_t i = 0; i < Doorbell<>::kLinks; ++i) EXPECT_FALSE(doorbell.ring(i));
  EXPECT_EQ(taken(doorbell).size(), Doorbell<>::kLinks);
}

TEST(Doorbell, does_not_let_the_consumer_sleep_on_news) {
  Doorbell<> doorbell;
  EXPECT_FALSE(doorbell.ring(7));
  EXPECT_FALSE(doorbell.prepare_sleep());
  EXPECT_EQ(taken(doorbell), std::vector<uint32_t>{7});
  EXPECT_TRUE(doorbell.prepare_sleep());
}

TEST(Doorbell, wakes_a_sleeper_once) {
  Doorbell<> doorbell;
  ASSERT_TRUE(doorbell.prepare_sleep());
  EXPECT_TRUE(doorbell.ring(3));
  EXPECT_FALSE(doorbell.ring(3));
  EXPECT_FALSE(doorbell.ring(200));
  doorbell.awake();
  EXPECT_EQ(taken(doorbell), (std::vector<uint32_t>{3, 200}));
  ASSERT_TRUE(doorbell.prepare_sleep());
  EXPECT_TRUE(doorbell.ring(200));
}

TEST(DoorbellDeathTest, a_link_beyond_the_set_ends_the_process) {
  Doorbell<> doorbell;
  EXPECT_DEATH((void)doorbell.ring(Doorbell<>::kLinks), "invariant broken");
}

// A ring per producer, read only when its bit says so; the consumer blocks in read(), so lost news hang the test.
TEST(Doorbell, many_links_to_one_sleeper) {
  const Seed seed;
  constexpr uint32_t kProducers = 3;
  constexpr uint32_t kStride = 85;  // three links in three words of the set
  const uint64_t share = stress_operations() / 10 / kProducers;
  std::vector<std::unique_ptr<SpscRing<uint64_t>>> links;
  for (uint32_t i = 0; i < kProducers; ++i) links.push_back(std::make_unique<SpscRing<uint64_t>>(16));
  Doorbell<> doorbell;
  const UniqueFd descriptor(::eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(descriptor.valid());
  run_together(kProducers + 1, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    if (thread < kProducers) {
      for (uint64_t number = 0; number < share; ++number) {
        while (!links[thread]->try_push(number)) std::this_thread::yield();
        if (doorbell.ring(thread * kStride)) {
          const uint64_t one = 1;
          ASSERT_EQ(::write(descriptor.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
        }
        sometimes_yield(random);
      }
      return;
    }
    std::vector<uint64_t> next(kProducers, 0);
    bool in_order = true;
    for (uint64_t count = 0; count < kProducers * share;) {
      uint64_t found = 0;
      doorbell.take([&](uint32_t i) {
        const uint32_t link = i / kStride;
        found += links[link]->consume(UINT32_MAX, [&](uint64_t value) { in_order &= value == next[link]++; });
      });
      count += found;
      if (found > 0 || count == kProducers * share || !doorbell.prepare_sleep()) continue;
      uint64_t ignored = 0;
      ASSERT_EQ(::read(descriptor.get(), &ignored, sizeof ignored), static_cast<ssize_t>(sizeof ignored));
      doorbell.awake();
    }
    EXPECT_TRUE(in_order);
  });
}

}  // namespace
}  // namespace msgtrans
