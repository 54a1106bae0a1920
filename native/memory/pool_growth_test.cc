// How a pool grows, shrinks and drains sparse slabs as it is used.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "memory/buffer_pool.h"

namespace msgtrans {
namespace {

constexpr uint32_t kPerSlab = kTierGeometry[kReadTier].slab_slices;

BufferPoolOptions growing(uint32_t count, uint32_t count_max) {
  BufferPoolOptions options;
  options.tier_counts = {0, 0, count, 0};
  options.tier_counts_max = {0, 0, count_max, 0};
  options.read_slices_reserved = 0;
  options.dedicated_bytes_max = 0;
  options.window_calls = 4;
  options.quiet_windows = 3;
  return options;
}

struct Pool {
  explicit Pool(const BufferPoolOptions& options, const BufferPoolServices& services = {})
      : memory(Mapping::create_aligned(BufferPool::bytes_needed(options), kHugePageBytes)),
        pool(memory.data(), options, services) {}
  ~Pool() { pool.check_invariants(); }

  std::vector<SliceId> take(uint32_t count) {
    std::vector<SliceId> ids;
    for (uint32_t i = 0; i < count; ++i) {
      const Slice slice = pool.acquire_read_slice();
      EXPECT_TRUE(slice.valid());
      slice.data[0] = slice.data[slice.bytes - 1] = 1;
      ids.push_back(slice.id);
    }
    return ids;
  }
  void give_back(const std::vector<SliceId>& ids) {
    for (const SliceId id : ids) pool.release(id);
  }
  void windows(uint32_t count) {
    for (uint32_t i = 0; i < 4 * count; ++i) pool.maintain();
  }

