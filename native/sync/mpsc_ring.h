// A bounded ring from any number of producers to one consumer: nothing accepted is lost, and what one producer pushes
// arrives in the order in which it pushed.
//
// Algorithm: producers claim a run of indices by compare-and-swap on the tail, bounded by the consumer's head, write
// their slots, and mark each with the index it holds (the slot sequence of Vyukov's bounded queue, the claim of Aeron's
// many-to-one ring buffer). The consumer walks the slots in order for as long as they are marked.
//
// Threads: try_push() and try_push_all() from any thread; consume(), take() and try_pop() from one.
//
// Invariants: head <= tail <= head + capacity in free-running 64-bit indices. A slot in [head, tail) belongs to whoever
// claimed its index until its sequence is index + 1, then to the consumer until the head passes it.
// limit_ is some earlier head plus the capacity, never beyond the present one.
//
// Progress: pushing is lock-free: a failed swap means that another producer's succeeded. Consuming is wait-free, but a
// producer that is suspended between its claim and its mark hides what was claimed behind it. Both lie within one call
// without a system call in between, so a JS thread that is terminated cannot stop there.
// Reclamation: none; the slots live as long as the ring.
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
class MpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "elements are copied in and out, and dropped without a destructor");

 public:
  // As SpscRing's constructor.
  explicit MpscRing(uint32_t capacity, uint64_t first_index = 0)
      : mask_(capacity - 1),
        slots_(std::make_unique<Slot[]>(capacity)),
        tail_(first_index),
        limit_(first_index + capacity),
        head_(first_index) {
    MSGTRANS_ASSERT(std::has_single_bit(capacity));
    for (uint64_t index = first_index; index != first_index + capacity; ++index) {
      // Relaxed: the ring is handed to other threads by whatever makes it known to them. The mark of one lap earlier.
      slots_[index & mask_].sequence.store(index + 1 - capacity, std::memory_order_relaxed);
    }
  }
  MpscRing(const MpscRing&) = delete;
  MpscRing& operator=(const MpscRing&) = delete;

  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(mask_ + 1); }

  bool try_push(const T& value) { return try_push_all(&value, 1); }

  // All of them, next to one another and in order, or none: false when they do not fit at present.
  bool try_push_all(const T* values, uint32_t count) {
    if (count == 0) return true;
    uint64_t first = 0;
    if (!claim(count, first)) return false;
    for (uint32_t i = 0; i < count; ++i) slots_[(first + i) & mask_].value.set(values[i]);
    // From the last to the second. Relaxed: the consumer comes to them after the first one's mark, whose release it
    // has then acquired.
    for (uint32_t i = count - 1; i > 0; --i) {
      slots_[(first + i) & mask_].sequence.store(first + i + 1, std::memory_order_relaxed);
    }
    // Release: pairs with the acquire load in consume(); publishes the values of the whole run and the marks above.
    slots_[first & mask_].sequence.store(first + 1, std::memory_order_release);
    return true;
  }

  // Consumer. Calls `visit(element)` for at most `count_max` elements, oldest first, then gives their slots back at
  // once. Returns how many there were; fewer than size() while a producer is between its claim and its mark.
  template <typename Visit>
  uint32_t consume(uint32_t count_max, Visit&& visit) {
    // Relaxed: only this thread writes it.
    const uint64_t head = head_.load(std::memory_order_relaxed);
    uint32_t count = 0;
    for (; count < count_max; ++count) {
      Slot& slot = slots_[(head + count) & mask_];
      // Acquire: pairs with the release store in try_push_all(); the value is written.
      if (slot.sequence.load(std::memory_order_acquire) != head + count + 1) break;
      visit(slot.value.get());
    }
    if (count > 0) {
      // Release: pairs with the acquire load in claim(); the values were read before their slots are written again.
      head_.store(head + count, std::memory_order_release);
    }
    return count;
  }

  bool try_pop(T& out) {
    return consume(1, [&out](const T& value) { out = value; }) == 1;
  }

  uint32_t take(T* out, uint32_t count_max) {
    return consume(count_max, [&out](const T& value) { *out++ = value; });
  }

  // Elements claimed and not taken. Any thread; an estimate while others push or take.
  [[nodiscard]] uint32_t size() const {
    // Relaxed: an estimate, and nothing is read on the strength of it.
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const auto difference = static_cast<int64_t>(tail - head);
    return static_cast<uint32_t>(std::clamp<int64_t>(difference, 0, capacity()));
  }

 private:
  struct Slot {
    typename Atomics::template Atomic<uint64_t> sequence{0};
    typename Atomics::template Plain<T> value;
  };

  bool claim(uint32_t count, uint64_t& first) {
    if (count > capacity()) return false;
    // Relaxed: a stale tail makes the swap below fail, which then knows the present one.
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
      // Acquire: pairs with the release store below; the consumer had done with the slots under it.
      uint64_t limit = limit_.load(std::memory_order_acquire);
      if (static_cast<int64_t>(limit - tail) < static_cast<int64_t>(count)) {
        // Acquire: pairs with the release store in consume().
        limit = head_.load(std::memory_order_acquire) + capacity();
        if (static_cast<int64_t>(limit - tail) < static_cast<int64_t>(count)) return false;
        // Release: pairs with the acquire load above; hands on what was acquired from the consumer. Another producer
        // may have stored a later limit meanwhile: an earlier one only makes somebody look at the head again.
        limit_.store(limit, std::memory_order_release);
      }
      // Relaxed: the claim publishes nothing, the marks do; and a claimed index is nobody else's.
      if (tail_.compare_exchange_weak(tail, tail + count, std::memory_order_relaxed, std::memory_order_relaxed)) break;
      Atomics::pause();
    }
    first = tail;
    return true;
  }

  const uint64_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  // The producers' line. The limit lies beside the tail, which every push takes anyway, so that the consumer's line is
  // read once per lap and not once per push.
  alignas(kSeparateBytes) typename Atomics::template Atomic<uint64_t> tail_;
  typename Atomics::template Atomic<uint64_t> limit_;
  // The consumer's line.
  alignas(kSeparateBytes) typename Atomics::template Atomic<uint64_t> head_;
};

}  // namespace msgtrans
