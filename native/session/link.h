// One way from one reactor to another: a ring of records, and the memory that they speak of.
//
// Threads: the ring has one producer and one consumer, the two reactors. The link belongs to both and goes with the last.
//
// Ends. Either side may end at any time:
// - The producer leaves what did not fit in `waiting` and sets `producer_gone`; the consumer empties the ring, then that.
// - The consumer sets `consumer_gone` and empties the ring once more; the producer looks at the flag after every
//   publication and, if it is set, empties the ring itself. Whoever does holds `mutex`; every record is found by one of
//   the two: both change the flag by a read-modify-write, and the later one acquires what the earlier one released.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "memory/reserved_queue.h"
#include "session/lent_segments.h"
#include "session/link_record.h"
#include "sync/cache_line.h"
#include "sync/spsc_ring.h"

namespace msgtrans {

class ReactorPort;

struct Link {
  // Enough for some hundred lent segments and for bursts of control; what does not fit waits with the producer.
  static constexpr uint32_t kRecords = 512;

  // What does not fit waits with the producer, however much it is: a million sessions that all close at once.
  static constexpr size_t kWaitingMax = 1 << 22;

  // Throws std::bad_alloc when memory is refused; nothing later asks for memory.
  Link(std::shared_ptr<ReactorPort> from_port, std::shared_ptr<ReactorPort> to_port,
       std::shared_ptr<LentSegments> lent)
      : from(std::move(from_port)), to(std::move(to_port)), segments(std::move(lent)) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // Whoever empties the link after one side has gone: takes a record of the ring, then one of those that wait. False when
  // none is left.
  bool take_left(LinkRecord& record);
  // The consumer, after it set `consumer_gone`: the same, without what still is the producer's.
  bool take_published(LinkRecord& record);

  const std::shared_ptr<ReactorPort> from;
  const std::shared_ptr<ReactorPort> to;
  const std::shared_ptr<LentSegments> segments;  // of the producer
  SpscRing<LinkRecord> ring{kRecords};
  // Bytes of runs and packets that the consumer is done with. One writer; the producer reads it to know what is under way.
  std::atomic<uint64_t> bytes_settled = 0;
  // The producer has more than fits: ring its doorbell when there is room.
  std::atomic<uint32_t> producer_waits = 0;
  // Written once, and looked at with every record that is posted: on a line of their own.
  alignas(kSeparateBytes) std::atomic<uint32_t> consumer_gone = 0;
  std::atomic<uint32_t> producer_gone = 0;
  std::mutex mutex;              // ends only
  // The producer's until one side has gone; under `mutex` from then on.
  ReservedQueue<LinkRecord> waiting{kWaitingMax};

  // The consumer's alone.
  struct Reading {
    LinkRecord current{};
    uint64_t cursor = 0;
    bool has_current = false;
    bool is_announced = false;
  } reading;
  std::shared_ptr<Link> next;    // of those that lead to the same consumer: first under its port's mutex, then its own
};

}  // namespace msgtrans
