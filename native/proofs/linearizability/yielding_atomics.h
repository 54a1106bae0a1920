// The atomics policy that histories are recorded with: the standard library's, with a turn for other threads before an
// access now and then. So threads are stopped in the middle of an algorithm even where there are fewer processors than
// threads, at places that a preemption would hit once in a million operations.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

#include "sync/atomics_policy.h"

namespace msgtrans::proofs {

struct YieldingAtomics {
  // One access in this many gives up the processor.
  static constexpr uint64_t kAccessesPerYield = 24;

  static uint64_t& random_state() {
    static thread_local uint64_t state = 1;
    return state;
  }
  static uint64_t random() {
    uint64_t& state = random_state();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11;
  }
  static void maybe_yield() {
    if (random() % kAccessesPerYield == 0) ::sched_yield();
  }

  template <typename T>
  class Atomic {
   public:
    Atomic() : value_(T{}) {}
    Atomic(T value) : value_(value) {}  // NOLINT: implicit, as in std::atomic

    T load(std::memory_order memory_order) const { return yielding().load(memory_order); }
    void store(T value, std::memory_order memory_order) { yielding().store(value, memory_order); }
    T exchange(T value, std::memory_order memory_order) { return yielding().exchange(value, memory_order); }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order memory_order,
                               std::memory_order memory_order_failed) {
      return yielding().compare_exchange_weak(expected, desired, memory_order, memory_order_failed);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order memory_order,
                                 std::memory_order memory_order_failed) {
      return yielding().compare_exchange_strong(expected, desired, memory_order, memory_order_failed);
    }
    T fetch_add(T value, std::memory_order memory_order) { return yielding().fetch_add(value, memory_order); }
    T fetch_sub(T value, std::memory_order memory_order) { return yielding().fetch_sub(value, memory_order); }
    T fetch_or(T value, std::memory_order memory_order) { return yielding().fetch_or(value, memory_order); }

   private:
    std::atomic<T>& yielding() {
      maybe_yield();
      return value_;
    }
    const std::atomic<T>& yielding() const {
      maybe_yield();
      return value_;
    }

    std::atomic<T> value_;
  };

  template <typename T>
  using Plain = StdAtomics::Plain<T>;

  static void pause() { ::sched_yield(); }
  static void light_barrier() {
    StdAtomics::light_barrier();
    maybe_yield();
  }
  static void heavy_barrier() { StdAtomics::heavy_barrier(); }
};

}  // namespace msgtrans::proofs
