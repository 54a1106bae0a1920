// What histories are recorded of: the structures of sync/ with constants shrunk so that every history resizes, wraps
// and fills up.
#pragma once

#include <cstdint>
#include <memory>

#include "proofs/linearizability/history.h"
#include "proofs/linearizability/models.h"
#include "proofs/linearizability/recorder.h"
#include "proofs/linearizability/yielding_atomics.h"
#include "sync/lock_free_map.h"
#include "sync/mpmc_queue.h"
#include "sync/mpsc_ring.h"
#include "sync/spsc_ring.h"

namespace msgtrans::proofs {

// Two buckets of one slot to begin with, moved one bucket at a time.
struct RecordedShape : MapShape {
  static constexpr uint32_t kBucketSlots = 1;
  static constexpr uint32_t kClaimedPerBucketMax = 1;
  static constexpr uint32_t kChunkBuckets = 1;
  static constexpr uint32_t kVerifiedChunks = 1;
  static constexpr uint32_t kBucketBitsMin = 1;
  static constexpr uint32_t kStripes = 2;
  static constexpr uint32_t kShrinkCheckRemovals = 1;
};

class MapSubject {
 public:
  using Model = KeyModel;
  static constexpr uint64_t kKeys = 12;

  explicit MapSubject(uint64_t number)
      : map_(RecordedMap::create(domain_, *MapMemory::create(SIZE_MAX >> 1), 1, number)) {
    for (auto& participant : participants_) participant = domain_.claim();
  }

  void run(uint32_t thread, Moments& moments, Operation& operation) {
    static constexpr Action kActions[] = {Action::kGet,     Action::kGet,    Action::kSet,           Action::kInsert,
                                          Action::kReplace, Action::kRemove, Action::kCompareAndSwap};
    operation.action = kActions[YieldingAtomics::random() % std::size(kActions)];
    operation.key = YieldingAtomics::random() % kKeys;
    // Few values, so that a compare-and-swap finds its own now and then; some of them too large to lie inline.
    operation.value = small_or_boxed(YieldingAtomics::random());
    operation.expected = small_or_boxed(YieldingAtomics::random());
    auto& participant = *participants_[thread];
    operation.called = moments.next();
    perform(participant, operation);
    operation.returned = moments.next();
  }

  // A shared map is what its keys are, so each key is checked by itself.
  static uint64_t part_of(const Operation& operation) { return operation.key; }
  static constexpr uint64_t kParts = kKeys;

 protected:
  using RecordedMap = LockFreeMap<U64Keys, YieldingAtomics, RecordedShape>;
  using Participant = RecordedMap::Participant;

  static uint64_t small_or_boxed(uint64_t random) { return random % 4 + (random & 64 ? kInlineValueMax : 0); }

  void perform(Participant& participant, Operation& operation) {
    MapResult result{};
    switch (operation.action) {
      case Action::kGet: operation.done = map_->get(participant, operation.key, operation.result); return;
      case Action::kSet:
        result = map_->set(participant, operation.key, operation.value);
        operation.done = result.status == MapStatus::kReplaced;
        break;
      case Action::kInsert:
        result = map_->insert(participant, operation.key, operation.value);
        operation.done = result.status == MapStatus::kInserted;
        break;
      case Action::kReplace:
        result = map_->replace(participant, operation.key, operation.value);
        operation.done = result.status == MapStatus::kReplaced;
        break;
      case Action::kRemove:
        result = map_->remove(participant, operation.key);
        operation.done = result.status == MapStatus::kRemoved;
        break;
      default:
        result = map_->compare_and_swap(participant, operation.key, operation.expected, operation.value);
        operation.done = result.status == MapStatus::kReplaced;
    }
    operation.result = result.previous;
  }

  EpochDomain<YieldingAtomics> domain_;
  std::unique_ptr<RecordedMap> map_;
  Participant* participants_[kRecordedThreads];
};

// Pushes and pops of one queue: the first kProducers threads may push, the last kConsumers may pop.
template <typename Queue, uint32_t kCapacity, uint32_t kProducers, uint32_t kConsumers, bool kExact>
class QueueSubject {
 public:
  using Model = QueueModel<kCapacity, kExact>;

  explicit QueueSubject(uint64_t) {}

  void run(uint32_t thread, Moments& moments, Operation& operation) {
    const bool may_push = thread < kProducers;
    const bool may_pop = thread >= kRecordedThreads - kConsumers;
    const bool pushes = may_push && (!may_pop || YieldingAtomics::random() % 2 == 0);
    operation.action = pushes ? Action::kPush : Action::kPop;
    operation.value = ++pushed_[thread] * kRecordedThreads + thread;
    operation.called = moments.next();
    if (!may_push && !may_pop) {
      // A ring with two ends leaves threads over; they have nothing to say about it.
      operation.action = Action::kGet;
    } else if (pushes) {
      operation.done = queue_.try_push(operation.value);
    } else {
      operation.done = queue_.try_pop(operation.result);
    }
    operation.returned = moments.next();
  }

  static uint64_t part_of(const Operation& operation) { return operation.action == Action::kGet ? 1 : 0; }
  static constexpr uint64_t kParts = 1;

 private:
  Queue queue_{kCapacity};
  uint64_t pushed_[kRecordedThreads] = {};
};

using MpmcSubject = QueueSubject<MpmcQueue<uint64_t, YieldingAtomics>, 4, 4, 4, false>;
using MpscSubject = QueueSubject<MpscRing<uint64_t, YieldingAtomics>, 4, 3, 1, false>;
using SpscSubject = QueueSubject<SpscRing<uint64_t, YieldingAtomics>, 4, 1, 1, true>;

}  // namespace msgtrans::proofs
