// Two mistakes that the checker has to find, each of a kind that tests of one thread never show.
#pragma once

#include <atomic>

#include "proofs/linearizability/subjects.h"

namespace msgtrans::proofs {

// A replace that is a remove and an insert: between the two the key is absent.
class ReplaceInTwoSteps : public MapSubject {
 public:
  using MapSubject::MapSubject;

  void run(uint32_t thread, Moments& moments, Operation& operation) {
    operation.action = YieldingAtomics::random() % 2 == 0 ? Action::kGet : Action::kReplace;
    operation.key = YieldingAtomics::random() % 2;
    operation.value = YieldingAtomics::random() % 4;
    Participant& participant = *participants_[thread];
    // Every key has a value before the first replace.
    if (YieldingAtomics::random() % 8 == 0) operation.action = Action::kSet;
    operation.called = moments.next();
    if (operation.action == Action::kReplace) {
      const MapResult removed = map_->remove(participant, operation.key);
      operation.done = removed.status == MapStatus::kRemoved;
      operation.result = removed.previous;
      if (operation.done) map_->set(participant, operation.key, operation.value);
    } else {
      perform(participant, operation);
    }
    operation.returned = moments.next();
  }
};

// A queue whose pop reads the index, takes the element and stores the index: two pops can take the same one. Its orders
// are right (each release pairs with the acquire of the same word on the other side); the mistake is the missing swap.
class StaleIndexQueue {
 public:
  explicit StaleIndexQueue(uint32_t) {}

  bool try_push(uint64_t value) {
    while (pushing_.exchange(1, std::memory_order_acquire) != 0) YieldingAtomics::pause();
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    slots_[tail].store(value, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release);
    pushing_.store(0, std::memory_order_release);
    return true;
  }

  bool try_pop(uint64_t& out) {
    const uint64_t head = head_.load(std::memory_order_acquire);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    out = slots_[head].load(std::memory_order_relaxed);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  YieldingAtomics::Atomic<uint64_t> head_{0};
  YieldingAtomics::Atomic<uint64_t> tail_{0};
  YieldingAtomics::Atomic<uint64_t> pushing_{0};
  YieldingAtomics::Atomic<uint64_t> slots_[kRecordedThreads * kOperationsPerThread];
};

using StaleIndexSubject = QueueSubject<StaleIndexQueue, 1024, 4, 4, false>;

}  // namespace msgtrans::proofs
