#include "memory/slice_tier.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdio>
#include <random>
#include <set>
#include <vector>

#include "memory/mapping.h"

namespace msgtrans {
namespace {

constexpr uint32_t kPerSlab = kTierGeometry[kReadTier].slab_slices;

// Four slabs of read slices, of which the last is short.
class SliceTierTest : public testing::Test {
 protected:
  static constexpr uint32_t kMax = 3 * kPerSlab + 5;

  void TearDown() override { tier_.check_invariants(); }

  void serve(uint32_t count) {
    while (count > 0) {
      const SliceRun run = tier_.next_reserve(count);
      ASSERT_GT(run.count, 0u);
      tier_.put_in_service(run, false);
      count -= run.count;
    }
  }
  SliceId take() {
    const SliceId id = tier_.take().id;
    EXPECT_TRUE(lent_.insert(id).second) << "lent twice";
    return id;
  }
  void give_back(SliceId id) {
    ASSERT_EQ(lent_.erase(id), 1u);
    tier_.state(id).references = 0;
    tier_.give_back(id);
  }
  static uint32_t slab_of(SliceId id) { return (id & kInTierMask) >> kTierGeometry[kReadTier].slab_shift; }

  Mapping memory_ = Mapping::create_aligned(SliceTier::region_bytes(kReadTier, kMax), kHugePageBytes);
  SliceTier tier_{kReadTier, memory_.data(), kMax};
  std::set<SliceId> lent_;
};

TEST_F(SliceTierTest, lends_every_slice_once_within_its_region_and_without_overlap) {
  serve(kMax);
  std::set<uint8_t*> addresses;
  while (tier_.free_count() > 0) addresses.insert(tier_.address(take()));
  ASSERT_EQ(addresses.size(), kMax);
  const uint8_t* end = memory_.data();
  for (uint8_t* const address : addresses) {
    EXPECT_GE(address, end);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(address) % 64, 0u);
    end = address + tier_.slice_bytes();
  }
  EXPECT_LE(end, memory_.data() + SliceTier::region_bytes(kReadTier, kMax));
}

TEST_F(SliceTierTest, has_no_slice_that_crosses_the_end_of_a_huge_page) {
  serve(kMax);
  while (tier_.free_count() > 0) {
    const auto begin = reinterpret_cast<uintptr_t>(tier_.address(take()));
    EXPECT_EQ(begin / kHugePageBytes, (begin + tier_.slice_bytes() - 1) / kHugePageBytes);
  }
}

TEST_F(SliceTierTest, takes_from_the_lowest_slab_and_there_what_came_back_last) {
  serve(kMax);
  std::vector<SliceId> taken;
  for (uint32_t i = 0; i < 2 * kPerSlab + 1; ++i) taken.push_back(take());
  EXPECT_EQ(slab_of(taken.front()), 0u);
  EXPECT_EQ(slab_of(taken.back()), 2u);
  give_back(taken[kPerSlab]);
  give_back(taken[3]);
  give_back(taken[4]);
  EXPECT_EQ(take(), taken[4]);
  EXPECT_EQ(take(), taken[3]);
  EXPECT_EQ(take(), taken[kPerSlab]);
}

TEST_F(SliceTierTest, puts_neighbours_in_service_one_run_at_a_time) {
  SliceRun run = tier_.next_reserve(kPerSlab + 2);
  EXPECT_EQ(run.count, kPerSlab + 2);
  tier_.put_in_service(run, false);
  run = tier_.next_reserve(UINT32_MAX);
  EXPECT_EQ(run.slab, 1u);
  EXPECT_EQ(run.index, 2u);
  EXPECT_EQ(run.count, kMax - kPerSlab - 2);
  tier_.put_in_service(run, false);
  EXPECT_EQ(tier_.next_reserve(1).count, 0u);
  EXPECT_EQ(tier_.in_service(), kMax);
}

TEST_F(SliceTierTest, gives_the_highest_free_slab_back_and_serves_it_again_with_fresh_pages) {
  serve(kMax);
  SliceId in_second = kNoSlice;
  for (uint32_t i = 0; i < kPerSlab + 1; ++i) in_second = take();
  uint8_t* const third = memory_.data() + 2 * kHugePageBytes;
  third[100] = 42;
  EXPECT_EQ(tier_.shrink(2 * kPerSlab), 5u) << "the short one is the highest";
  EXPECT_EQ(tier_.shrink(2 * kPerSlab), kPerSlab);
  EXPECT_EQ(third[100], 0) << "its memory is gone";
  EXPECT_EQ(tier_.shrink(2 * kPerSlab), 0u) << "fewer than wanted would remain";
  EXPECT_EQ(tier_.shrink(0), 0u) << "the others are used";
  give_back(in_second);
  EXPECT_EQ(tier_.shrink(0), kPerSlab);
  EXPECT_EQ(tier_.free_count(), 0u);
  EXPECT_EQ(tier_.next_reserve(UINT32_MAX).count, kMax - kPerSlab);
  serve(1);
  EXPECT_EQ(slab_of(take()), 1u);
}

TEST_F(SliceTierTest, lends_nothing_of_a_retired_slab_and_gives_it_back_when_it_has_drained) {
  serve(3 * kPerSlab);
  std::vector<SliceId> taken;
  for (uint32_t i = 0; i < 3 * kPerSlab; ++i) taken.push_back(take());
  for (uint32_t i = 0; i < kPerSlab - 2; ++i) give_back(taken[i]);
  for (uint32_t i = kPerSlab; i < kPerSlab + 9; ++i) give_back(taken[i]);
  const uint32_t free_before = tier_.free_count();
  ASSERT_TRUE(tier_.retire_sparsest(kPerSlab, 9));
  EXPECT_EQ(tier_.retired_slices(), kPerSlab);
  EXPECT_EQ(tier_.free_count(), free_before - (kPerSlab - 2)) << "the first slab had fewer lent";
  tier_.check_invariants();
  EXPECT_EQ(slab_of(take()), 1u);
  give_back(taken[kPerSlab - 1]);
  EXPECT_EQ(slab_of(take()), 1u);
  EXPECT_EQ(tier_.give_back_drained(), 0u);
  give_back(taken[kPerSlab - 2]);
  EXPECT_EQ(tier_.give_back_drained(), kPerSlab);
  EXPECT_EQ(tier_.retired_slices(), 0u);
  EXPECT_EQ(tier_.in_service(), 2 * kPerSlab);
  EXPECT_EQ(tier_.next_reserve(1).slab, 0u);
}

TEST_F(SliceTierTest, retires_only_what_it_can_do_without) {
  serve(2 * kPerSlab);
  std::vector<SliceId> taken;
  for (uint32_t i = 0; i < kPerSlab + 1; ++i) taken.push_back(take());
  EXPECT_FALSE(tier_.retire_sparsest(kPerSlab + 1, 0)) << "too few would serve";
  EXPECT_FALSE(tier_.retire_sparsest(kPerSlab, 1)) << "none would be free";
  ASSERT_TRUE(tier_.retire_sparsest(kPerSlab, 0));
  EXPECT_EQ(tier_.free_count(), 0u);
  EXPECT_EQ(tier_.lent(), kPerSlab + 1) << "what a retired slab has lent is still lent";
  tier_.check_invariants();
  EXPECT_EQ(tier_.recall_retired(), kPerSlab);
  EXPECT_EQ(slab_of(take()), 1u);
  EXPECT_EQ(tier_.recall_retired(), 0u);
}

TEST_F(SliceTierTest, touches_the_first_slices_in_service_when_warmed_up) {
  serve(2 * kPerSlab);
  EXPECT_EQ(tier_.warm_up(2), 2 * tier_.slice_bytes());
  EXPECT_EQ(tier_.warm_up(2), 0u) << "they are there";
  EXPECT_GT(tier_.warm_up(UINT32_MAX), (2 * kPerSlab - 3) * tier_.slice_bytes());
  std::vector<unsigned char> resident(2 * kHugePageBytes / 4096);
  ASSERT_EQ(::mincore(memory_.data(), 2 * kHugePageBytes, resident.data()), 0);
  for (size_t page = 0; page < kPerSlab * tier_.slice_bytes() / 4096; ++page) ASSERT_TRUE(resident[page] & 1) << page;
}

TEST_F(SliceTierTest, keeps_its_invariants_under_random_use) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  serve(kPerSlab);
  for (int step = 0; step < 30'000; ++step) {
    const bool filling = step / 500 % 2 == 0;
    const uint32_t action = below(100);
    if (action < (filling ? 60 : 30)) {
      if (tier_.free_count() > 0) take();
    } else if (action < 90 && !lent_.empty()) {
      give_back(*std::next(lent_.begin(), static_cast<long>(random() % lent_.size())));
    } else if (action < 93) {
      const SliceRun run = tier_.next_reserve(below(40));
      if (run.count > 0) tier_.put_in_service(run, below(2) == 0);
    } else if (action < 95) {
      tier_.shrink(below(kMax));
    } else if (action < 97) {
      tier_.retire_sparsest(below(kMax), below(8));
    } else if (action == 97) {
      tier_.recall_retired();
    } else if (action == 98) {
      tier_.give_back_drained();
    } else {
      tier_.warm_up(below(8));
    }
    ASSERT_EQ(tier_.lent(), lent_.size());
    if (step % 50 == 0) tier_.check_invariants();
  }
}

