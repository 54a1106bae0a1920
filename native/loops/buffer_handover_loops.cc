// Memory that one thread takes and another gives back: slices of the pool against malloc and free.
//
// One thread takes, writes the first cache line and hands over through an SPSC ring; the other gives back, in the
// batches that it found. An operation is one slice, all of it: taking, sharing, the ring, the return, and the owner's
// part of it.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

#include "loops/loop.h"
#include "loops/threads.h"
#include "loops/warm_pool.h"
#include "memory/buffer_pool.h"
#include "sync/atomics_policy.h"
#include "sync/spsc_ring.h"

namespace msgtrans::loops {
namespace {

constexpr uint32_t kRingCapacity = 256;
constexpr uint32_t kBatch = 64;

constexpr uint32_t kSpinsBeforeYield = 128;

// Two threads on two CPUs meet soon; on one, the other has to be let in.
class Waiting {
 public:
  void again() {
    if (++spins_ % kSpinsBeforeYield == 0) {
      std::this_thread::yield();
    } else {
      StdAtomics::pause();
    }
  }

 private:
  uint32_t spins_ = 0;
};

// `take(i, out)` makes the i-th element or says that there is none yet; `give_back(elements, count)` ends some.
template <typename Element, typename Take, typename GiveBack>
uint64_t hand_over(uint64_t operations, const Take& take, const GiveBack& give_back) {
  SpscRing<Element> ring(kRingCapacity);
  return run_threads(2, [&](uint32_t thread) {
    Waiting waiting;
    if (thread == 0) {
      for (uint64_t sent = 0; sent < operations;) {
        const uint64_t batch_end = std::min<uint64_t>(operations, sent + kBatch);
        Element element;
        bool going = true;
        while (sent < batch_end && (going = take(sent, element))) {
          while (!ring.stage(element)) {
            ring.publish();
            waiting.again();
          }
          ++sent;
        }
        ring.publish();
        if (!going) waiting.again();
      }
    } else {
      std::array<Element, kBatch> elements;
      for (uint64_t done = 0; done < operations;) {
        const uint32_t count = ring.take(elements.data(), kBatch);
        if (count == 0) waiting.again();
        give_back(elements.data(), count);
        done += count;
      }
    }
  });
}

class PoolCrossThread final : public Loop {
 public:
  explicit PoolCrossThread(const Parameters& parameters) : bytes_(parameters.at("bytes")), warm_(bounded()) {}

  Measured run(uint64_t operations) override {
    BufferPool& pool = *warm_.pool;
    const uint64_t before = pool.counters().foreign_returns;
    const auto take = [&](uint64_t i, SliceId& id) {
      if (i % kBatch == 0) pool.drain_returns();
      const Slice slice = pool.acquire(bytes_);
      if (!slice.valid()) return false;
      write_line(slice.data, i);
      pool.share(slice.id, 1);
      pool.release(slice.id);
      id = slice.id;
      return true;
    };
    const auto give_back = [&](const SliceId* ids, uint32_t count) { pool.return_from_other_thread(ids, count); };
    const uint64_t nanoseconds = hand_over<SliceId>(operations, take, give_back);
    pool.drain_returns();
    const uint64_t returned = pool.counters().foreign_returns - before;
    return {.nanoseconds = nanoseconds,
            .operations = operations,
            .checksum = returned,
            .faults = (returned == operations ? 0u : 1u) + pool.counters().slices_lent};
  }

 private:
  // Nothing but slices: when all are abroad, the owner waits for some.
  static BufferPoolOptions bounded() {
    BufferPoolOptions options;
    options.dedicated_bytes_max = 0;
    return options;
  }

  const size_t bytes_;
  WarmPool warm_;
};

class MallocCrossThread final : public Loop {
 public:
  explicit MallocCrossThread(const Parameters& parameters) : bytes_(parameters.at("bytes")) {}

  Measured run(uint64_t operations) override {
    uint64_t freed = 0;
    const auto take = [&](uint64_t i, void*& memory) {
      memory = std::malloc(bytes_);
      if (memory == nullptr) throw std::runtime_error("malloc: no memory");
      write_line(memory, i);
      return true;
    };
    const auto give_back = [&](void* const* elements, uint32_t count) {
      for (uint32_t i = 0; i < count; ++i) std::free(elements[i]);
      freed += count;
    };
    const uint64_t nanoseconds = hand_over<void*>(operations, take, give_back);
    return {.nanoseconds = nanoseconds,
            .operations = operations,
            .checksum = freed,
            .faults = freed == operations ? 0u : 1u};
  }

 private:
  const size_t bytes_;
};

MSGTRANS_LOOP("buffer-pool/cross-thread/native", make_arm<PoolCrossThread>);
MSGTRANS_LOOP("buffer-pool/cross-thread/baseline", make_arm<MallocCrossThread>);

}  // namespace
}  // namespace msgtrans::loops
