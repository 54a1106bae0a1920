#include "sync/record_queue.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "sync/mpmc_queue.h"

namespace msgtrans {

namespace {

template <uint32_t kSlotBytes>
struct Record {
  std::array<uint8_t, kSlotBytes> bytes;
};

template <uint32_t kSlotBytes>
class SizedRecordQueue final : public RecordQueue {
 public:
  SizedRecordQueue(uint32_t capacity, uint32_t record_bytes) : queue_(capacity), record_bytes_(record_bytes) {}

  uint32_t push(const uint8_t* records, uint32_t count) override {
    const uint32_t taken = queue_.produce(count, [this, records](uint32_t i) {
      // What lies behind the record's bytes is never read.
      Record<kSlotBytes> record;
      std::memcpy(record.bytes.data(), records + size_t{i} * record_bytes_, record_bytes_);
      return record;
    });
    // Relaxed: a counter.
    if (taken < count) dropped_.fetch_add(count - taken, std::memory_order_relaxed);
    return taken;
  }

  uint32_t pop(uint8_t* out, uint32_t count_max) override {
    return queue_.consume(count_max, [this, &out](const Record<kSlotBytes>& record) {
      std::memcpy(out, record.bytes.data(), record_bytes_);
      out += record_bytes_;
    });
  }

  [[nodiscard]] uint32_t capacity() const override { return queue_.capacity(); }
  [[nodiscard]] uint32_t record_bytes() const override { return record_bytes_; }
  [[nodiscard]] uint32_t size() const override { return queue_.size(); }

  [[nodiscard]] RecordQueueCounters counters() const override {
    // The indices count what was claimed, from 0 on. Relaxed: a counter.
    return {queue_.pushed(), queue_.taken(), dropped_.load(std::memory_order_relaxed)};
  }

 private:
  MpmcQueue<Record<kSlotBytes>> queue_;
  const uint32_t record_bytes_;
  // Written only when the queue is full, so it costs the line of nobody who gets on.
  alignas(kSeparateBytes) std::atomic<uint64_t> dropped_{0};
};

template <uint32_t kSlotBytes>
std::unique_ptr<RecordQueue> create_sized(uint32_t capacity, uint32_t record_bytes) {
  if constexpr (kSlotBytes < kRecordBytesMax) {
    if (record_bytes > kSlotBytes) return create_sized<2 * kSlotBytes>(capacity, record_bytes);
  }
  return std::make_unique<SizedRecordQueue<kSlotBytes>>(capacity, record_bytes);
}

}  // namespace

std::unique_ptr<RecordQueue> RecordQueue::create(uint32_t capacity, uint32_t record_bytes) {
  MSGTRANS_ASSERT(record_bytes >= 1 && record_bytes <= kRecordBytesMax && capacity <= (1u << 31));
  try {
    return create_sized<8>(std::bit_ceil(std::max(capacity, 2u)), record_bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace msgtrans
