#include "sync/lock_free_map.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

#include "sync/lock_free_map_fixture.h"

namespace msgtrans {
namespace {

// The words at the edges of what lies inline, and of 64 bits.
constexpr uint64_t kEdges[] = {0, 1, 2, kInlineValueMax - 1, kInlineValueMax, kInlineValueMax + 1, kInlineValueMax + 2,
                               kValueFrozen - 1, kValueFrozen, UINT64_MAX - 1, UINT64_MAX};

TEST(LockFreeMap, each_write_does_what_it_says) {
  const auto map = make_map();
  uint64_t value = 77;
  EXPECT_FALSE(map->get(here(), 5, value));
  EXPECT_EQ(value, 77u) << "a miss leaves the value alone";
  EXPECT_EQ(map->replace(here(), 5, 1).status, MapStatus::kAbsent);
  EXPECT_EQ(map->remove(here(), 5).status, MapStatus::kAbsent);
  EXPECT_EQ(map->compare_and_swap(here(), 5, 0, 1).status, MapStatus::kAbsent);
  EXPECT_EQ(map->insert(here(), 5, 10).status, MapStatus::kInserted);
  const MapResult again = map->insert(here(), 5, 11);
  EXPECT_EQ(again.status, MapStatus::kPresent);
  EXPECT_EQ(again.previous, 10u);
  const MapResult replaced = map->replace(here(), 5, 12);
  EXPECT_EQ(replaced.status, MapStatus::kReplaced);
  EXPECT_EQ(replaced.previous, 10u);
  const MapResult mismatch = map->compare_and_swap(here(), 5, 10, 13);
  EXPECT_EQ(mismatch.status, MapStatus::kMismatch);
  EXPECT_EQ(mismatch.previous, 12u);
  EXPECT_EQ(map->compare_and_swap(here(), 5, 12, 13).status, MapStatus::kReplaced);
  EXPECT_EQ(map->set(here(), 5, 14).previous, 13u);
  EXPECT_EQ(map->size(), 1u);
  const MapResult removed = map->remove(here(), 5);
  EXPECT_EQ(removed.status, MapStatus::kRemoved);
  EXPECT_EQ(removed.previous, 14u);
  EXPECT_EQ(map->size(), 0u);
  EXPECT_FALSE(map->get(here(), 5, value));
  EXPECT_EQ(map->set(here(), 5, 15).status, MapStatus::kInserted);
  EXPECT_TRUE(map->get(here(), 5, value));
  EXPECT_EQ(value, 15u);
}

TEST(LockFreeMap, takes_every_64_bit_key_and_value) {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{42}, UINT64_MAX}) {
    const auto map = make_map(1, kNoBudget, seed);
    for (const uint64_t key : kEdges) {
      for (const uint64_t stored : kEdges) {
        map->set(here(), key, stored);
        uint64_t value = ~stored;
        ASSERT_TRUE(map->get(here(), key, value));
        ASSERT_EQ(value, stored);
        ASSERT_EQ(map->compare_and_swap(here(), key, stored, key).status, MapStatus::kReplaced);
      }
    }
    EXPECT_EQ(map->size(), std::size(kEdges));
  }
}

TEST(LockFreeMap, the_hash_is_a_permutation_that_is_undone) {
  for (const uint64_t key : kEdges) EXPECT_EQ(U64Keys::unmix(U64Keys::mix(key)), key);
}

TEST(LockFreeMap, agrees_with_unordered_map_over_random_operations) {
  const auto map = make_map();
  std::unordered_map<uint64_t, uint64_t> expected;
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t key = random() % 2'000;
    const uint64_t value = random();
    switch (random() % 5) {
      case 0:
        map->set(here(), key, value);
        expected[key] = value;
        break;
      case 1:
        map->insert(here(), key, value);
        expected.try_emplace(key, value);
        break;
      case 2:
      case 3:
        ASSERT_EQ(map->remove(here(), key).status == MapStatus::kRemoved, expected.erase(key) == 1);
        break;
      default: {
        uint64_t got = 0;
        const auto found = expected.find(key);
        ASSERT_EQ(map->get(here(), key, got), found != expected.end());
        ASSERT_EQ(got, found == expected.end() ? 0 : found->second);
      }
    }
  }
  EXPECT_EQ(map->size(), expected.size());
  EXPECT_GT(map->metrics(here()).moves, 5u);
}

