// Suite `event-queue`: items of 8 bytes from some producers to some consumers through a bounded queue.
//
// All arms wait alike when the queue is full or empty: a few pauses, then the processor is given away, since on a small
// machine the other side may be what it is needed for. Every consumer checks that what it gets of one producer comes in
// that producer's order, and all together that nothing was lost or doubled.

#include <deque>
#include <mutex>

#include "loops/loop.h"
#include "loops/threads.h"
#include "sync/mpmc_queue.h"
#include "sync/mpsc_ring.h"
#include "sync/spsc_ring.h"

#if __has_include(<tbb/concurrent_queue.h>) && !defined(MSGTRANS_WITHOUT_RIVALS)
#include <tbb/concurrent_queue.h>
#define MSGTRANS_HAS_TBB 1
#endif

namespace msgtrans::loops {
namespace {

constexpr uint32_t kCapacity = 1024;
constexpr uint32_t kBatchMax = 64;
constexpr uint32_t kProducersMax = 8;
constexpr uint32_t kPausesMax = 64;

// An item names its producer and its place among that producer's, which begins at 1.
constexpr uint32_t kProducerShift = 56;
constexpr uint64_t kPlaceMask = (uint64_t{1} << kProducerShift) - 1;

class Backoff {
 public:
  void wait() {
    if (pauses_++ < kPausesMax) {
      StdAtomics::pause();
    } else {
      std::this_thread::yield();
    }
  }
  void reset() { pauses_ = 0; }

 private:
  uint32_t pauses_ = 0;
};

template <typename Ring>
class RingQueue {
 public:
  uint32_t push(const uint64_t* items, uint32_t count) {
    if constexpr (requires { ring_.push_some(items, count); }) {
      return ring_.push_some(items, count);
    } else {
      return ring_.try_push_all(items, count) ? count : 0;
    }
  }
  uint32_t pop(uint64_t* items, uint32_t count) { return ring_.take(items, count); }

 private:
  Ring ring_{kCapacity};
};

class DequeBehindMutex {
 public:
  uint32_t push(const uint64_t* items, uint32_t count) {
    const std::lock_guard lock(mutex_);
    const auto room = static_cast<uint32_t>(kCapacity - items_.size());
    const uint32_t taken = std::min(room, count);
    items_.insert(items_.end(), items, items + taken);
    return taken;
  }
  uint32_t pop(uint64_t* items, uint32_t count) {
    const std::lock_guard lock(mutex_);
    const uint32_t given = std::min(static_cast<uint32_t>(items_.size()), count);
    std::copy_n(items_.begin(), given, items);
    items_.erase(items_.begin(), items_.begin() + given);
    return given;
  }

 private:
  std::mutex mutex_;
  std::deque<uint64_t> items_;
};

#ifdef MSGTRANS_HAS_TBB
class TbbBoundedQueue {
 public:
  TbbBoundedQueue() { queue_.set_capacity(kCapacity); }
  // It has no batches.
  uint32_t push(const uint64_t* items, uint32_t count) {
    uint32_t taken = 0;
    while (taken < count && queue_.try_push(items[taken])) ++taken;
    return taken;
  }
  uint32_t pop(uint64_t* items, uint32_t count) {
    uint32_t given = 0;
    while (given < count && queue_.try_pop(items[given])) ++given;
    return given;
  }

