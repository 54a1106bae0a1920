// Epoch-based reclamation: memory that one thread unlinks is freed when no thread can still be looking at it.
//
// Algorithm: Fraser, "Practical lock-freedom" (2004), chapter 5, in the form of crossbeam-epoch: a global epoch, and
// per thread the epoch in which it entered. Memory that was unlinked while the epoch was e is freed from e + 2 on; the
// epoch moves on when every thread inside has entered in the present one. Entering needs a store that is visible before
// the loads behind it; the asymmetric fences of the policy put that cost on whoever reclaims (liburcu's `memb`
// flavour).
//
// Threads: a Participant belongs to one thread at a time: it is claimed, used, and given back. Everything else may be
// called from any thread.
//
// Invariants: a participant's state is 0 outside, (epoch << 1 | 1) inside. A thread is inside only during one native
// call, so one that sleeps in JavaScript, blocks or has died holds nothing back. Participants are made and never freed
// while the domain lives; those given back are claimed again.
//
// Progress: enter, leave and retire are wait-free up to the flush of a batch, which is lock-free: it advances and frees
// what it can, and waits for nobody.
//
// Bound: what waits to be freed is a batch per participant at most, plus the sealed batches. Above `limbo_bytes_max` of
// those every retiring call flushes at once and tries to advance twice. Only a thread that was preempted inside a call
// can keep memory beyond that, and no longer than until it runs again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/assert.h"
#include "sync/atomics_policy.h"
#include "sync/cache_line.h"

namespace msgtrans {

// The first member or base of everything that is retired, so that retiring never allocates.
struct Retired {
  Retired* next = nullptr;
  uint64_t tag = 0;  // the epoch in which its batch was sealed
  size_t bytes = 0;
  void (*destroy)(Retired*) = nullptr;
};

struct EpochLimits {
  // A batch is sealed, and reclaiming tried, at whichever comes first. One flush costs a membarrier (a few
  // microseconds), so 64 objects bring it below the cost of freeing them.
  uint32_t batch_objects = 64;
  size_t batch_bytes = 64 * 1024;
  size_t limbo_bytes_max = size_t{16} << 20;
};

template <typename Atomics = StdAtomics>
class EpochDomain {
  template <typename T>
  using Plain = typename Atomics::template Plain<T>;

 public:
  class alignas(kSeparateBytes) Participant {
   public:
    // Distinct among the participants of a domain, from 0 on: for striped counters.
    [[nodiscard]] uint32_t index() const { return index_; }
    [[nodiscard]] EpochDomain& domain() const { return *domain_; }

   private:
    friend class EpochDomain;

    typename Atomics::template Atomic<uint64_t> state_{0};
    EpochDomain* domain_ = nullptr;
    uint32_t index_ = 0;
    // The owner's own.
    Plain<uint32_t> batch_objects_{0};
    Plain<Retired*> batch_first_{nullptr};
    Plain<Retired*> batch_last_{nullptr};
    // Written by the owner alone.
    typename Atomics::template Atomic<uint64_t> batch_bytes_{0};
    typename Atomics::template Atomic<uint32_t> claimed_{1};
    Participant* next_ = nullptr;
  };

  explicit EpochDomain(EpochLimits limits = {}) : limits_(limits) {}
  EpochDomain(const EpochDomain&) = delete;
  EpochDomain& operator=(const EpochDomain&) = delete;

  // Nobody uses the domain any more: everything retired is freed.
  ~EpochDomain() {
    // Relaxed: the caller has ordered every other thread's calls before this one.
    for (Participant* participant = first_.load(std::memory_order_relaxed); participant != nullptr;) {
      MSGTRANS_ASSERT(!is_inside(*participant));
      destroy_all(participant->batch_first_.get());
      Participant* const next = participant->next_;
      participant->~Participant();
      ::operator delete(participant, std::align_val_t{alignof(Participant)});
      participant = next;
    }
    // Relaxed: as above.
    destroy_all(sealed_.load(std::memory_order_relaxed));
  }

  // A participant for the calling thread, or nullptr when memory is refused.
  Participant* claim() {
    // Acquire: pairs with the release in add(); the list only grows, and its members stay.
    for (Participant* participant = first_.load(std::memory_order_acquire); participant != nullptr;
         participant = participant->next_) {
      // Relaxed: a stale "taken" only makes us look on; the exchange decides.
      if (participant->claimed_.load(std::memory_order_relaxed) != 0) continue;
      // Acquire: pairs with the release in give_back(), which publishes the last owner's fields.
      if (participant->claimed_.exchange(1, std::memory_order_acquire) == 0) {
        MSGTRANS_ASSERT(!is_inside(*participant) && participant->batch_objects_.get() == 0);
        return participant;
      }
    }
    return add();
  }

