// What a reactor counts. Plain integers: one thread writes and reads them.
#pragma once

#include <cstdint>

namespace msgtrans {

struct EngineCounters {
  uint64_t turns = 0;
  uint64_t deliveries = 0;
  uint64_t syscalls = 0;
  uint64_t messages_received = 0;
  uint64_t bytes_received = 0;
  uint64_t messages_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t messages_discarded = 0;  // sent to a session that was gone when the ring was taken
  uint64_t payload_copies = 0;      // straddling small packets, heads of large ones, leftovers of writes
  uint64_t sessions_accepted = 0;
  uint64_t sessions_connected = 0;
  uint64_t sessions_closed = 0;
  uint64_t accepts_refused = 0;
};

}  // namespace msgtrans
