#include "sync/record_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

TEST(RecordQueue, keeps_every_byte_of_every_record_size) {
  for (uint32_t bytes = 1; bytes <= kRecordBytesMax; ++bytes) {
    const auto queue = RecordQueue::create(4, bytes);
    ASSERT_NE(queue, nullptr);
    EXPECT_EQ(queue->record_bytes(), bytes);
    std::vector<uint8_t> records(3 * bytes);
    std::iota(records.begin(), records.end(), static_cast<uint8_t>(bytes));
    ASSERT_EQ(queue->push(records.data(), 3), 3u);
    std::vector<uint8_t> got(4 * bytes, 0xee);
    ASSERT_EQ(queue->pop(got.data(), 4), 3u);
    EXPECT_TRUE(std::equal(records.begin(), records.end(), got.begin()));
    EXPECT_TRUE(std::all_of(got.begin() + 3 * bytes, got.end(), [](uint8_t byte) { return byte == 0xee; }));
  }
}

TEST(RecordQueue, rounds_its_capacity_up) {
  EXPECT_EQ(RecordQueue::create(1, 8)->capacity(), 2u);
  EXPECT_EQ(RecordQueue::create(5, 8)->capacity(), 8u);
}

TEST(RecordQueue, counts_what_was_pushed_popped_and_dropped) {
  const auto queue = RecordQueue::create(4, 2);
  const std::array<uint8_t, 12> records{};
  EXPECT_EQ(queue->push(records.data(), 6), 4u);
  EXPECT_EQ(queue->push(records.data(), 1), 0u);
  std::array<uint8_t, 2> out{};
  EXPECT_EQ(queue->pop(out.data(), 1), 1u);
  EXPECT_EQ(queue->size(), 3u);
  const RecordQueueCounters counters = queue->counters();
  EXPECT_EQ(counters.pushed, 4u);
  EXPECT_EQ(counters.popped, 1u);
  EXPECT_EQ(counters.dropped, 3u);
}

// A record whose bytes all say the same: one that was torn would say two things.
TEST(RecordQueue, records_of_many_threads_stay_whole) {
  const stress::Seed seed;
  constexpr uint32_t kBytes = 100;
  const uint64_t rounds = stress::stress_operations() / 40;
  const auto queue = RecordQueue::create(8, kBytes);
  std::atomic<uint64_t> torn = 0;
  stress::run_together(4, [&](uint32_t thread) {
    auto random = seed.stream(thread);
    std::array<uint8_t, 3 * kBytes> records;
    for (uint64_t i = 0; i < rounds; ++i) {
      if (thread < 2) {
        for (uint32_t record = 0; record < 3; ++record) {
          std::memset(records.data() + record * kBytes, static_cast<int>(random()), kBytes);
        }
        queue->push(records.data(), 3);
      } else {
        const uint32_t count = queue->pop(records.data(), 3);
        for (uint32_t record = 0; record < count; ++record) {
          const uint8_t* first = records.data() + record * kBytes;
          const bool is_whole = std::all_of(first, first + kBytes, [first](uint8_t byte) { return byte == *first; });
          // Relaxed: only a count, read after the threads were joined.
          torn.fetch_add(is_whole ? 0 : 1, std::memory_order_relaxed);
        }
      }
      stress::sometimes_yield(random);
    }
  });
  // Relaxed: all threads were joined.
  EXPECT_EQ(torn.load(std::memory_order_relaxed), 0u);
  const RecordQueueCounters counters = queue->counters();
  EXPECT_EQ(counters.pushed + counters.dropped, 2 * 3 * rounds);
  EXPECT_EQ(counters.pushed - counters.popped, queue->size());
}

}  // namespace
}  // namespace msgtrans
