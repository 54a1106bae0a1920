// Slices of a pool in the hands of other threads.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "memory/buffer_pool.h"

namespace msgtrans {
namespace {

BufferPoolOptions few(uint32_t count) {
  BufferPoolOptions options;
  options.tier_counts = {count, 0, 0, 0};
  options.dedicated_bytes_max = 16 << 20;
  return options;
}

struct LendingPool {
  explicit LendingPool(const BufferPoolOptions& options)
      : memory(Mapping::create(BufferPool::bytes_needed(options))), pool(memory.data(), options) {}

  Mapping memory;
  BufferPool pool;
};

TEST(PoolLending, keeps_a_reference_until_the_last_holder_gave_back_and_the_owner_has_seen_it) {
  LendingPool one(few(2));
  for (const size_t bytes : {100, 3 << 20}) {
    const Slice slice = one.pool.acquire(bytes);
    one.pool.share(slice.id, 1);
    one.pool.share(slice.id, 1);
    EXPECT_EQ(one.pool.references(slice.id), 2u) << "one for all who hold it abroad";
    one.pool.release(slice.id);
    one.pool.return_from_other_thread(slice.id);
    EXPECT_EQ(one.pool.drain_returns(), 0u);
    one.pool.return_from_other_thread(slice.id);
    EXPECT_EQ(one.pool.counters().slices_lent, 1u) << "the owner has not looked yet";
    EXPECT_EQ(one.pool.counters().slices_shared, 1u);
    one.pool.check_invariants();
    EXPECT_EQ(one.pool.drain_returns(), 1u);
    EXPECT_EQ(one.pool.counters().slices_lent, 0u);
    EXPECT_EQ(one.pool.counters().slices_shared, 0u);
    one.pool.check_invariants();
  }
  EXPECT_EQ(one.pool.counters().foreign_returns, 2u);
}

TEST(PoolLending, leaves_the_owner_what_it_keeps_itself) {
  LendingPool one(few(2));
  const Slice slice = one.pool.acquire(100);
  one.pool.share(slice.id, 1);
  one.pool.return_from_other_thread(&slice.id, 1);
  EXPECT_EQ(one.pool.drain_returns(), 1u);
  EXPECT_EQ(one.pool.references(slice.id), 1u);
  one.pool.share(slice.id, 0);
  EXPECT_EQ(one.pool.references(slice.id), 1u) << "lent to nobody";
  one.pool.release(slice.id);
}

TEST(PoolLending, finds_slices_that_came_home_before_it_maps_memory) {
  LendingPool one(few(1));
  const Slice slice = one.pool.acquire(100);
  one.pool.share(slice.id, 1);
  one.pool.release(slice.id);
  one.pool.return_from_other_thread(slice.id);
  EXPECT_EQ(one.pool.acquire(100).id, slice.id);
  EXPECT_EQ(one.pool.counters().misses, 0u);
}

TEST(PoolLendingDeathTest, ends_the_process_when_the_pool_ends_before_its_slices_are_home) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        LendingPool one(few(1));
        one.pool.share(one.pool.acquire(100).id, 1);
      },
      "invariant broken: shared_ == 0");
}

// Several threads read slices that the owner wrote, give them back, and the owner writes them again: a slice that came
// home too early shows as a changed byte, one that never came home as a slice still lent.
TEST(PoolLendingStress, returns_every_slice_of_every_tier_with_all_its_holders_done) {
  constexpr uint32_t kHolders = 3;
  constexpr uint32_t kRounds = 20'000;
  constexpr uint32_t kDoorSlots = 8;
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  BufferPoolOptions options;
  options.tier_counts = {6, 3, 2, 1};
  options.read_slices_reserved = 0;
  options.tier_counts_max = {24, 12, 4, 2};
  options.window_calls = 16;
  options.quiet_windows = 4;
  options.dedicated_bytes_max = 8 << 20;
  LendingPool one(options);

  struct Lent {
    SliceId id;
    const uint8_t* data;
    uint8_t content;
  };
  // A ring of one writer and one reader.
  struct Door {
    Lent slots[kDoorSlots];
    alignas(128) std::atomic<uint32_t> written{0};
    alignas(128) std::atomic<uint32_t> read{0};
  };
  std::vector<Door> doors(kHolders);
  std::atomic<bool> done{false};
  std::atomic<uint32_t> torn{0};
  std::vector<std::thread> holders;
  for (uint32_t h = 0; h < kHolders; ++h) {
    holders.emplace_back([&, h] {
      std::vector<SliceId> batch;
      std::mt19937 random(seed + h);
      for (uint32_t read = 0;; ++read) {
        // Acquire: pairs with the owner's release store; publishes the slot and the bytes.
        while (doors[h].written.load(std::memory_order_acquire) == read) {
          one.pool.return_from_other_thread(batch.data(), batch.size());
          batch.clear();
          // Acquire: pairs with the owner's release store, behind which nothing is written; so a last look at the ring.
          const bool last = done.load(std::memory_order_acquire);
          // Acquire: as above.
          if (last && doors[h].written.load(std::memory_order_acquire) == read) return;
          std::this_thread::yield();
        }
        const Lent lent = doors[h].slots[read % kDoorSlots];
        // Release: pairs with the owner's acquire load; the slot may be written again. The bytes are not done with.
        doors[h].read.store(read + 1, std::memory_order_release);
        if (random() % 4 == 0) std::this_thread::yield();
        // Relaxed: read after the join.
        if (lent.data[0] != lent.content || lent.data[700] != lent.content) torn.fetch_add(1, std::memory_order_relaxed);
        if (random() % 2 == 0) {
          one.pool.return_from_other_thread(lent.id);
        } else {
          batch.push_back(lent.id);
        }
      }
    });
  }

  std::mt19937 random(seed);
  uint32_t lent_count = 0;
  for (uint32_t round = 0; round < kRounds; ++round) {
    constexpr size_t kBytes[] = {1000, 1000, 1000, 8000, 60'000, 1'000'000, 2'000'000};
    const Slice slice = one.pool.acquire(kBytes[random() % 7]);
    if (slice.valid()) {
      const auto content = static_cast<uint8_t>(round);
      slice.data[0] = slice.data[700] = content;
      for (uint32_t h = 0; h < kHolders; ++h) {
        // Relaxed: only this thread writes it.
        const uint32_t written = doors[h].written.load(std::memory_order_relaxed);
        // Acquire: pairs with the holder's release store.
        if (written - doors[h].read.load(std::memory_order_acquire) == kDoorSlots) continue;
        one.pool.share(slice.id, 1);
        doors[h].slots[written % kDoorSlots] = {slice.id, slice.data, content};
        // Release: pairs with the holder's acquire load.
        doors[h].written.store(written + 1, std::memory_order_release);
        ++lent_count;
      }
      one.pool.release(slice.id);
    }
    if (random() % 4 == 0) one.pool.drain_returns();
    if (random() % 4 == 0) one.pool.maintain();
    if (round % 512 == 0) one.pool.check_invariants();
    if (random() % 8 == 0) std::this_thread::yield();
  }
  // Release: pairs with the holders' acquire load.
  done.store(true, std::memory_order_release);
  for (std::thread& holder : holders) holder.join();
  one.pool.drain_returns();
  EXPECT_GT(lent_count, 0u);
  EXPECT_EQ(torn.load(std::memory_order_relaxed), 0u);  // relaxed: all threads are joined
  EXPECT_EQ(one.pool.counters().slices_lent, 0u);
  EXPECT_EQ(one.pool.counters().slices_shared, 0u);
  one.pool.check_invariants();
}

}  // namespace
}  // namespace msgtrans
