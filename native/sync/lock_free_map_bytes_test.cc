#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <thread>

#include "sync/lock_free_map_fixture.h"

namespace msgtrans {
namespace {

// All keys in one bucket, with one hash.
struct SameHash {
  uint64_t operator()(std::string_view, uint64_t) const { return 0x0123456789abcdefULL; }
};
// Hashes that agree in what the slot keeps and in the bucket, and differ in between.
struct SameTagHash {
  uint64_t operator()(std::string_view key, uint64_t) const { return uint64_t{key.size()} << 20; }
};

using ByteMap = LockFreeMap<ByteKeys<>, StdAtomics, TinyShape>;

template <typename Hash>
class ByteKeyHashes : public testing::Test {};
using Hashes = testing::Types<SeededHash, SameHash, SameTagHash>;
TYPED_TEST_SUITE(ByteKeyHashes, Hashes);

TYPED_TEST(ByteKeyHashes, tells_every_key_from_every_other) {
  using Map = LockFreeMap<ByteKeys<TypeParam>, StdAtomics, TinyShape>;
  const auto map = make_map<Map>();
  std::map<std::string, uint64_t> expected;
  std::mt19937_64 random(3);
  for (int i = 0; i < 4'000; ++i) {
    std::string key(random() % 20, 'x');
    if (!key.empty()) key[random() % key.size()] = static_cast<char>(random() % 4);
    if (random() % 3 == 0) {
      ASSERT_EQ(map->remove(here(), key).status == MapStatus::kRemoved, expected.erase(key) == 1);
    } else {
      map->set(here(), key, static_cast<uint64_t>(i));
      expected[key] = static_cast<uint64_t>(i);
    }
  }
  EXPECT_EQ(map->size(), expected.size());
  EntrySink<std::string> sink;
  MapCursor cursor;
  while (map->scan(here(), cursor, sink) != MapScan::kEnd) {
  }
  std::map<std::string, uint64_t> scanned;
  for (const auto& entry : sink.entries) ASSERT_TRUE(scanned.emplace(entry.key, entry.value).second);
  EXPECT_EQ(scanned, expected);
}

TEST(LockFreeMapBytes, takes_empty_keys_zero_bytes_and_long_keys) {
  const auto map = make_map<ByteMap>();
  const std::string keys[] = {"", std::string(1, '\0'), std::string(2, '\0'), std::string(7, 'a'), std::string(8, 'a'),
                              std::string(9, 'a'), std::string(100'000, 'b')};
  for (uint64_t i = 0; i < std::size(keys); ++i) {
    ASSERT_EQ(map->insert(here(), keys[i], i).status, MapStatus::kInserted);
  }
  for (uint64_t i = 0; i < std::size(keys); ++i) {
    uint64_t value = 0;
    ASSERT_TRUE(map->get(here(), keys[i], value));
    ASSERT_EQ(value, i);
  }
}

TEST(LockFreeMapBytes, the_hash_depends_on_every_byte_the_length_and_the_seed) {
  const SeededHash hash;
  const std::string base(24, 'k');
  for (size_t i = 0; i < base.size(); ++i) {
    std::string other = base;
    other[i] = 'l';
    EXPECT_NE(hash(base, 1), hash(other, 1));
  }
  EXPECT_NE(hash(std::string(8, '\0'), 1), hash(std::string(9, '\0'), 1));
  EXPECT_NE(hash(base, 1), hash(base, 2));
}

// Threads race to claim the same new keys, so that nodes are made in vain; every one of them is given back.
TEST(LockFreeMapBytes, threads_that_claim_the_same_keys_agree_and_leak_nothing) {
  auto* const memory = new RefusingMemory(0, false);
  {
    const auto map = ByteMap::create(process_epoch(), *memory, 1, 5);
    std::atomic<uint64_t> inserted{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (uint64_t key = 0; key < 2'000; ++key) {
          const MapResult result = map->insert(here(), std::to_string(key), key);
          // Relaxed: a count, read after the join.
          inserted.fetch_add(result.status == MapStatus::kInserted, std::memory_order_relaxed);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // Relaxed: joined.
    EXPECT_EQ(inserted.load(std::memory_order_relaxed), 2'000u);
    EXPECT_EQ(map->size(), 2'000u);
  }
  free_retired();
  EXPECT_EQ(memory->bytes_in_use(), 0u);
  memory->finish();
  delete memory;
}

}  // namespace
}  // namespace msgtrans
