#include "sync/lock_free_map_scan.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "sync/lock_free_map_fixture.h"

namespace msgtrans {
namespace {

using Sink = EntrySink<uint64_t>;

// Everything from the cursor on, `room` entries a call; `between` runs between two calls.
template <typename Map, typename Between>
std::vector<uint64_t> scan_all(const Map& map, size_t room, Between&& between) {
  std::vector<uint64_t> keys;
  MapCursor cursor;
  for (;;) {
    Sink sink{room, {}};
    const MapScan outcome = map.scan(here(), cursor, sink);
    for (const auto& entry : sink.entries) keys.push_back(entry.key);
    if (outcome == MapScan::kEnd) return keys;
    if (outcome == MapScan::kNoRoom) room *= 2;
    between();
  }
}

TEST(LockFreeMapScan, an_empty_map_ends_at_once) {
  const auto map = make_map();
  EXPECT_TRUE(scan_all(*map, 10, [] {}).empty());
}

TEST(LockFreeMapScan, visits_every_entry_once_whatever_the_room) {
  const auto map = make_map();
  for (uint64_t key = 0; key < 500; ++key) map->set(here(), key, key);
  for (const size_t room : {size_t{1}, size_t{2}, size_t{7}, size_t{1000}}) {
    const std::vector<uint64_t> keys = scan_all(*map, room, [] {});
    EXPECT_EQ(keys.size(), 500u);
    EXPECT_EQ(std::set<uint64_t>(keys.begin(), keys.end()).size(), 500u);
  }
}

TEST(LockFreeMapScan, says_when_a_bucket_does_not_fit_and_keeps_its_place) {
  const auto map = make_map(1, kNoBudget, 1);
  for (uint64_t key = 0; key < 100; ++key) map->set(here(), key, key);
  MapCursor cursor;
  Sink none{0, {}};
  EXPECT_EQ(map->scan(here(), cursor, none), MapScan::kNoRoom);
  Sink all;
  EXPECT_EQ(map->scan(here(), cursor, all), MapScan::kEnd);
  EXPECT_EQ(all.entries.size(), 100u);
}

// Between any two calls the table grows or shrinks by much.
TEST(LockFreeMapScan, keeps_its_promise_across_moves_between_calls) {
  constexpr uint64_t kStay = 200;
  const auto map = make_map();
  for (uint64_t key = 0; key < kStay; ++key) map->set(here(), key, key);
  uint64_t round = 0;
  const std::vector<uint64_t> keys = scan_all(*map, 3, [&] {
    const uint64_t base = 1'000 + round / 2 % 3 * 2'000;
    for (uint64_t key = base; key < base + 2'000; ++key) {
      if (round % 2 == 0) {
        map->set(here(), key, key);
      } else {
        map->remove(here(), key);
      }
    }
    ++round;
  });
  EXPECT_GT(map->metrics(here()).moves, 10u);
  std::multiset<uint64_t> seen(keys.begin(), keys.end());
  for (uint64_t key = 0; key < kStay; ++key) ASSERT_EQ(seen.count(key), 1u) << "key " << key;
  for (const uint64_t key : seen) ASSERT_EQ(seen.count(key), 1u) << "key " << key;
}

TEST(LockFreeMapScan, keeps_its_promise_while_writers_move_tables) {
  constexpr uint64_t kStay = 300;
  constexpr uint64_t kScansMin = 20;
  const auto map = make_map();
  for (uint64_t key = 0; key < kStay; ++key) map->set(here(), key, key);
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (uint64_t writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      const uint64_t base = 10'000 * (writer + 1);
      // Relaxed: only ends the loop.
      while (!stop.load(std::memory_order_relaxed)) {
        for (uint64_t key = base; key < base + 1'000; ++key) map->set(here(), key, key);
        for (uint64_t key = 0; key < kStay; ++key) map->replace(here(), key, writer);
        for (uint64_t key = base; key < base + 1'000; ++key) map->remove(here(), key);
      }
    });
  }
  for (uint64_t scan = 0; scan < kScansMin || map->metrics(here()).moves < 10; ++scan) {
    const std::vector<uint64_t> keys = scan_all(*map, 100, [] { std::this_thread::yield(); });
    std::set<uint64_t> once;
    for (const uint64_t key : keys) ASSERT_TRUE(once.insert(key).second) << "key " << key << " came twice";
    for (uint64_t key = 0; key < kStay; ++key) ASSERT_EQ(once.count(key), 1u) << "key " << key << " did not come";
  }
  // Relaxed: as above.
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace msgtrans
