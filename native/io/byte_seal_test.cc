#include "io/byte_seal.h"

#include <gtest/gtest.h>

#include <vector>

namespace msgtrans {
namespace {

constexpr size_t kChunk = ByteSeal::kChunkBytes;

std::vector<uint8_t> some_bytes(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i * 31 + (i >> 8));
  return bytes;
}

TEST(ByteSeal, finds_a_change_of_any_byte) {
  for (const size_t count : {size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{1000}}) {
    std::vector<uint8_t> bytes = some_bytes(count);
    const ByteSeal seal(bytes.data(), count);
    EXPECT_TRUE(seal.holds(bytes.data(), 0, count));
    for (size_t i = 0; i < count; ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        bytes[i] ^= static_cast<uint8_t>(1 << bit);
        EXPECT_FALSE(seal.holds(bytes.data(), 0, count)) << i;
        bytes[i] ^= static_cast<uint8_t>(1 << bit);
      }
    }
    EXPECT_TRUE(seal.holds(bytes.data(), 0, count));
  }
}

TEST(ByteSeal, looks_at_the_chunks_that_are_asked_about) {
  std::vector<uint8_t> bytes = some_bytes(3 * kChunk + 100);
  const ByteSeal seal(bytes.data(), bytes.size());
  bytes[kChunk + 1] ^= 1;
  EXPECT_TRUE(seal.holds(bytes.data(), 0, kChunk));
  EXPECT_TRUE(seal.holds(bytes.data(), 2 * kChunk, bytes.size()));
  EXPECT_FALSE(seal.holds(bytes.data(), 0, kChunk + 1));
  EXPECT_FALSE(seal.holds(bytes.data(), kChunk + 500, kChunk + 501)) << "a chunk is looked at as a whole";
  EXPECT_FALSE(seal.holds(bytes.data(), 2 * kChunk - 1, bytes.size()));
}

TEST(ByteSeal, covers_an_odd_end) {
  std::vector<uint8_t> bytes = some_bytes(2 * kChunk + 3);
  const ByteSeal seal(bytes.data(), bytes.size());
  bytes.back() ^= 0x80;
  EXPECT_FALSE(seal.holds(bytes.data(), 2 * kChunk, bytes.size()));
  EXPECT_TRUE(seal.holds(bytes.data(), 0, 2 * kChunk));
}

}  // namespace
}  // namespace msgtrans
