// Slices of the pool, taken and given back by its owner. An operation is one slice.

#include <array>

#include "loops/counted/counted_path.h"
#include "loops/warm_pool.h"

namespace msgtrans::loops {
namespace {

constexpr uint32_t kSlices = 32 * 1024;

Counted judged(const BufferPool& pool, uint64_t bytes, uint64_t missed_before) {
  const BufferPoolCounters counters = pool.counters();
  return {.checksum = bytes, .faults = counters.misses - missed_before + counters.slices_lent};
}

// Each is given back before the next is taken.
class PoolSingle final : public CountedPath {
 public:
  PoolSingle() : warm_({}) {}

  [[nodiscard]] uint64_t operations() const override { return kSlices; }
  Counted run() override {
    BufferPool& pool = *warm_.pool;
    const uint64_t missed = pool.counters().misses;
    uint64_t bytes = 0;
    for (uint32_t index = 0; index < kSlices; ++index) {
      const Slice slice = pool.acquire(kTierPayloadBytes[0]);
      keep(slice.data);
      bytes += slice.bytes;
      pool.release(slice.id);
    }
    return judged(pool, bytes, missed);
  }

 private:
  WarmPool warm_;
};

// As a turn has it: some are held at once, of several tiers.
class PoolMixed final : public CountedPath {
 public:
  PoolMixed() : warm_({}) {}

  [[nodiscard]] uint64_t operations() const override { return kSlices; }
  Counted run() override {
    BufferPool& pool = *warm_.pool;
    const uint64_t missed = pool.counters().misses;
    uint64_t bytes = 0;
    std::array<SliceId, kHeld> held;
    for (uint32_t index = 0; index < kSlices; index += kHeld) {
      for (uint32_t each = 0; each < kHeld; ++each) {
        const Slice slice = pool.acquire(kSizes[each % kSizes.size()]);
        keep(slice.data);
        bytes += slice.bytes;
        held[each] = slice.id;
      }
      pool.maintain();
      for (const SliceId id : held) pool.release(id);
    }
    return judged(pool, bytes, missed);
  }

 private:
  static constexpr uint32_t kHeld = 16;
  static constexpr std::array<size_t, 4> kSizes = {80, 1000, 4000, 30'000};
  static_assert(kSlices % kHeld == 0 && kHeld % kSizes.size() == 0);

  WarmPool warm_;
};

constexpr NamedPath kPaths[] = {
    {"pool-single", make_path<PoolSingle>},
    {"pool-mixed", make_path<PoolMixed>},
};

}  // namespace

std::span<const NamedPath> pool_paths() { return kPaths; }

}  // namespace msgtrans::loops