  // The thread is done. What it retired is sealed, so that others free it.
  void give_back(Participant* participant) {
    MSGTRANS_ASSERT(!is_inside(*participant));
    flush(*participant);
    // Release: pairs with the acquire exchange in claim(); publishes the owner's fields.
    participant->claimed_.store(0, std::memory_order_release);
  }

  // False when the thread is inside already: of nested guards only the outermost enters, and leaves.
  bool enter(Participant& participant) {
    if (is_inside(participant)) [[unlikely]] return false;
    // Relaxed: a stale epoch holds the next advance back until we leave, and harms nothing else.
    const uint64_t inside = epoch_.load(std::memory_order_relaxed) << 1 | 1;
    // Release: pairs with the acquire load in try_advance(); what we read in earlier visits is over.
    participant.state_.store(inside, std::memory_order_release);
    // Our store is seen before our loads take place, or the loads see what was unlinked: partner is flush().
    Atomics::light_barrier();
    return true;
  }

  void leave(Participant& participant) {
    // Release: pairs with the acquire load in try_advance(); our reads come before what is freed.
    participant.state_.store(0, std::memory_order_release);
    if (participant.batch_objects_.get() != 0) [[unlikely]] after_retiring(participant);
  }

  // `object` was unlinked by the caller, who is inside; `bytes` is what it holds, for the bound.
  void retire(Participant& participant, Retired* object, size_t bytes, void (*destroy)(Retired*)) {
    object->destroy = destroy;
    object->bytes = bytes;
    object->next = participant.batch_first_.get();
    if (object->next == nullptr) participant.batch_last_.set(object);
    participant.batch_first_.set(object);
    participant.batch_objects_.set(participant.batch_objects_.get() + 1);
    // Relaxed, both: only this thread writes it; others read it as a metric.
    participant.batch_bytes_.store(participant.batch_bytes_.load(std::memory_order_relaxed) + bytes,
                                   std::memory_order_relaxed);
  }

  // Seals the caller's batch, tries to advance, and frees what is due. The caller is outside.
  void flush(Participant& participant) {
    // Relaxed: only the number matters. Read before the barrier: whoever entered with an older epoch and could see what
    // was unlinked is visible to the scan behind the barrier.
    const uint64_t epoch = epoch_.load(std::memory_order_relaxed);
    Atomics::heavy_barrier();
    seal(participant);
    if (try_advance(epoch)) free_due(epoch);
  }

  [[nodiscard]] uint64_t limbo_bytes() const {
    // Relaxed, both: a metric.
    uint64_t bytes = sealed_bytes_.load(std::memory_order_relaxed);
    // Acquire: pairs with the release in add().
    for (const Participant* participant = first_.load(std::memory_order_acquire); participant != nullptr;
         participant = participant->next_) {
      bytes += participant->batch_bytes_.load(std::memory_order_relaxed);
    }
    return bytes;
  }

  // Participants ever made: the most threads that used the domain at once.
  [[nodiscard]] uint32_t participants_made() const {
    // Relaxed: a metric.
    return made_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] const EpochLimits& limits() const { return limits_; }