 private:
  tbb::concurrent_bounded_queue<uint64_t> queue_;
};
#endif

template <typename Queue>
class HandOver : public Loop {
 public:
  explicit HandOver(const Parameters& parameters)
      : producers_(static_cast<uint32_t>(parameters.at("producers"))),
        consumers_(static_cast<uint32_t>(parameters.at("consumers"))),
        batch_(static_cast<uint32_t>(parameters.at("batch"))) {
    if (producers_ == 0 || producers_ > kProducersMax || consumers_ == 0 || batch_ == 0 || batch_ > kBatchMax) {
      throw std::invalid_argument("producers 1 to 8, consumers from 1, batch 1 to 64");
    }
  }

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + producers_ - 1) / producers_;
    std::atomic<uint32_t> producing{producers_};
    std::vector<Taken> taken(consumers_);
    const uint64_t nanoseconds = run_threads(producers_ + consumers_, [&](uint32_t thread) {
      if (thread < producers_) {
        produce(thread, share);
        // Release: pairs with the acquire load in `consume`; all of this producer's items are in the queue.
        producing.fetch_sub(1, std::memory_order_release);
      } else {
        taken[thread - producers_] = consume(producing);
      }
    });
    Measured measured{.nanoseconds = nanoseconds, .operations = share * producers_};
    uint64_t count = 0;
    for (const Taken& each : taken) {
      count += each.count;
      measured.checksum += each.sum;
      measured.faults += each.out_of_order;
    }
    const uint64_t expected_sum = producers_ * (share * (share + 1) / 2);
    if (count != measured.operations || measured.checksum != expected_sum) ++measured.faults;
    return measured;
  }

 private:
  struct Taken {
    uint64_t count = 0;
    uint64_t sum = 0;  // of the places
    uint64_t out_of_order = 0;
  };

  void produce(uint32_t producer, uint64_t share) {
    uint64_t items[kBatchMax];
    Backoff backoff;
    for (uint64_t place = 1; place <= share;) {
      const auto count = static_cast<uint32_t>(std::min<uint64_t>(batch_, share - place + 1));
      for (uint32_t index = 0; index < count; ++index) {
        items[index] = uint64_t{producer} << kProducerShift | (place + index);
      }
      for (uint32_t pushed = 0; pushed < count;) {
        const uint32_t now = queue_.push(items + pushed, count - pushed);
        pushed += now;
        if (now == 0) {
          backoff.wait();
        } else {
          backoff.reset();
        }
      }
      place += count;
    }
  }

  Taken consume(const std::atomic<uint32_t>& producing) {
    Taken taken;
    uint64_t items[kBatchMax];
    uint64_t last_place[kProducersMax] = {};
    Backoff backoff;
    for (;;) {
      // Acquire: pairs with the release decrement in `run`. Read before the queue is looked at, so that "none left"
      // and then "empty" together mean the end.
      const bool is_last_look = producing.load(std::memory_order_acquire) == 0;
      const uint32_t count = queue_.pop(items, batch_);
      for (uint32_t index = 0; index < count; ++index) {
        const uint64_t place = items[index] & kPlaceMask;
        uint64_t& last = last_place[items[index] >> kProducerShift];
        if (place <= last) ++taken.out_of_order;
        last = place;
        taken.sum += place;
      }
      taken.count += count;
      if (count > 0) {
        backoff.reset();
      } else if (is_last_look) {
        return taken;
      } else {
        backoff.wait();
      }
    }
  }

  uint32_t producers_;
  uint32_t consumers_;
  uint32_t batch_;
  Queue queue_;
};

template <typename Queue>
Made make_hand_over(const Parameters& parameters) {
  return std::make_unique<HandOver<Queue>>(parameters);
}

MSGTRANS_LOOP("event-queue/hand-over/native", make_hand_over<RingQueue<MpmcQueue<uint64_t>>>);
MSGTRANS_LOOP("event-queue/hand-over/native:spsc", make_hand_over<RingQueue<SpscRing<uint64_t>>>);
MSGTRANS_LOOP("event-queue/hand-over/native:mpsc", make_hand_over<RingQueue<MpscRing<uint64_t>>>);
MSGTRANS_LOOP("event-queue/hand-over/baseline", make_hand_over<DequeBehindMutex>);
#ifdef MSGTRANS_HAS_TBB
MSGTRANS_LOOP("event-queue/hand-over/rival:tbb", make_hand_over<TbbBoundedQueue>);
#else
MSGTRANS_LOOP("event-queue/hand-over/rival:tbb", [](const Parameters&) -> Made {
  return Made::not_measurable("not built in: apt-get install -y libtbb-dev, then run again");
});
#endif

}  // namespace
}  // namespace msgtrans::loops