  Mapping memory;
  BufferPool pool;
};

TEST(PoolGrowth, goes_by_the_factors_each_time_little_is_left) {
  Pool one(growing(40, 300));
  std::vector<uint32_t> counts = {40};
  for (int i = 0; i < 300; ++i) {
    one.take(1);
    const uint32_t count = one.pool.counters().slices_in_service;
    if (count != counts.back()) counts.push_back(count);
  }
  EXPECT_EQ(counts, (std::vector<uint32_t>{40, 80, 120, 144, 158, 173, 190, 209, 229, 251, 276, 300}));
  EXPECT_EQ(one.pool.counters().misses, 0u);
  EXPECT_FALSE(one.pool.acquire_read_slice().valid()) << "beyond the maximum the byte budget decides";
  EXPECT_EQ(one.pool.counters().slices_grown, 260u);
  EXPECT_EQ(one.pool.counters().slices_reserve, 0u);
}

TEST(PoolGrowth, does_not_happen_without_a_maximum_above_the_count) {
  Pool one(growing(4, 0));
  one.take(4);
  EXPECT_FALSE(one.pool.acquire_read_slice().valid());
  EXPECT_EQ(one.pool.counters().slices_in_service, 4u);
}

TEST(PoolGrowth, is_touched_by_the_warmer_and_serves_when_that_is_done) {
  Pool one(growing(40, 300), {std::make_shared<PoolWarmer>(), nullptr});
  one.take(36);
  EXPECT_EQ(one.pool.counters().slices_in_service, 40u) << "not before the owner looks";
  while (one.pool.counters().slices_in_service == 40) {
    one.pool.maintain();
    std::this_thread::yield();
  }
  const BufferPoolCounters counters = one.pool.counters();
  EXPECT_EQ(counters.slices_in_service, 80u);
  EXPECT_GE(counters.warm_bytes, (80 - 2 * kPerSlab) * (64 * 1024 + 256)) << "what lies in slabs of its own";
  one.take(44);
}

TEST(PoolGrowth, is_withdrawn_when_the_pool_ends_meanwhile) {
  const auto warmer = std::make_shared<PoolWarmer>();
  for (int i = 0; i < 50; ++i) {
    Pool one(growing(64, 256), {warmer, nullptr});
    one.take(60);
  }
}

TEST(PoolGrowth, gives_free_slabs_back_when_use_has_been_low_for_long) {
  Pool one(growing(kPerSlab, 8 * kPerSlab));
  const std::vector<SliceId> ids = one.take(6 * kPerSlab);
  const uint32_t grown = one.pool.counters().slices_in_service;
  ASSERT_GE(grown, 6 * kPerSlab);
  one.windows(5);
  EXPECT_EQ(one.pool.counters().slices_in_service, grown) << "in use";
  one.give_back(ids);
  one.windows(3);
  EXPECT_EQ(one.pool.counters().slices_in_service, grown) << "the first of these windows still saw the load";
  one.windows(1);
  EXPECT_LT(one.pool.counters().slices_in_service, grown);
  one.windows(20);
  EXPECT_EQ(one.pool.counters().slices_in_service, kPerSlab) << "never below what was configured";
  EXPECT_EQ(one.pool.counters().slices_shrunk, grown - kPerSlab);
  one.take(6 * kPerSlab);
}

TEST(PoolGrowth, keeps_what_bursts_within_a_window_need) {
  Pool one(growing(kPerSlab, 8 * kPerSlab));
  one.give_back(one.take(6 * kPerSlab));
  const uint32_t grown = one.pool.counters().slices_in_service;
  for (int window = 0; window < 30; ++window) {
    one.give_back(one.take(4 * kPerSlab));
    one.windows(1);
  }
  EXPECT_EQ(one.pool.counters().slices_in_service, grown);
  EXPECT_EQ(one.pool.counters().slices_shrunk, 0u);
}

TEST(PoolGrowth, drains_the_emptiest_slab_when_the_rest_is_sparse) {
  Pool one(growing(kPerSlab, 8 * kPerSlab));
  const std::vector<SliceId> ids = one.take(8 * kPerSlab);
  // Every slab keeps a third, the fourth a single slice.
  std::vector<SliceId> kept;
  for (uint32_t i = 0; i < ids.size(); ++i) {
    const bool keep = i / kPerSlab == 3 ? i % kPerSlab == 0 : i % 3 == 0;
    if (keep) {
      kept.push_back(ids[i]);
    } else {
      one.pool.release(ids[i]);
    }
  }
  EXPECT_GT(one.pool.counters().fragmentation_permille, 600u);
  one.windows(2);
  EXPECT_EQ(one.pool.counters().slices_retired, kPerSlab);
  EXPECT_EQ(one.pool.counters().slabs_retired, 1u);
  one.give_back(kept);
  one.windows(20);
  EXPECT_EQ(one.pool.counters().slices_retired, 0u);
  EXPECT_EQ(one.pool.counters().slices_in_service, kPerSlab);
  EXPECT_EQ(one.pool.counters().fragmentation_permille, 0u);
}

TEST(PoolGrowth, recalls_a_retired_slab_before_it_asks_for_memory) {
  Pool one(growing(kPerSlab, 8 * kPerSlab));
  const std::vector<SliceId> ids = one.take(8 * kPerSlab);
  for (uint32_t i = 0; i < ids.size(); ++i) {
    if (i % 3 != 0) one.pool.release(ids[i]);
  }
  one.windows(2);
  ASSERT_EQ(one.pool.counters().slices_retired, kPerSlab);
  while (one.pool.counters().slices_in_service < 8 * kPerSlab) one.take(1);
  EXPECT_EQ(one.pool.counters().slices_retired, 0u);
  EXPECT_EQ(one.pool.counters().misses, 0u);
}

TEST(PoolGrowth, warms_what_is_asked_for_and_no_more) {
  BufferPoolOptions options;
  Pool one(options);
  EXPECT_EQ(one.pool.warm_up(TierCounts{10, 0, 4, 1}), 10 * (1024 + 256u) + 4 * (65536 + 256u) + (1048576 + 256u));
  EXPECT_EQ(one.pool.warm_up(TierCounts{10, 0, 4, 1}), 0u);
  const size_t before = one.pool.counters().warm_bytes;
  const size_t warmed = one.pool.warm_up(size_t{1} << 20);
  EXPECT_GE(warmed, size_t{1} << 20);
  EXPECT_LT(warmed, (size_t{1} << 20) + 65536 + 256);
  EXPECT_EQ(one.pool.counters().warm_bytes, before + warmed);
  one.pool.warm_up(SIZE_MAX / 2);
  EXPECT_EQ(one.pool.warm_up(SIZE_MAX / 2), 0u) << "all that serves is warm";
}

TEST(PoolGrowth, asks_for_huge_pages_only_where_told_to) {
  for (const bool huge_pages : {true, false}) {
    BufferPoolOptions options = growing(2 * kPerSlab, 8 * kPerSlab);
    options.huge_pages = huge_pages;
    Pool one(options);
    one.take(4 * kPerSlab);
    const BufferPoolCounters counters = one.pool.counters();
    EXPECT_EQ(counters.huge_pages_accepted + counters.huge_pages_refused > 0, huge_pages);
  }
  Pool small(growing(4, 8));
  EXPECT_EQ(small.pool.counters().huge_pages_accepted, 0u) << "a few slices take no two megabytes";
}

TEST(PoolGrowth, keeps_its_invariants_under_a_load_that_rises_and_falls) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  for (const bool with_warmer : {false, true}) {
    BufferPoolOptions options;
    options.tier_counts = {64, 32, 40, 2};
    options.tier_counts_max = {4000, 900, 200, 9};
    options.window_calls = 8;
    options.quiet_windows = 4;
    options.poisoning = Poisoning::kAbort;
    Pool one(options, {with_warmer ? std::make_shared<PoolWarmer>() : nullptr, nullptr});
    std::vector<SliceId> held;
    for (int step = 0; step < 12'000; ++step) {
      const bool rising = step / 4000 % 2 == 0;
      if (random() % 100 < (rising ? 53 : 46)) {
        constexpr size_t kBytes[] = {900, 900, 900, 900, 900, 8000, 8000, 60'000};
        const Slice slice = one.pool.acquire(step % 64 == 0 ? 900'000 : kBytes[random() % 8]);
        if (slice.valid()) held.push_back(slice.id);
      } else if (!held.empty()) {
        std::swap(held[random() % held.size()], held.back());
        one.pool.release(held.back());
        held.pop_back();
      }
      if (step % 10 == 0) one.pool.maintain();
      if (step % 1000 == 0) one.pool.check_invariants();
      ASSERT_EQ(one.pool.counters().slices_lent, held.size());
    }
    EXPECT_GT(one.pool.counters().slices_grown, 0u);
    for (const SliceId id : held) one.pool.release(id);
    one.windows(500);
    EXPECT_EQ(one.pool.counters().poison_violations, 0u);
  }
}

}  // namespace
}  // namespace msgtrans