TEST(SliceTier, has_a_slab_per_slice_of_the_largest_tier) {
  const Mapping memory = Mapping::create(SliceTier::region_bytes(3, 70));
  SliceTier tier(3, memory.data(), 70);
  tier.put_in_service(tier.next_reserve(70), false);
  std::vector<SliceId> taken;
  for (int i = 0; i < 70; ++i) taken.push_back(tier.take().id);
  for (const SliceId id : {taken[69], taken[65], taken[2]}) {
    tier.state(id).references = 0;
    tier.give_back(id);
  }
  EXPECT_EQ(tier.take().id, taken[2]);
  EXPECT_EQ(tier.take().id, taken[65]) << "a slab beyond the first 64";
  EXPECT_EQ(tier.shrink(0), 1u);
  tier.check_invariants();
}

TEST(SliceTier, lets_nobody_take_unseen_what_is_reserved_or_makes_a_new_low) {
  const Mapping memory = Mapping::create_aligned(SliceTier::region_bytes(kReadTier, 10), kHugePageBytes);
  SliceTier tier(kReadTier, memory.data(), 10, 3);
  EXPECT_FALSE(tier.may_take_unseen()) << "nothing is in service";
  tier.put_in_service(tier.next_reserve(10), false);
  std::vector<SliceId> taken;
  const auto take = [&] { taken.push_back(tier.take().id); };
  const auto give_back = [&] {
    tier.state(taken.back()).references = 0;
    tier.give_back(taken.back());
    taken.pop_back();
  };
  for (uint32_t low = 9; low > 0; --low) {
    EXPECT_FALSE(tier.may_take_unseen()) << "the first with " << low << " left";
    take();
    tier.note_free_count();
    give_back();
    EXPECT_EQ(tier.may_take_unseen(), low >= 3) << low;
    take();
  }
}

