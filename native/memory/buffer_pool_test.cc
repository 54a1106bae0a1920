#include "memory/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace msgtrans {
namespace {

constexpr BufferPoolOptions kSmall{{3, 2, 4, 1}, 2, 1 << 20};

class BufferPoolTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(memory_.valid()); }
  void TearDown() override { pool_.check_invariants(); }

  [[nodiscard]] bool in_arena(const Slice& slice) const {
    return slice.data >= memory_.data() && slice.data + slice.bytes <= memory_.data() + memory_.bytes();
  }

  Mapping memory_ = Mapping::create(BufferPool::bytes_needed(kSmall));
  BufferPool pool_{memory_.data(), kSmall};
};

TEST_F(BufferPoolTest, serves_the_smallest_tier_that_fits) {
  const struct {
    size_t bytes;
    size_t tier;
  } cases[] = {{0, 0}, {1, 0}, {1280, 0}, {1281, 1}, {8 * 1024 + 256, 1}, {8 * 1024 + 257, 2}, {70'000, 3}};
  for (const auto& [bytes, tier] : cases) {
    const Slice slice = pool_.acquire(bytes);
    ASSERT_TRUE(slice.valid()) << bytes;
    EXPECT_EQ(slice.bytes, kTierPayloadBytes[tier] + kSliceHeadroomBytes) << bytes;
    EXPECT_TRUE(in_arena(slice));
    EXPECT_FALSE(slice.dedicated());
    pool_.release(slice.id);
  }
  EXPECT_EQ(pool_.counters().hits, 7u);
  EXPECT_EQ(pool_.counters().misses, 0u);
}

TEST_F(BufferPoolTest, starts_every_slice_on_a_cache_line_and_lets_none_overlap) {
  std::map<const uint8_t*, const uint8_t*> extents;
  for (const size_t bytes : {1000, 1000, 1000, 8000, 8000, 1'000'000}) {
    const Slice slice = pool_.acquire(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slice.data) % 64, 0u);
    EXPECT_TRUE(extents.emplace(slice.data, slice.data + slice.bytes).second);
  }
  for (uint32_t i = 0; i < kSmall.tier_counts[kReadTier]; ++i) {
    const Slice slice = pool_.acquire_read_slice();
    EXPECT_TRUE(extents.emplace(slice.data, slice.data + slice.bytes).second);
  }
  const uint8_t* end = memory_.data();
  for (const auto& [begin, after] : extents) {
    EXPECT_GE(begin, end);
    end = after;
  }
  EXPECT_LE(end, memory_.data() + BufferPool::bytes_needed(kSmall));
}

TEST_F(BufferPoolTest, reuses_the_slice_that_was_released_last) {
  const Slice first = pool_.acquire(100);
  const Slice second = pool_.acquire(100);
  pool_.release(first.id);
  pool_.release(second.id);
  EXPECT_EQ(pool_.acquire(100).id, second.id);
  EXPECT_EQ(pool_.acquire(100).id, first.id);
}

TEST_F(BufferPoolTest, maps_memory_of_its_own_when_the_tier_is_empty) {
  for (uint32_t i = 0; i < kSmall.tier_counts[1]; ++i) ASSERT_FALSE(pool_.acquire(8000).dedicated());
  const Slice own = pool_.acquire(8000);
  ASSERT_TRUE(own.valid());
  EXPECT_TRUE(own.dedicated());
  EXPECT_FALSE(in_arena(own));
  EXPECT_GE(own.bytes, 8000u);
  EXPECT_EQ(pool_.counters().misses, 1u);
  EXPECT_EQ(pool_.counters().dedicated_bytes, own.bytes);
  pool_.check_invariants();
  pool_.release(own.id);
  EXPECT_EQ(pool_.counters().dedicated_bytes, 0u);
}

TEST_F(BufferPoolTest, refuses_what_exceeds_the_byte_budget_and_serves_again_once_it_is_free) {
  const Slice most = pool_.acquire(kSmall.dedicated_bytes_max);
  ASSERT_FALSE(most.dedicated()) << "the largest tier holds 1 MiB";
  const Slice own = pool_.acquire(kSmall.dedicated_bytes_max);
  ASSERT_TRUE(own.dedicated());
  EXPECT_FALSE(pool_.acquire(1'000'000).valid());
  EXPECT_FALSE(pool_.acquire(kSmall.dedicated_bytes_max + 1).valid());
  EXPECT_FALSE(pool_.acquire(SIZE_MAX).valid());
  EXPECT_EQ(pool_.counters().refused, 3u);
  pool_.release(own.id);
  EXPECT_TRUE(pool_.acquire(1'000'000).valid());
}

TEST_F(BufferPoolTest, returns_a_slice_only_with_its_last_reference) {
  for (const bool dedicated : {false, true}) {
    const Slice slice = dedicated ? pool_.acquire((1 << 20) - 4096) : pool_.acquire(100);
    pool_.add_reference(slice.id);
    EXPECT_EQ(pool_.references(slice.id), 2u);
    pool_.release(slice.id);
    EXPECT_EQ(pool_.counters().slices_lent, 1u);
    EXPECT_EQ(pool_.slice(slice.id).data, slice.data);
    const Slice other = pool_.acquire(100);
    EXPECT_NE(other.id, slice.id);
    pool_.release(other.id);
    pool_.release(slice.id);
    EXPECT_EQ(pool_.counters().slices_lent, 0u);
  }
}

TEST_F(BufferPoolTest, keeps_read_slices_for_reading) {
  const uint32_t count = kSmall.tier_counts[kReadTier];
  for (uint32_t i = 0; i < count - kSmall.read_slices_reserved; ++i) {
    EXPECT_FALSE(pool_.acquire(60'000).dedicated());
  }
  EXPECT_TRUE(pool_.acquire(60'000).dedicated()) << "assembling a packet may not take the reserve";
  std::vector<Slice> reads;
  for (uint32_t i = 0; i < kSmall.read_slices_reserved; ++i) reads.push_back(pool_.acquire_read_slice());
  for (const Slice& read : reads) {
    ASSERT_TRUE(read.valid());
    EXPECT_FALSE(read.dedicated());
    EXPECT_EQ(read.bytes, kTierPayloadBytes[kReadTier] + kSliceHeadroomBytes);
  }
  EXPECT_TRUE(pool_.acquire_read_slice().dedicated()) << "reading goes on, from the byte budget";
}

TEST_F(BufferPoolTest, lets_users_pin_read_slices_only_down_to_the_reserve) {
  std::vector<Slice> reads;
  for (uint32_t i = 0; i < kSmall.tier_counts[kReadTier]; ++i) {
    reads.push_back(pool_.acquire_read_slice());
    const uint32_t free = kSmall.tier_counts[kReadTier] - i - 1;
    EXPECT_EQ(pool_.may_pin(reads.back().id), free >= kSmall.read_slices_reserved) << free;
  }
  EXPECT_TRUE(pool_.may_pin(pool_.acquire(100).id)) << "other tiers have no reserve";
  EXPECT_TRUE(pool_.may_pin(pool_.acquire(500'000).id));
  EXPECT_TRUE(pool_.may_pin(pool_.acquire(500'000).id)) << "a mapping of its own";
}

TEST_F(BufferPoolTest, forgets_how_far_the_last_holder_filled_a_slice) {
  for (const bool dedicated : {false, true}) {
    const Slice holder = pool_.acquire(dedicated ? (1 << 20) - 4096 : 100);
    EXPECT_EQ(pool_.filled(holder.id), 0u);
    pool_.set_filled(holder.id, 77);
    EXPECT_EQ(pool_.filled(holder.id), 77u);
    pool_.release(holder.id);
    const Slice next = pool_.acquire(dedicated ? (1 << 20) - 4096 : 100);
    ASSERT_EQ(next.id, holder.id);
    EXPECT_EQ(pool_.filled(next.id), 0u);
    pool_.release(next.id);
  }
}

TEST_F(BufferPoolTest, lends_a_mapping_of_its_own_beyond_the_pool) {
  const Slice tiered = pool_.acquire(100);
  EXPECT_EQ(pool_.dedicated_mapping(tiered.id), nullptr);
  ASSERT_FALSE(pool_.acquire(1'000'000).dedicated());
  const Slice own = pool_.acquire(1'000'000);
  const std::shared_ptr<Mapping> kept = pool_.dedicated_mapping(own.id);
  own.data[0] = 42;
  pool_.release(own.id);
  const Slice next = pool_.acquire(1'000'000);
  ASSERT_TRUE(next.dedicated());
  EXPECT_NE(next.data, kept->data()) << "memory that somebody may still see is not used for another packet";
  EXPECT_EQ(kept->data()[0], 42);
}

TEST_F(BufferPoolTest, agrees_with_a_model_under_random_use) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::map<SliceId, uint32_t> model;  // references
  for (int step = 0; step < 20'000; ++step) {
    const auto pick = [&] { return std::next(model.begin(), static_cast<long>(random() % model.size())); };
    const unsigned action = model.empty() ? 0 : random() % 4;
    if (action == 0) {
      const Slice slice = random() % 3 == 0 ? pool_.acquire_read_slice() : pool_.acquire(random() % 200'000);
      if (!slice.valid()) continue;
      ASSERT_TRUE(model.emplace(slice.id, 1u).second) << "lent twice";
    } else if (action == 1) {
      const auto found = pick();
      pool_.add_reference(found->first);
      ++found->second;
    } else {
      const auto found = pick();
      pool_.release(found->first);
      if (--found->second == 0) model.erase(found);
    }
    ASSERT_EQ(pool_.counters().slices_lent, model.size());
    if (step % 500 == 0) pool_.check_invariants();
  }
  for (const auto& [id, references] : model) ASSERT_EQ(pool_.references(id), references);
}

TEST(BufferPool, shares_the_budget_of_the_process_with_other_pools) {
  const auto budget = std::make_shared<ByteBudget>(3 << 20);
  const BufferPoolOptions options{{0, 0, 0, 0}, 0, 1 << 30};
  BufferPool one(nullptr, options, {nullptr, budget});
  BufferPool other(nullptr, options, {nullptr, budget});
  const Slice slice = one.acquire(2 << 20);
  ASSERT_TRUE(slice.valid());
  EXPECT_FALSE(other.acquire(2 << 20).valid());
  EXPECT_EQ(other.counters().refused, 1u);
  one.release(slice.id);
  EXPECT_TRUE(other.acquire(2 << 20).valid());
}

TEST(BufferPool, counts_what_serves_and_what_is_in_reserve) {
  BufferPoolOptions options;
  options.tier_counts = {3, 2, 4, 1};
  options.tier_counts_max = {12, 8, 16, 4};
  const Mapping memory = Mapping::create(BufferPool::bytes_needed(options));
  BufferPool pool(memory.data(), options);
  EXPECT_EQ(pool.counters().slices_in_service, 10u);
  EXPECT_EQ(pool.counters().slices_reserve, 30u);
  EXPECT_EQ(pool.counters().fragmentation_permille, 0u) << "what nobody uses is not fragmented";
  const Slice slice = pool.acquire(1000);
  EXPECT_EQ(pool.counters().fragmentation_permille, 666u);
  pool.release(slice.id);
}

TEST(BufferPoolDeathTest, ends_the_process_when_a_slice_is_released_twice) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Mapping memory = Mapping::create(BufferPool::bytes_needed(kSmall));
  BufferPool pool(memory.data(), kSmall);
  const Slice slice = pool.acquire(100);
  pool.release(slice.id);
  EXPECT_DEATH(pool.release(slice.id), "invariant broken");
  EXPECT_DEATH(pool.add_reference(slice.id), "invariant broken");
}

}  // namespace
}  // namespace msgtrans
