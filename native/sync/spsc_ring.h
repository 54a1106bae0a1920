// A bounded ring from one producer to one consumer.
//
// Algorithm: Lamport's ring ("Specifying Concurrent Program Modules", 1983) with the opposite index cached, so that a
// side reads the other's cache line only when its copy says full or empty (FastForward's observation; the form is that
// of Rigtorp's SPSCQueue and of Aeron's one-to-one ring buffer).
//
// Threads: stage(), publish() and the pushes belong to one producer, consume(), take() and try_pop() to one consumer;
// size() is anybody's, and an estimate.
//
// Invariants: head <= tail <= staged <= head + capacity, in the arithmetic of free-running 64-bit indices, whose low
// bits are the slot. The producer alone writes slots in [tail, head + capacity), the consumer alone reads those in
// [head, tail). A slot changes hands by the one store that publishes an index, once per batch and not per element.
//
// Progress: wait-free on both sides. Full and empty are answers, not waits.
// Reclamation: none; the slots live as long as the ring, and elements are trivially copyable.
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
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "elements are copied in and out, and dropped without a destructor");

 public:
  // `capacity` is a power of two. The slots are first touched here, so the caller's NUMA node holds them.
  // `first_index` is for tests that want to see the indices wrap.
  explicit SpscRing(uint32_t capacity, uint64_t first_index = 0)
      : mask_(capacity - 1),
        slots_(std::make_unique<Slot[]>(capacity)),
        tail_(first_index),
        staged_(first_index),
        head_seen_(first_index),
        head_(first_index),
        tail_seen_(first_index) {
    MSGTRANS_ASSERT(std::has_single_bit(capacity));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(mask_ + 1); }

  // Producer. Writes an element that publish() will show to the consumer; false when the ring is full.
  bool stage(const T& value) {
    if (free_slots(1) == 0) return false;
    slots_[staged_ & mask_].set(value);
    staged_ += 1;
    return true;
  }

  // Producer. Shows everything staged to the consumer.
  void publish() {
    // Release: pairs with the acquire load in ready_slots(); publishes the slots written since the last time.
    tail_.store(staged_, std::memory_order_release);
  }

  bool try_push(const T& value) {
    if (!stage(value)) return false;
    publish();
    return true;
  }

  // Producer. Takes as many of `values`, from the first, as fit, publishes them at once and returns how many.
  uint32_t push_some(const T* values, uint32_t count) {
    const auto taken = static_cast<uint32_t>(std::min<uint64_t>(count, free_slots(count)));
    for (uint32_t i = 0; i < taken; ++i) slots_[(staged_ + i) & mask_].set(values[i]);
    staged_ += taken;
    if (taken > 0) publish();
    return taken;
  }

  // Consumer. Calls `visit(element)` for at most `count_max` elements, oldest first, then gives their slots back at
  // once. Returns how many there were.
  template <typename Visit>
  uint32_t consume(uint32_t count_max, Visit&& visit) {
    // Relaxed: only this thread writes it.
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const auto count = static_cast<uint32_t>(std::min<uint64_t>(count_max, ready_slots(head, count_max)));
    for (uint32_t i = 0; i < count; ++i) visit(slots_[(head + i) & mask_].get());
    if (count > 0) {
      // Release: pairs with the acquire load in free_slots(); the slots were read before they may be written again.
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

  // Elements published and not taken. Any thread; true at some moment near the call, or not at all while both sides
  // run.
  [[nodiscard]] uint32_t size() const {
    // Relaxed: an estimate, and nothing is read on the strength of it.
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const auto difference = static_cast<int64_t>(tail - head);
    return static_cast<uint32_t>(std::clamp<int64_t>(difference, 0, capacity()));
  }

 private:
  using Slot = typename Atomics::template Plain<T>;

  // How many slots the producer may write; looks at the consumer's index only when its copy does not do for `wanted`.
  uint64_t free_slots(uint32_t wanted) {
    if (capacity() - (staged_ - head_seen_) < wanted) {
      // Acquire: pairs with the release store in consume(); the consumer has done with the slots below it.
      head_seen_ = head_.load(std::memory_order_acquire);
    }
    return capacity() - (staged_ - head_seen_);
  }

  // How many slots the consumer may read.
  uint64_t ready_slots(uint64_t head, uint32_t wanted) {
    if (tail_seen_ - head < wanted) {
      // Acquire: pairs with the release store in publish(); the slots below it are written.
      tail_seen_ = tail_.load(std::memory_order_acquire);
    }
    return tail_seen_ - head;
  }

  const uint64_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  // The producer's line: what it has published, what it has written, and what it last saw of the consumer.
  alignas(kSeparateBytes) typename Atomics::template Atomic<uint64_t> tail_;
  uint64_t staged_;
  uint64_t head_seen_;
  // The consumer's line.
  alignas(kSeparateBytes) typename Atomics::template Atomic<uint64_t> head_;
  uint64_t tail_seen_;
};

}  // namespace msgtrans
