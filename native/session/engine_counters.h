// What a reactor counts: one writer, any number of readers, on cache lines of its own.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/cache_line.h"

namespace msgtrans {

// A number that one thread counts up and any thread may read. As cheap as a plain integer.
class Counter {
 public:
  Counter& operator++() { return *this += 1; }
  Counter& operator+=(uint64_t more) {
    // Relaxed, both: one writer, and a reader wants some recent value of this counter alone.
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    return *this;
  }
  // Relaxed: as above.
  operator uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

struct alignas(kSeparateBytes) EngineCounters {
  Counter turns;
  Counter deliveries;
  Counter syscalls;
  Counter messages_received;
  Counter bytes_received;
  Counter messages_sent;
  Counter bytes_sent;
  Counter messages_discarded;  // sent to a session, or to a reactor, that was gone when the ring was taken
  Counter payload_copies;      // heads of large packets, leftovers of writes, what other threads were given
  Counter straddle_copies;     // small packets that two reads brought, put together
  Counter sessions_accepted;
  Counter sessions_connected;
  Counter sessions_closed;
  Counter accepts_refused;
  Counter connects_failed;
  Counter sockets_handed_over;
  Counter runs_lent;           // to other reactors, as they lay
  Counter segments_copied;     // because every segment was still being read
};

}  // namespace msgtrans
