#include "session/lent_segments.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <vector>

#include "sync/spsc_ring.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

std::shared_ptr<Arena> make_arena() {
  return std::make_shared<Arena>(Arena::Regions{kControlWords * kWordBytes, 32, 32, size_t{kSegmentBytes} * kRingSegments, 4096});
}

TEST(LentSegmentsTest, gives_the_lowest_segment_that_nobody_holds) {
  LentSegments segments(make_arena());
  EXPECT_EQ(segments.take_free(), 0u);
  EXPECT_EQ(segments.take_free(), 1u);
  EXPECT_EQ(segments.data(1) - segments.data(0), static_cast<ptrdiff_t>(kSegmentBytes));
  segments.give_back(0);
  EXPECT_EQ(segments.take_free(), 0u);
}

TEST(LentSegmentsTest, keeps_a_segment_until_its_last_holder_has_given_it_back) {
  LentSegments segments(make_arena());
  ASSERT_EQ(segments.take_free(), 0u);
  segments.lend(0);
  segments.lend(0);
  segments.give_back(0);
  segments.give_back(0);
  EXPECT_EQ(segments.take_free(), 1u) << "one still holds 0";
  segments.give_back(0);
  EXPECT_EQ(segments.take_free(), 0u);
}

TEST(LentSegmentsTest, has_nothing_to_give_while_all_are_held) {
  LentSegments segments(make_arena());
  for (uint32_t i = 0; i < kRingSegments; ++i) ASSERT_EQ(segments.take_free(), i);
  EXPECT_EQ(segments.take_free(), std::nullopt);
  segments.give_back(5);
  EXPECT_EQ(segments.take_free(), 5u);
}

// The owner fills segments and lends them to two readers, as fast as they come back.
TEST(LentSegmentsTest, never_rewrites_what_is_read_and_gets_everything_back) {
  constexpr uint32_t kReaders = 2;
  const uint64_t rounds = stress::stress_operations() / 10;
  const stress::Seed seed;
  struct Loan {
    uint32_t segment;
    uint32_t stamp;
  };
  LentSegments segments(make_arena());
  std::array<SpscRing<Loan>, kReaders> loans = {SpscRing<Loan>(16), SpscRing<Loan>(16)};
  std::atomic<uint32_t> over{0};
  stress::run_together(1 + kReaders, [&](uint32_t thread) {
    std::mt19937 random = seed.stream(thread);
    if (thread == 0) {
      for (uint32_t stamp = 1; stamp <= rounds; ++stamp) {
        std::optional<uint32_t> segment;
        while (!(segment = segments.take_free())) std::this_thread::yield();
        std::memset(segments.data(*segment), static_cast<int>(stamp % 251), 64);
        for (auto& ring : loans) {
          if (random() % 4 == 0) continue;
          segments.lend(*segment);
          while (!ring.try_push({*segment, stamp})) std::this_thread::yield();
        }
        segments.give_back(*segment);
      }
      // Release: pairs with the acquire below; nothing is lent after it.
      over.store(1, std::memory_order_release);
      return;
    }
    Loan loan{};
    for (;;) {
      // Acquire: pairs with the release above. Before the look, so that a last loan is not missed.
      const bool last = over.load(std::memory_order_acquire) != 0;
      if (!loans[thread - 1].try_pop(loan)) {
        if (last) return;
        std::this_thread::yield();
        continue;
      }
      stress::sometimes_yield(random);
      const uint8_t* const bytes = segments.data(loan.segment);
      for (int i = 0; i < 64; ++i) ASSERT_EQ(bytes[i], loan.stamp % 251);
      segments.give_back(loan.segment);
    }
  });
  for (uint32_t i = 0; i < kRingSegments; ++i) EXPECT_EQ(segments.take_free(), i) << "all came back";
}

}  // namespace
}  // namespace msgtrans
