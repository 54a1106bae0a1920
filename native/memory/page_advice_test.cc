#include "memory/page_advice.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "memory/mapping.h"

namespace msgtrans {
namespace {

size_t page_bytes() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

size_t resident_pages(const Mapping& mapping) {
  std::vector<unsigned char> resident(mapping.bytes() / page_bytes());
  EXPECT_EQ(::mincore(mapping.data(), mapping.bytes(), resident.data()), 0);
  const auto present = [](unsigned char page) { return (page & 1) != 0; };
  return static_cast<size_t>(std::count_if(resident.begin(), resident.end(), present));
}

TEST(PageAdvice, touches_every_page_of_an_unaligned_range_and_changes_no_byte) {
  const Mapping memory = Mapping::create(16 * page_bytes());
  memory.data()[page_bytes() + 5] = 42;
  ASSERT_TRUE(touch_pages(memory.data() + page_bytes() + 4, 2 * page_bytes()));
  EXPECT_EQ(resident_pages(memory), 3u);
  EXPECT_EQ(memory.data()[page_bytes() + 5], 42);
  EXPECT_TRUE(touch_pages(memory.data(), 0));
}

TEST(PageAdvice, writes_each_page_within_the_range_where_the_kernel_cannot_populate) {
  const Mapping memory = Mapping::create(16 * page_bytes());
  std::memset(memory.data(), 7, page_bytes());
  uint8_t* const begin = memory.data() + page_bytes() - 1;
  write_each_page(begin, 2 * page_bytes() + 2);
  EXPECT_EQ(resident_pages(memory), 4u);
  EXPECT_EQ(begin[-1], 7) << "bytes before the range are somebody's";
  write_each_page(memory.data(), 0);
}

TEST(PageAdvice, says_so_when_pages_cannot_be_had) {
  uint8_t* unmapped = nullptr;
  {
    const Mapping memory = Mapping::create(4 * page_bytes());
    unmapped = memory.data();
  }
  EXPECT_FALSE(touch_pages(unmapped, page_bytes()));
  EXPECT_FALSE(advise_huge_pages(unmapped, page_bytes()));
}

TEST(PageAdvice, gives_back_only_pages_that_lie_wholly_in_the_range) {
  const Mapping memory = Mapping::create(4 * page_bytes());
  std::memset(memory.data(), 7, memory.bytes());
  give_back_pages(memory.data() + 1, 3 * page_bytes());
  EXPECT_EQ(resident_pages(memory), 2u);
  EXPECT_EQ(memory.data()[0], 7);
  EXPECT_EQ(memory.data()[page_bytes()], 0);
  EXPECT_EQ(memory.data()[3 * page_bytes()], 7);
  give_back_pages(memory.data() + 1, page_bytes() - 1);
  EXPECT_EQ(memory.data()[0], 7);
}

}  // namespace
}  // namespace msgtrans