TEST(LockFreeMap, has_room_for_its_capacity_before_the_first_move) {
  const auto map = make_map<LockFreeMap<>>(10'000);
  for (uint64_t key = 0; key < 10'000; ++key) map->set(here(), key, key);
  const MapMetrics metrics = map->metrics(here());
  EXPECT_EQ(metrics.moves, 0u);
  EXPECT_LE(metrics.buckets, 8192u) << "and not much more";
}

TEST(LockFreeMap, drops_removed_keys_without_growing) {
  const auto map = make_map(64);
  const uint64_t buckets = map->metrics(here()).buckets;
  for (uint64_t key = 0; key < 100'000; ++key) {
    map->set(here(), key, key);
    if (key >= 32) map->remove(here(), key - 32);
  }
  const MapMetrics metrics = map->metrics(here());
  EXPECT_EQ(metrics.size, 32u);
  EXPECT_EQ(metrics.buckets, buckets);
  EXPECT_GT(metrics.moves, 100u);
}

TEST(LockFreeMap, shrinks_when_few_keys_are_left_but_not_below_its_capacity) {
  const auto map = make_map(8);
  for (uint64_t key = 0; key < 10'000; ++key) map->set(here(), key, key);
  EXPECT_GE(map->metrics(here()).buckets, 8192u);
  for (uint64_t key = 0; key < 9'990; ++key) map->remove(here(), key);
  for (int i = 0; i < 20'000; ++i) map->set(here(), 9'999, 1);  // writers finish the move
  EXPECT_LE(map->metrics(here()).buckets, 128u);
  for (uint64_t key = 9'990; key < 10'000; ++key) map->remove(here(), key);
  for (int i = 0; i < 1'000; ++i) map->set(here(), i % 2, 1);
  EXPECT_GE(map->metrics(here()).buckets, 8u);
  uint64_t value = 0;
  EXPECT_TRUE(map->get(here(), 0, value));
}

TEST(LockFreeMap, a_batch_finds_what_single_reads_find) {
  const auto map = make_map();
  std::vector<uint64_t> keys;
  for (uint64_t key = 0; key < 101; ++key) {
    keys.push_back(key);
    if (key % 3 != 0) map->set(here(), key, key * 10);
  }
  std::vector<uint64_t> values(keys.size(), 9);
  std::vector<uint8_t> found(keys.size(), 9);
  EXPECT_EQ(map->lookup_batch(here(), keys.data(), 101, values.data(), found.data()), 67u);
  for (uint64_t key = 0; key < 101; ++key) {
    EXPECT_EQ(found[key], key % 3 != 0);
    EXPECT_EQ(values[key], key % 3 != 0 ? key * 10 : 0);
  }
  EXPECT_EQ(map->lookup_batch(here(), keys.data(), 0, values.data(), found.data()), 0u);
}

TEST(LockFreeMap, gives_all_memory_back) {
  auto* const memory = new RefusingMemory(0, false);
  {
    auto map = TinyMap::create(process_epoch(), *memory, 1, 7);
    for (uint64_t key = 0; key < 1'000; ++key) map->set(here(), key, UINT64_MAX - key);
    for (uint64_t key = 0; key < 1'000; key += 2) map->remove(here(), key);
    EXPECT_GT(memory->bytes_in_use(), 0u);
  }
  free_retired();
  EXPECT_EQ(memory->bytes_in_use(), 0u);
  memory->finish();
  delete memory;
}

// Every allocation of a run is refused once: the write says so, nothing that was there is lost, and it works again.
TEST(LockFreeMap, survives_the_refusal_of_any_allocation) {
  constexpr uint64_t kKeys = 60;
  uint64_t refusals_seen = 0;
  for (uint64_t refused = 1;; ++refused) {
    auto* const memory = new RefusingMemory(refused, false);
    bool out_of_memory = false;
    {
      const auto map = TinyMap::create(process_epoch(), *memory, 1, refused);
      if (map == nullptr) {
        out_of_memory = true;
      } else {
        for (uint64_t key = 0; key < kKeys; ++key) {
          const uint64_t value = key % 2 == 0 ? key : UINT64_MAX - key;
          MapResult result = map->set(here(), key, value);
          if (result.status == MapStatus::kOutOfMemory) {
            out_of_memory = true;
            result = map->set(here(), key, value);
          }
          ASSERT_EQ(result.status, MapStatus::kInserted);
          for (uint64_t before = 0; before <= key; ++before) {
            uint64_t got = 0;
            ASSERT_TRUE(map->get(here(), before, got)) << "allocation " << refused << ", key " << before;
            ASSERT_EQ(got, before % 2 == 0 ? before : UINT64_MAX - before);
          }
        }
        ASSERT_EQ(map->size(), kKeys);
        out_of_memory |= map->metrics(here()).moves_refused != 0;
      }
    }
    free_retired();
    ASSERT_EQ(memory->bytes_in_use(), 0u) << "allocation " << refused;
    const bool past_the_last = memory->asked() < refused;
    memory->finish();
    delete memory;
    if (past_the_last) break;
    refusals_seen += out_of_memory;
  }
  EXPECT_GT(refusals_seen, 30u);
}

// From some moment on every allocation is refused, even in the middle of a move: what is there can be read, replaced in
// place or refused, and is whole when the map is dropped.
TEST(LockFreeMap, is_whole_when_memory_ends_in_the_middle_of_a_move) {
  for (uint64_t refused = 2; refused < 80; ++refused) {
    auto* const memory = new RefusingMemory(refused, true);
    {
      const auto map = LockFreeMap<ByteKeys<>, StdAtomics, TinyShape>::create(process_epoch(), *memory, 1, refused);
      if (map != nullptr) {
        std::vector<uint64_t> stored;
        for (uint64_t key = 0; key < 60; ++key) {
          const MapResult result = map->set(here(), std::to_string(key), UINT64_MAX - key);
          if (result.status == MapStatus::kInserted) stored.push_back(key);
        }
        for (const uint64_t key : stored) {
          uint64_t got = 0;
          ASSERT_TRUE(map->get(here(), std::to_string(key), got));
          ASSERT_EQ(got, UINT64_MAX - key);
        }
        if (refused % 2 == 0) {
          memory->relent();
          for (uint64_t key = 0; key < 60; ++key) {
            ASSERT_NE(map->set(here(), std::to_string(key), key).status, MapStatus::kOutOfMemory);
          }
          ASSERT_EQ(map->size(), 60u);
        }
      }
    }
    free_retired();
    ASSERT_EQ(memory->bytes_in_use(), 0u) << "allocation " << refused;
    memory->finish();
    delete memory;
  }
}

TEST(LockFreeMap, keeps_to_its_budget_and_goes_on) {
  constexpr size_t kBudget = 256 * 1024;
  const auto map = make_map<LockFreeMap<>>(1, kBudget);
  uint64_t stored = 0;
  for (; stored < 1'000'000; ++stored) {
    if (map->set(here(), stored, stored).status == MapStatus::kOutOfMemory) break;
    ASSERT_LE(map->metrics(here()).bytes_in_use, kBudget);
  }
  EXPECT_GT(stored, 2'000u);
  EXPECT_LT(stored, 100'000u);
  uint64_t value = 0;
  for (uint64_t key = 0; key < stored; ++key) ASSERT_TRUE(map->get(here(), key, value));
  EXPECT_EQ(map->remove(here(), 0).status, MapStatus::kRemoved);
  EXPECT_EQ(map->set(here(), 0, 1).status, MapStatus::kInserted) << "a removed key's slot is its own";
}

}  // namespace
}  // namespace msgtrans
