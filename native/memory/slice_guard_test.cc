#include "memory/slice_guard.h"

#include <gtest/gtest.h>

#include <memory>

#include "memory/buffer_pool.h"

namespace msgtrans {
namespace {

struct GuardedPool {
  explicit GuardedPool(Poisoning poisoning) : pool(memory.data(), options(poisoning)) {}
  static BufferPoolOptions options(Poisoning poisoning) {
    BufferPoolOptions options;
    options.tier_counts = {3, 0, 0, 0};
    options.tier_counts_max = {6, 0, 0, 0};
    options.poisoning = poisoning;
    return options;
  }
  // What a user does who kept a pointer. Under AddressSanitizer it would end the process on its own account.
  static void write_late(const Slice& slice, size_t offset) {
    SliceGuard::allow(slice.data, slice.bytes);
    slice.data[offset] = 1;
    SliceGuard::forbid(slice.data, slice.bytes);
  }

  Mapping memory = Mapping::create(BufferPool::bytes_needed(options(Poisoning::kOff)));
  BufferPool pool;
};

TEST(SliceGuard, fills_what_is_given_back) {
  GuardedPool one(Poisoning::kCount);
  const Slice slice = one.pool.acquire(100);
  EXPECT_EQ(slice.data[0], kPoisonByte) << "also what nobody had yet";
  slice.data[5] = 42;
  one.pool.release(slice.id);
  const Slice again = one.pool.acquire(100);
  ASSERT_EQ(again.data, slice.data);
  EXPECT_EQ(again.data[5], kPoisonByte);
  EXPECT_EQ(one.pool.counters().poison_violations, 0u);
  one.pool.release(again.id);
}

TEST(SliceGuard, counts_slices_that_were_written_to_after_they_were_given_back) {
  GuardedPool one(Poisoning::kCount);
  for (const size_t offset : {size_t{0}, kTierGeometry[0].slice_bytes - 1}) {
    const Slice slice = one.pool.acquire(100);
    one.pool.release(slice.id);
    GuardedPool::write_late(slice, offset);
    one.pool.release(one.pool.acquire(100).id);
  }
  EXPECT_EQ(one.pool.counters().poison_violations, 2u);
}

TEST(SliceGuard, covers_slices_that_came_by_growth) {
  GuardedPool one(Poisoning::kCount);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(one.pool.acquire(100).data[1279], kPoisonByte);
  EXPECT_EQ(one.pool.counters().poison_violations, 0u);
}

TEST(SliceGuard, does_nothing_unless_told_to) {
  GuardedPool one(Poisoning::kOff);
  const Slice slice = one.pool.acquire(100);
  slice.data[5] = 42;
  one.pool.release(slice.id);
  GuardedPool::write_late(slice, 6);
  EXPECT_EQ(one.pool.acquire(100).data[5], 42);
  EXPECT_EQ(one.pool.counters().poison_violations, 0u);
}

TEST(SliceGuardDeathTest, ends_the_process_at_the_first_violation_when_told_to) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  GuardedPool one(Poisoning::kAbort);
  const Slice slice = one.pool.acquire(100);
  one.pool.release(slice.id);
  GuardedPool::write_late(slice, 77);
  EXPECT_DEATH(one.pool.acquire(100), "after it was given back: byte 77 of 1280");
}

#if defined(__SANITIZE_ADDRESS__)
TEST(SliceGuardDeathTest, lets_the_address_sanitizer_see_late_users) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  GuardedPool one(Poisoning::kOff);
  const Slice slice = one.pool.acquire(100);
  one.pool.release(slice.id);
  EXPECT_DEATH(static_cast<volatile uint8_t*>(slice.data)[3] = 1, "use-after-poison");
}
#endif

}  // namespace
}  // namespace msgtrans