 private:
  Participant* add() {
    void* const memory = ::operator new(sizeof(Participant), std::align_val_t{alignof(Participant)}, std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* const participant = new (memory) Participant;
    participant->domain_ = this;
    // Relaxed: only the number matters.
    participant->index_ = made_.fetch_add(1, std::memory_order_relaxed);
    // Relaxed: the compare-and-swap below decides.
    participant->next_ = first_.load(std::memory_order_relaxed);
    // Release: pairs with the acquire loads of the list; publishes the participant. Relaxed on failure: tried again.
    while (!first_.compare_exchange_weak(participant->next_, participant, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    return participant;
  }

  static bool is_inside(const Participant& participant) {
    // Relaxed: the owner's own store, or one that the caller has ordered before.
    return participant.state_.load(std::memory_order_relaxed) != 0;
  }

  // Out of line, so that reads carry none of it.
  [[gnu::noinline]] void after_retiring(Participant& participant) {
    // Relaxed: our own store.
    const uint64_t bytes = participant.batch_bytes_.load(std::memory_order_relaxed);
    const bool full = participant.batch_objects_.get() >= limits_.batch_objects || bytes >= limits_.batch_bytes;
    if (!full && !above_limit()) return;
    flush(participant);
    // What was sealed just now is due after two advances.
    for (int turn = 0; turn < 2 && above_limit(); ++turn) flush(participant);
  }

  [[nodiscard]] bool above_limit() const {
    // Relaxed: a stale figure only moves the help to the next call.
    return sealed_bytes_.load(std::memory_order_relaxed) > limits_.limbo_bytes_max;
  }

  void seal(Participant& participant) {
    Retired* const first = participant.batch_first_.get();
    if (first == nullptr) return;
    // Relaxed: only the number matters. Read after the barrier: no thread that could see these objects entered with a
    // later epoch.
    const uint64_t tag = epoch_.load(std::memory_order_relaxed);
    for (Retired* object = first; object != nullptr; object = object->next) object->tag = tag;
    // Relaxed, all: our own store, and a count. It is made before the batch can be found, so it never goes below zero.
    sealed_bytes_.fetch_add(participant.batch_bytes_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    participant.batch_bytes_.store(0, std::memory_order_relaxed);
    push(first, participant.batch_last_.get());
    participant.batch_first_.set(nullptr);
    participant.batch_last_.set(nullptr);
    participant.batch_objects_.set(0);
  }

  void push(Retired* first, Retired* last) {
    // Relaxed: the compare-and-swap decides.
    last->next = sealed_.load(std::memory_order_relaxed);
    // Release: pairs with the acquire exchange in free_due(); publishes the chain. Relaxed on failure: tried again.
    while (!sealed_.compare_exchange_weak(last->next, first, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }

  // The caller passed a heavy barrier after it had read `epoch`. True when nobody is inside with an older one; the epoch
  // is then beyond it.
  bool try_advance(uint64_t epoch) {
    // Acquire: pairs with the release in add(). Who joins later enters later, and sees what was unlinked.
    for (Participant* participant = first_.load(std::memory_order_acquire); participant != nullptr;
         participant = participant->next_) {
      // Acquire: pairs with the release stores in enter() and leave(): that thread's earlier reads are over.
      const uint64_t state = participant->state_.load(std::memory_order_acquire);
      if ((state & 1) != 0 && state >> 1 != epoch) return false;
    }
    uint64_t expected = epoch;
    // Relaxed, both: only the number matters. What may be freed is decided by each thread's own scan.
    epoch_.compare_exchange_strong(expected, epoch + 1, std::memory_order_relaxed, std::memory_order_relaxed);
    return true;
  }

  // The caller's own scan found nobody inside with an epoch before `epoch`. Whoever could see an object had entered no
  // later than its tag, and left before that scan, if the tag is older.
  void free_due(uint64_t epoch) {
    // Acquire: pairs with the release in push(). All are taken at once, so no link is followed that another may free.
    Retired* object = sealed_.exchange(nullptr, std::memory_order_acquire);
    Retired* kept_first = nullptr;
    Retired* kept_last = nullptr;
    size_t freed_bytes = 0;
    while (object != nullptr) {
      Retired* const next = object->next;
      if (object->tag < epoch) {
        freed_bytes += object->bytes;
        object->destroy(object);
      } else {
        object->next = kept_first;
        if (kept_first == nullptr) kept_last = object;
        kept_first = object;
      }
      object = next;
    }
    if (kept_first != nullptr) push(kept_first, kept_last);
    // Relaxed: a metric and a threshold.
    sealed_bytes_.fetch_sub(freed_bytes, std::memory_order_relaxed);
  }

  static void destroy_all(Retired* object) {
    while (object != nullptr) {
      Retired* const next = object->next;
      object->destroy(object);
      object = next;
    }
  }

  EpochLimits limits_;
  // Begins at 1, so that a state inside is never mistaken for the one outside.
  alignas(kSeparateBytes) typename Atomics::template Atomic<uint64_t> epoch_{1};
  alignas(kSeparateBytes) typename Atomics::template Atomic<Participant*> first_{nullptr};
  typename Atomics::template Atomic<uint32_t> made_{0};
  alignas(kSeparateBytes) typename Atomics::template Atomic<Retired*> sealed_{nullptr};
  typename Atomics::template Atomic<uint64_t> sealed_bytes_{0};
};

// Inside from construction to destruction, on one thread and within one native call.
template <typename Atomics>
class EpochGuard {
 public:
  explicit EpochGuard(typename EpochDomain<Atomics>::Participant& participant)
      : participant_(participant), is_outermost_(participant.domain().enter(participant)) {}
  ~EpochGuard() {
    if (is_outermost_) [[likely]] participant_.domain().leave(participant_);
  }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

 private:
  typename EpochDomain<Atomics>::Participant& participant_;
  const bool is_outermost_;
};

}  // namespace msgtrans
