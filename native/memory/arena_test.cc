#include "memory/arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace msgtrans {
namespace {

constexpr Arena::Regions kOddRegions{1, 4097, 32, 100, 12345};

TEST(Arena, starts_every_region_on_a_page_and_in_order) {
  const Arena arena(kOddRegions);
  ASSERT_TRUE(arena.valid());
  EXPECT_EQ(arena.descriptor_offset(), 4096u);
  EXPECT_EQ(arena.event_offset(), 4096u + 8192u);
  EXPECT_EQ(arena.ring_offset(), arena.event_offset() + 4096u);
  EXPECT_EQ(arena.pool_offset(), arena.ring_offset() + 4096u);
  EXPECT_GE(arena.bytes(), arena.pool_offset() + kOddRegions.pool_bytes);
}

TEST(Arena, is_zero_filled_and_writable_to_its_last_byte) {
  const Arena arena(kOddRegions);
  ASSERT_TRUE(arena.valid());
  EXPECT_TRUE(std::all_of(arena.data(), arena.data() + arena.bytes(), [](uint8_t byte) { return byte == 0; }));
  arena.data()[arena.bytes() - 1] = 1;
  EXPECT_EQ(arena.data()[arena.bytes() - 1], 1);
}

TEST(Arena, starts_a_pool_that_holds_one_on_a_huge_page) {
  const Arena arena({1, 4097, 32, 100, kHugePageBytes + 1});
  ASSERT_TRUE(arena.valid());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.data() + arena.pool_offset()) % kHugePageBytes, 0u);
  EXPECT_GE(arena.bytes(), arena.pool_offset() + kHugePageBytes + 1);
  arena.data()[arena.bytes() - 1] = 1;
}

TEST(Mapping, begins_at_a_multiple_of_an_alignment_and_keeps_only_what_was_asked_for) {
  for (const size_t alignment : {size_t{4096}, size_t{1} << 16, kHugePageBytes}) {
    const Mapping mapping = Mapping::create_aligned(5 * 4096 + 1, alignment);
    ASSERT_TRUE(mapping.valid());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(mapping.data()) % alignment, 0u);
    EXPECT_EQ(mapping.bytes(), Mapping::create(5 * 4096 + 1).bytes());
    mapping.data()[0] = mapping.data()[mapping.bytes() - 1] = 1;
  }
  EXPECT_FALSE(Mapping::create_aligned(size_t{1} << 62, kHugePageBytes).valid());
  EXPECT_FALSE(Mapping::create_aligned(SIZE_MAX, kHugePageBytes).valid());
}

TEST(Mapping, rounds_up_to_pages) {
  const auto page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(Mapping::create(1).bytes(), page_bytes);
  EXPECT_EQ(Mapping::create(page_bytes).bytes(), page_bytes);
  EXPECT_EQ(Mapping::create(page_bytes + 1).bytes(), 2 * page_bytes);
}

TEST(Mapping, is_empty_when_the_kernel_refuses) {
  const Mapping refused = Mapping::create(size_t{1} << 62);
  EXPECT_FALSE(refused.valid());
  EXPECT_EQ(refused.bytes(), 0u);
}

TEST(Mapping, has_one_owner_after_a_move) {
  Mapping first = Mapping::create(4096);
  uint8_t* const data = first.data();
  Mapping second = std::move(first);
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): what a moved-from mapping promises
  EXPECT_EQ(second.data(), data);
  Mapping third = Mapping::create(4096);
  third = std::move(second);
  EXPECT_EQ(third.data(), data);
  EXPECT_FALSE(second.valid());  // NOLINT(bugprone-use-after-move)
}

TEST(Mapping, gives_its_pages_back_when_it_ends) {
  uint8_t* data = nullptr;
  {
    const Mapping mapping = Mapping::create(4096);
    data = mapping.data();
    unsigned char resident = 0;
    ASSERT_EQ(::mincore(data, 4096, &resident), 0);
  }
  unsigned char resident = 0;
  EXPECT_NE(::mincore(data, 4096, &resident), 0) << "still mapped";
}

}  // namespace
}  // namespace msgtrans
