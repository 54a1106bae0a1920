// Lets a consumer sleep without missing what is published meanwhile, and lets producers wake it no more than needed.
//
// Algorithm: the store-load handshake of Dekker, with a read-modify-write on both sides of one flag. The consumer
// raises the flag, looks once more at what it waits for, and only then blocks. A producer publishes, then lowers the
// flag; if it was up, this producer owes the wake-up, and nobody else does.
//   Why nothing is missed: both exchanges are in the one order of changes to the flag. If the producer's is the later,
// it finds the flag up. If the consumer's is the later, it reads from the producer's or from an exchange that followed
// it, so it acquires what the producer released, and the second look sees what was published.
//   Why exchanges: a plain load in the producer could pass its own publication unless that, the load, the consumer's
// store and its second look were all seq_cst, which asks every ring and every look to know of the gate. Here any
// release and acquire will do. On x86-64 both cost one locked instruction. The flag stays in the producer's cache for
// as long as the consumer does not sleep.
//
// Threads: must_wake() from any producer, after it published; announce() and awake() from the one consumer.
//
// Invariant: the flag is up only between announce() and the next awake() or must_wake().
// Progress: wait-free. Reclamation: none.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/atomics_policy.h"

namespace msgtrans {

template <typename Atomics = StdAtomics>
class SleepGate {
 public:
  SleepGate() = default;
  SleepGate(const SleepGate&) = delete;
  SleepGate& operator=(const SleepGate&) = delete;

  // Producer, after publishing: whether it has to wake the consumer (write its eventfd). True once per sleep.
  [[nodiscard]] bool must_wake() {
    // Release: pairs with the acquire in announce(), which sees what was published before. Exchanges of others in
    // between, of producers and of the consumer, continue the release sequence, whatever their own order.
    return sleeping_.exchange(0, std::memory_order_release) != 0;
  }

  // Consumer, before its last look. What it then finds empty it may wait for; otherwise it calls awake().
  void announce() {
    // Acquire: pairs with the release in must_wake(); whatever was published without a wake-up is seen from here on.
    sleeping_.exchange(1, std::memory_order_acquire);
  }

  // Consumer, when it runs again, for whatever reason. A wake-up that is under way meanwhile is a spurious one.
  void awake() {
    // Relaxed: the acquire follows in announce(). An exchange and not a store, which would end the release sequence of
    // a must_wake() before it: that announce() would read the store, and miss what was published.
    sleeping_.exchange(0, std::memory_order_relaxed);
  }

 private:
  typename Atomics::template Atomic<uint32_t> sleeping_{0};
};

}  // namespace msgtrans
