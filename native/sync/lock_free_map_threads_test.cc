#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "sync/lock_free_map_fixture.h"

namespace msgtrans {
namespace {

constexpr uint64_t kThreads = 4;

template <typename Body>
void run_threads(uint64_t count, Body&& body) {
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < count; ++thread) threads.emplace_back([&body, thread] { body(thread); });
  for (std::thread& thread : threads) thread.join();
}

TEST(LockFreeMapThreads, one_writer_to_one_reader_values_only_go_forward) {
  const auto map = make_map();
  constexpr uint64_t kLast = 50'000;
  run_threads(2, [&](uint64_t thread) {
    if (thread == 0) {
      for (uint64_t value = 1; value <= kLast; ++value) {
        map->set(here(), 1, value);
        map->set(here(), value + 10, 0);  // moves the map under the reader
        map->remove(here(), value + 10);
      }
      return;
    }
    for (uint64_t seen = 0; seen < kLast;) {
      uint64_t value = 0;
      const bool found = map->get(here(), 1, value);
      ASSERT_TRUE(found || seen == 0) << "a key that stays is gone";
      ASSERT_GE(value, seen);
      seen = value;
    }
  });
}

TEST(LockFreeMapThreads, a_reader_sees_what_the_writer_did_before) {
  constexpr uint64_t kKeys = 20'000;
  const auto map = make_map();
  std::vector<uint64_t> written(kKeys);
  run_threads(2, [&](uint64_t thread) {
    for (uint64_t key = 0; key < kKeys; ++key) {
      if (thread == 0) {
        written[key] = key + 1;
        map->set(here(), key, key);
        continue;
      }
      uint64_t value = 0;
      while (!map->get(here(), key, value)) std::this_thread::yield();
      ASSERT_EQ(written[value], key + 1);
    }
  });
}

// Every thread inserts and removes keys of its own, in random order, and keeps a ledger; the map moves all the while.
TEST(LockFreeMapThreads, nothing_is_lost_or_left_over_while_writers_move_tables) {
  constexpr uint64_t kKeysEach = 3'000;
  constexpr uint64_t kOperations = 60'000;
  for (uint64_t threads = 2; threads <= kThreads; ++threads) {
    const auto map = make_map();
    std::vector<std::vector<uint64_t>> ledgers(threads, std::vector<uint64_t>(kKeysEach, 0));
    run_threads(threads, [&](uint64_t thread) {
      std::mt19937_64 random(thread);
      std::vector<uint64_t>& ledger = ledgers[thread];
      for (uint64_t i = 0; i < kOperations; ++i) {
        // Now most keys, then few, so that the map grows and shrinks.
        const uint64_t range = i / 10'000 % 2 == 0 ? kKeysEach : 100;
        const uint64_t index = random() % range;
        const uint64_t key = index * threads + thread;
        uint64_t value = 0;
        ASSERT_EQ(map->get(here(), key, value), ledger[index] != 0);
        ASSERT_EQ(value, ledger[index]);
        if (range == 100 || random() % 4 == 0) {
          const uint64_t gone = range == 100 ? kKeysEach - 1 - i % kKeysEach : index;
          ASSERT_EQ(map->remove(here(), gone * threads + thread).previous, ledger[gone]);
          ledger[gone] = 0;
        } else {
          ASSERT_EQ(map->set(here(), key, i + 1).previous, ledger[index]);
          ledger[index] = i + 1;
        }
      }
    });
    uint64_t size = 0;
    for (uint64_t thread = 0; thread < threads; ++thread) {
      for (uint64_t index = 0; index < kKeysEach; ++index) {
        uint64_t value = 0;
        map->get(here(), index * threads + thread, value);
        ASSERT_EQ(value, ledgers[thread][index]);
        size += ledgers[thread][index] != 0;
      }
    }
    EXPECT_EQ(map->size(), size);
    EXPECT_GT(map->metrics(here()).moves, 20u);
  }
}

TEST(LockFreeMapThreads, many_to_many_updates_by_compare_and_swap_are_not_lost) {
  constexpr uint64_t kKeys = 8;
  constexpr uint64_t kAdditions = 20'000;
  const auto map = make_map();
  for (uint64_t key = 0; key < kKeys; ++key) map->set(here(), key, kInlineValueMax - 100);  // crosses into boxes
  run_threads(kThreads, [&](uint64_t thread) {
    for (uint64_t i = 0; i < kAdditions; ++i) {
      const uint64_t key = (i + thread) % kKeys;
      uint64_t value = 0;
      map->get(here(), key, value);
      while (map->compare_and_swap(here(), key, value, value + 1).status != MapStatus::kReplaced) {
        ASSERT_TRUE(map->get(here(), key, value));
      }
      map->set(here(), 1'000 + thread * kAdditions + i, i);  // moves the map
    }
  });
  uint64_t total = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    uint64_t value = 0;
    ASSERT_TRUE(map->get(here(), key, value));
    total += value - (kInlineValueMax - 100);
  }
  EXPECT_EQ(total, kThreads * kAdditions);
  EXPECT_EQ(map->size(), kKeys + kThreads * kAdditions);
}

TEST(LockFreeMapThreads, each_insert_and_each_remove_of_a_shared_key_has_one_winner) {
  constexpr uint64_t kRounds = 20'000;
  const auto map = make_map();
  std::atomic<uint64_t> inserted{0};
  std::atomic<uint64_t> removed{0};
  run_threads(kThreads, [&](uint64_t thread) {
    for (uint64_t i = 0; i < kRounds; ++i) {
      const uint64_t key = i % 16;
      const bool did_insert = map->insert(here(), key, thread).status == MapStatus::kInserted;
      const bool did_remove = map->remove(here(), key).status == MapStatus::kRemoved;
      // Relaxed, both: counts, read after the join.
      inserted.fetch_add(did_insert, std::memory_order_relaxed);
      removed.fetch_add(did_remove, std::memory_order_relaxed);
    }
  });
  // Relaxed, both: joined.
  EXPECT_EQ(inserted.load(std::memory_order_relaxed) - removed.load(std::memory_order_relaxed), map->size());
}

// While threads are suspended inside a call limbo may exceed its bound; the next writes bring it back.
TEST(LockFreeMapThreads, limbo_returns_below_its_bound_after_replaced_boxes_and_moves) {
  const auto map = make_map();
  const EpochLimits& limits = process_epoch().limits();
  run_threads(kThreads, [&](uint64_t thread) {
    for (uint64_t i = 0; i < 30'000; ++i) {
      map->set(here(), i % 50, UINT64_MAX - i);
      map->set(here(), 100 + thread * 30'000 + i, i);
      map->remove(here(), 100 + thread * 30'000 + i);
    }
  });
  EXPECT_GT(map->metrics(here()).moves, 1'000u);
  for (uint64_t i = 0; i < 200; ++i) map->set(here(), 1, UINT64_MAX - i);
  EXPECT_LE(map->metrics(here()).limbo_bytes, limits.limbo_bytes_max + limits.batch_bytes);
}

TEST(LockFreeMapThreads, a_thousand_threads_that_write_and_end_leave_what_they_wrote) {
  const auto map = make_map();
  for (uint64_t wave = 0; wave < 250; ++wave) {
    run_threads(4, [&](uint64_t thread) {
      const uint64_t key = wave * 4 + thread;
      map->set(here(), key, UINT64_MAX - key);
      map->set(here(), 1'000'000, UINT64_MAX - key);
    });
  }
  EXPECT_EQ(map->size(), 1'001u);
  for (uint64_t key = 0; key < 1'000; ++key) {
    uint64_t value = 0;
    ASSERT_TRUE(map->get(here(), key, value));
    ASSERT_EQ(value, UINT64_MAX - key);
  }
}

}  // namespace
}  // namespace msgtrans
