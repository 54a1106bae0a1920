// A bounded queue from any number of producers to any number of consumers.
//
// Algorithm: Vyukov's bounded MPMC queue (1024cores.net, "Bounded MPMC queue"): every slot carries a sequence that says
// whose turn it is, producers and consumers claim indices by compare-and-swap. Extended by runs: a thread finds how
// many slots in a row are at its turn and claims them with one swap. That is sound because a slot at the turn of
// index i stays there until whoever claims i moves it on, and the swap succeeds only if nobody claimed since.
//
// Threads: every call from any thread.
//
// Invariants, in free-running 64-bit indices: a slot's sequence is i when index i may be written, i + 1 when it may be
// read, i + capacity when it may be written for the next lap; only the thread that claimed the index moves it on. First
// in, first out in the order of claims, so each producer's elements are taken in its order.
//
// Progress: a failed swap means that another thread's succeeded. A thread suspended between its claim and its mark does
// not stop the others at once, but the queue then looks full or empty at its slot. Both lie within one call.
// Reclamation: none; the slots live as long as the queue. What finds no room is the caller's to count.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/assert.h"
#include "sync/atomics_policy.h"
#include "sync/cache_line.h"

namespace msgtrans {

template <typename T, typename Atomics = StdAtomics>
class MpmcQueue {
  static_assert(std::is_trivially_copyable_v<T>, "elements are copied in and out, and dropped without a destructor");

 public:
  // `capacity` is a power of two and at least 2: with a single slot "written" and "free for the next lap" are one
  // number.
  explicit MpmcQueue(uint32_t capacity, uint64_t first_index = 0)
      : mask_(capacity - 1),
        slots_(std::make_unique<Slot[]>(capacity)),
        tail_(first_index),
        head_(first_index) {
    MSGTRANS_ASSERT(capacity >= 2 && std::has_single_bit(capacity));
    for (uint64_t index = first_index; index != first_index + capacity; ++index) {
      // Relaxed: the queue is handed to other threads by whatever makes it known to them.
      slots_[index & mask_].sequence.store(index, std::memory_order_relaxed);
    }
  }
  MpmcQueue(const MpmcQueue&) = delete;
  MpmcQueue& operator=(const MpmcQueue&) = delete;

  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(mask_ + 1); }

  // False when full.
  bool try_push(const T& value) {
    return produce(1, [&value](uint32_t) -> const T& { return value; }) == 1;
  }

  // Takes as many of `values`, from the first, as fit, next to one another; returns how many.
  uint32_t push_some(const T* values, uint32_t count) {
    return produce(count, [values](uint32_t i) -> const T& { return values[i]; });
  }

  // The same for elements made on the way: `make(i)` returns the i-th, and is called for those that fit.
  template <typename Make>
  uint32_t produce(uint32_t count_max, Make&& make) {
    uint64_t first = 0;
    const uint32_t count = claim(tail_, 0, count_max, first);
    for (uint32_t i = 0; i < count; ++i) {
      Slot& slot = slots_[(first + i) & mask_];
      slot.value.set(make(i));
      // Release: pairs with the acquire load in claim() of the consumer whose turn it becomes; publishes the value.
      slot.sequence.store(first + i + 1, std::memory_order_release);
    }
    return count;
  }

  // False when empty.
  bool try_pop(T& out) {
    return consume(1, [&out](const T& value) { out = value; }) == 1;
  }

  uint32_t take(T* out, uint32_t count_max) {
    return consume(count_max, [&out](const T& value) { *out++ = value; });
  }

  // Calls `visit(element)` for at most `count_max` elements, oldest first; returns how many there were.
  template <typename Visit>
  uint32_t consume(uint32_t count_max, Visit&& visit) {
    uint64_t first = 0;
    const uint32_t count = claim(head_, 1, count_max, first);
    for (uint32_t i = 0; i < count; ++i) {
      Slot& slot = slots_[(first + i) & mask_];
      visit(slot.value.get());
      // Release: pairs with the acquire load in claim() of the producer whose turn it becomes; the value was read
      // before it is written again.
      slot.sequence.store(first + i + capacity(), std::memory_order_release);
    }
    return count;
  }

  // Elements that producers, and consumers, have claimed since the queue was made; counted from `first_index`.
  // Relaxed: a counter, and nothing is read on the strength of it.
  [[nodiscard]] uint64_t pushed() const { return tail_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t taken() const { return head_.load(std::memory_order_relaxed); }

  // Elements claimed by producers and not by consumers: an estimate while others push or take.
  [[nodiscard]] uint32_t size() const {
    const auto difference = static_cast<int64_t>(pushed() - taken());
    return static_cast<uint32_t>(std::clamp<int64_t>(difference, 0, capacity()));
  }

 private:
  using Index = typename Atomics::template Atomic<uint64_t>;
  struct Slot {
    Index sequence{0};
    typename Atomics::template Plain<T> value;
  };

  // Claims up to `count_max` indices in a row of `side` (the tail or the head) whose slots are at that side's turn: a
  // sequence of index + `turn`. 0 when the first of them is not there yet: full, or empty.
  uint32_t claim(Index& side, uint64_t turn, uint32_t count_max, uint64_t& first) {
    count_max = std::min(count_max, capacity());
    if (count_max == 0) return 0;
    // Relaxed: a stale index is found out by the sequence below, or by the swap.
    uint64_t index = side.load(std::memory_order_relaxed);
    for (;;) {
      uint32_t count = 0;
      int64_t lead = 0;
      for (; count < count_max; ++count) {
        // Acquire: pairs with the release stores in produce() and consume(); the opposite side has done with the slot.
        const uint64_t sequence = slots_[(index + count) & mask_].sequence.load(std::memory_order_acquire);
        lead = static_cast<int64_t>(sequence - (index + count + turn));
        if (lead != 0) break;
      }
      if (count == 0 && lead < 0) return 0;
      if (count == 0) {
        // The slot is beyond this index: somebody claimed it since. Relaxed: as above.
        index = side.load(std::memory_order_relaxed);
        continue;
      }
      // Relaxed: the claim publishes nothing, the sequences do; and a claimed index is nobody else's.
      if (side.compare_exchange_weak(index, index + count, std::memory_order_relaxed, std::memory_order_relaxed)) {
        first = index;
        return count;
      }
      Atomics::pause();
    }
  }

  const uint64_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  alignas(kSeparateBytes) Index tail_;
  alignas(kSeparateBytes) Index head_;
};

}  // namespace msgtrans
