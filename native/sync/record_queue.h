// A bounded queue of small byte records between any threads of the process: an MpmcQueue whose record size is chosen
// when it is made, with counters.
//
// Threads: push(), pop() and the counters from any thread; the queue outlives every call on it by the caller's care.
//
// A record lies in a slot of the next power of two, so that one compilation per size serves all sizes.
#pragma once

#include <cstdint>
#include <memory>

namespace msgtrans {

inline constexpr uint32_t kRecordBytesMax = 256;

struct RecordQueueCounters {
  uint64_t pushed = 0;   // accepted
  uint64_t popped = 0;
  uint64_t dropped = 0;  // refused because the queue was full
};

class RecordQueue {
 public:
  // Room for `capacity` records, rounded up to a power of two and at least 2, of 1 to kRecordBytesMax bytes. Null when
  // there is no memory for it.
  static std::unique_ptr<RecordQueue> create(uint32_t capacity, uint32_t record_bytes);

  RecordQueue() = default;
  virtual ~RecordQueue() = default;
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;

  // Takes `count` records that lie next to one another, as many of them as fit, from the first; returns how many.
  virtual uint32_t push(const uint8_t* records, uint32_t count) = 0;
  // Writes at most `count_max` records to `out`, oldest first; returns how many.
  virtual uint32_t pop(uint8_t* out, uint32_t count_max) = 0;

  [[nodiscard]] virtual uint32_t capacity() const = 0;
  [[nodiscard]] virtual uint32_t record_bytes() const = 0;
  // Both are estimates while others push or pop.
  [[nodiscard]] virtual uint32_t size() const = 0;
  [[nodiscard]] virtual RecordQueueCounters counters() const = 0;
};

}  // namespace msgtrans
