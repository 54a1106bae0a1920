#include "session/session_directory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "session/session.h"

namespace msgtrans {
namespace {

class SessionDirectoryTest : public testing::Test {
 protected:
  void TearDown() override { directory_.check_invariants(); }

  uint32_t generation(uint32_t slot) const {
    return directory_.state(slot).generation.load(std::memory_order_relaxed);
  }
  uint32_t status(uint32_t slot) const { return directory_.state(slot).state.load(std::memory_order_relaxed); }
  // Lives through `count` sessions, one after the other.
  void churn(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) directory_.release(directory_.claim(&session_));
  }

  SessionDirectory directory_{5};
  Session session_;
};

TEST_F(SessionDirectoryTest, makes_segments_ahead_of_use) {
  ASSERT_TRUE(directory_.reserve(2'500));
  EXPECT_EQ(directory_.segment_count(), 3u);
  EXPECT_EQ(directory_.slots_used(), 0u);
  const SlotSegment* const first = directory_.segment(0);
  ASSERT_TRUE(directory_.reserve(100'000));
  EXPECT_EQ(directory_.segment(0), first) << "segments never move";
}

TEST_F(SessionDirectoryTest, opens_a_slot_at_generation_one) {
  const uint32_t slot = directory_.claim(&session_);
  EXPECT_EQ(slot, 0u);
  EXPECT_EQ(generation(slot), 1u) << "an id of 0 names no session";
  EXPECT_EQ(status(slot), kSlotOpen);
  EXPECT_EQ(directory_.find(slot, 1), &session_);
  EXPECT_EQ(directory_.word(slot), 5u << 24);
  EXPECT_EQ(directory_.open_count(), 1u);
}

TEST_F(SessionDirectoryTest, detects_stale_and_foreign_ids) {
  const uint32_t slot = directory_.claim(&session_);
  EXPECT_TRUE(directory_.is_current(slot, 1));
  EXPECT_EQ(directory_.find(slot, 0), nullptr);
  EXPECT_EQ(directory_.find(slot, 2), nullptr);
  EXPECT_EQ(directory_.find(slot + 1, 0), nullptr) << "never claimed";
  EXPECT_EQ(directory_.find(slot + 1, 1), nullptr);
  EXPECT_EQ(directory_.find(kSlotMask, 1), nullptr) << "beyond every segment";
  EXPECT_EQ(directory_.at(UINT32_MAX), nullptr);
  directory_.release(slot);
  EXPECT_EQ(directory_.find(slot, 1), nullptr);
  EXPECT_FALSE(directory_.is_current(slot, 1));
  EXPECT_FALSE(directory_.is_current(slot, 2)) << "free";
}

TEST_F(SessionDirectoryTest, is_current_only_while_open) {
  const uint32_t slot = directory_.claim(&session_);
  // Release: as the engine marks it.
  directory_.state(slot).state.store(kSlotClosing, std::memory_order_release);
  EXPECT_FALSE(directory_.is_current(slot, 1));
  EXPECT_EQ(directory_.find(slot, 1), &session_) << "the owner still finds it";
}

TEST_F(SessionDirectoryTest, reuses_a_slot_only_after_many_others) {
  const uint32_t slot = directory_.claim(&session_);
  directory_.release(slot);
  for (uint32_t i = 0; i < SessionDirectory::kReuseDistance; ++i) {
    const uint32_t other = directory_.claim(&session_);
    ASSERT_NE(other, slot) << "after " << i;
    directory_.release(other);
  }
  EXPECT_EQ(directory_.claim(&session_), slot);
  EXPECT_EQ(generation(slot), 2u);
  EXPECT_EQ(directory_.find(slot, 1), nullptr);
}

TEST_F(SessionDirectoryTest, stays_small_however_long_sessions_come_and_go) {
  churn(200'000);
  EXPECT_LE(directory_.slots_used(), SessionDirectory::kReuseDistance + 1);
}

TEST_F(SessionDirectoryTest, cleans_what_the_last_session_left_in_a_slot) {
  const uint32_t slot = directory_.claim(&session_);
  directory_.state(slot).queued_bytes = 99;
  directory_.state(slot).flags = kSlotWantsDrain | kSlotPulled | kSlotToldFull;
  directory_.release(slot);
  churn(SessionDirectory::kReuseDistance);
  ASSERT_EQ(directory_.claim(&session_), slot);
  EXPECT_EQ(directory_.state(slot).queued_bytes, 0u);
  EXPECT_EQ(directory_.state(slot).flags, 0u);
}

TEST_F(SessionDirectoryTest, retires_a_slot_before_its_generation_wraps) {
  const uint32_t slot = directory_.claim(&session_);
  // Relaxed: one thread.
  directory_.state(slot).generation.store(kGenerationMax - 1, std::memory_order_relaxed);
  directory_.release(slot);
  churn(SessionDirectory::kReuseDistance);
  ASSERT_EQ(directory_.claim(&session_), slot);
  EXPECT_EQ(generation(slot), kGenerationMax) << "the last one is used";
  EXPECT_EQ(directory_.find(slot, kGenerationMax), &session_);
  directory_.release(slot);
  for (uint32_t i = 0; i < 5 * SessionDirectory::kReuseDistance; ++i) {
    const uint32_t other = directory_.claim(&session_);
    ASSERT_NE(other, slot);
    directory_.release(other);
  }
  EXPECT_EQ(directory_.find(slot, 1), nullptr);
  EXPECT_EQ(directory_.find(slot, kGenerationMax), nullptr);
}

TEST_F(SessionDirectoryTest, agrees_with_a_model_under_random_use) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::vector<std::pair<uint32_t, uint32_t>> open;
  std::map<uint32_t, uint32_t> last_generation;
  for (int step = 0; step < 30'000; ++step) {
    if (open.empty() || (random() % 2 == 0 && open.size() < 3'000)) {
      const uint32_t slot = directory_.claim(&session_);
      const uint32_t now = generation(slot);
      ASSERT_GT(now, last_generation[slot]);
      last_generation[slot] = now;
      open.emplace_back(slot, now);
    } else {
      std::swap(open[random() % open.size()], open.back());
      const auto [slot, now] = open.back();
      open.pop_back();
      ASSERT_EQ(directory_.find(slot, now), &session_);
      directory_.release(slot);
      ASSERT_EQ(directory_.find(slot, now), nullptr);
    }
    ASSERT_EQ(directory_.open_count(), open.size());
  }
  for (const auto& [slot, now] : open) ASSERT_TRUE(directory_.is_current(slot, now));
}

TEST_F(SessionDirectoryTest, answers_other_threads_while_the_owner_works) {
  constexpr uint32_t kSlots = 8;
  ASSERT_TRUE(directory_.reserve(4 * SessionDirectory::kReuseDistance));
  const uint32_t lasting = directory_.claim(&session_);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> lookups{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      // Relaxed: only ends the loop; join() orders everything else.
      while (!stop.load(std::memory_order_relaxed)) {
        ASSERT_TRUE(directory_.is_current(lasting, 1)) << "nothing that others do disturbs it";
        ASSERT_FALSE(directory_.is_current(lasting, 2));
        // Slots in every state, with generations past, present and to come.
        (void)directory_.is_current(static_cast<uint32_t>(random() % 2'000), static_cast<uint32_t>(random() % 64));
        // Relaxed: a count, read after join().
        lookups.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  std::vector<uint32_t> open;
  // Relaxed: only paces the owner.
  for (int round = 0; round < 40'000 || lookups.load(std::memory_order_relaxed) < 1'000; ++round) {
    open.push_back(directory_.claim(&session_));
    if (open.size() < kSlots) continue;
    for (const uint32_t slot : open) {
      // Release: as the engine marks it.
      directory_.state(slot).state.store(kSlotClosing, std::memory_order_release);
      directory_.release(slot);
    }
    open.clear();
  }
  // Relaxed: see the readers.
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& reader : readers) reader.join();
}

TEST_F(SessionDirectoryTest, never_calls_a_session_current_once_its_owner_said_it_was_over) {
  // The owner announces each generation that is over before it opens the slot anew; a reader that has seen the
  // announcement must not find that generation current.
  ASSERT_TRUE(directory_.reserve(4 * SessionDirectory::kReuseDistance));
  std::vector<std::atomic<uint32_t>> over(3 * SessionDirectory::kReuseDistance);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    std::mt19937 random(7);
    // Relaxed: only ends the loop.
    while (!stop.load(std::memory_order_relaxed)) {
      const auto slot = static_cast<uint32_t>(random() % (SessionDirectory::kReuseDistance + 1));
      // Acquire: pairs with the release store of the owner below; what it did before is visible.
      const uint32_t ended = over[slot].load(std::memory_order_acquire);
      ASSERT_FALSE(ended > 0 && directory_.is_current(slot, ended));
    }
  });
  for (int round = 0; round < 100'000; ++round) {
    const uint32_t slot = directory_.claim(&session_);
    const uint32_t now = generation(slot);
    directory_.release(slot);
    // Release: pairs with the acquire load of the reader; publishes the release of the slot above.
    over[slot].store(now, std::memory_order_release);
  }
  // Relaxed: see the reader.
  stop.store(true, std::memory_order_relaxed);
  reader.join();
}

}  // namespace
}  // namespace msgtrans