TEST(SliceTier, lets_nobody_take_unseen_when_watched) {
  const Mapping memory = Mapping::create_aligned(SliceTier::region_bytes(kReadTier, 10), kHugePageBytes);
  SliceTier tier(kReadTier, memory.data(), 10, 0, true);
  tier.put_in_service(tier.next_reserve(10), false);
  const SliceId id = tier.take().id;
  tier.note_free_count();
  tier.state(id).references = 0;
  tier.give_back(id);
  EXPECT_FALSE(tier.may_take_unseen());
}

TEST(SliceTier, may_be_empty) {
  SliceTier tier(0, nullptr, 0);
  EXPECT_EQ(tier.free_count(), 0u);
  EXPECT_EQ(tier.next_reserve(1).count, 0u);
  EXPECT_EQ(tier.warm_up(1), 0u);
  tier.check_invariants();
}

TEST(TierGeometry, finds_the_smallest_tier_that_holds_a_size) {
  for (size_t tier = 0; tier < kTiers; ++tier) {
    EXPECT_EQ(tier_for(kTierGeometry[tier].slice_bytes), tier);
    EXPECT_EQ(tier_for(kTierGeometry[tier].slice_bytes + 1), tier + 1);
  }
  EXPECT_EQ(tier_for(0), 0u);
  EXPECT_EQ(tier_for(SIZE_MAX), kTiers);
}

}  // namespace
}  // namespace msgtrans
