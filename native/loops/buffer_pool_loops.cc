// Slices of the pool against malloc and free, and what the pool promises about itself.
//
// `own-thread`: one slice is taken, its first cache line written, and given back. `hit-rate`: slices of random
// lifetimes, in numbers that go up and down past the configured count. `warm`: one operation maps a pool and touches
// `bytes` of it.

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/monotonic_clock.h"
#include "loops/loop.h"
#include "loops/random_numbers.h"
#include "loops/warm_pool.h"
#include "memory/buffer_pool.h"

namespace msgtrans::loops {
namespace {

class PoolOwnThread final : public Loop {
 public:
  explicit PoolOwnThread(const Parameters& parameters) : bytes_(parameters.at("bytes")), warm_({}) {}

  Measured run(uint64_t operations) override {
    BufferPool& pool = *warm_.pool;
    const uint64_t missed = pool.counters().misses;
    uint64_t sum = 0;
    const uint64_t start = monotonic_ns();
    for (uint64_t i = 0; i < operations; ++i) {
      const Slice slice = pool.acquire(bytes_);
      write_line(slice.data, i);
      sum += slice.bytes;
      pool.release(slice.id);
    }
    const uint64_t nanoseconds = monotonic_ns() - start;
    return {.nanoseconds = nanoseconds,
            .operations = operations,
            .checksum = sum,
            .faults = pool.counters().misses - missed + pool.counters().slices_lent};
  }

 private:
  const size_t bytes_;
  WarmPool warm_;
};

class MallocOwnThread final : public Loop {
 public:
  explicit MallocOwnThread(const Parameters& parameters) : bytes_(parameters.at("bytes")) {}

  Measured run(uint64_t operations) override {
    uint64_t faults = 0;
    const uint64_t start = monotonic_ns();
    for (uint64_t i = 0; i < operations; ++i) {
      void* const memory = std::malloc(bytes_);
      faults += memory == nullptr ? 1 : 0;
      write_line(memory, i);
      std::free(memory);
    }
    return {.nanoseconds = monotonic_ns() - start, .operations = operations, .checksum = bytes_, .faults = faults};
  }

 private:
  const size_t bytes_;
};

// An operation is a step: mostly one slice more or one less, with a tide that lets the number held go to one and a
// half times what is configured, and maintenance every 64 steps as if they were a turn.
class PoolHitRate final : public Loop {
 public:
  explicit PoolHitRate(const Parameters& parameters)
      : bytes_(parameters.at("bytes")), warm_(growing(), {std::make_shared<PoolWarmer>(), nullptr}) {
    const size_t tier = tier_for(bytes_);
    if (tier >= kTiers) throw std::invalid_argument("bytes: no tier holds that");
    held_max_ = BufferPoolOptions{}.tier_counts[tier] * 3 / 2;
    if (tier == kReadTier) held_max_ -= kReadSlicesReserved;
    held_.reserve(held_max_);
    for (uint32_t step = 0; step < kWarmUpSteps; ++step) go_on();
  }
  ~PoolHitRate() override {
    for (const SliceId id : held_) warm_.pool->release(id);
  }

  Measured run(uint64_t operations) override {
    BufferPool& pool = *warm_.pool;
    const BufferPoolCounters before = pool.counters();
    const uint64_t start = monotonic_ns();
    for (uint64_t i = 0; i < operations; ++i) go_on();
    const uint64_t nanoseconds = monotonic_ns() - start;
    const BufferPoolCounters after = pool.counters();
    hits_ += after.hits - before.hits;
    misses_ += after.misses - before.misses;
    return {.nanoseconds = nanoseconds,
            .operations = operations,
            .checksum = held_.size(),
            .faults = after.slices_lent == held_.size() ? after.refused - before.refused : 1};
  }

  [[nodiscard]] std::vector<Figure> figures() const override {
    const auto taken = static_cast<double>(hits_ + misses_);
    return {{"pool_hit_rate", taken > 0 ? static_cast<double>(hits_) / taken : 0.0}};
  }

 private:
  static constexpr uint32_t kWarmUpSteps = 100'000;
  static constexpr uint32_t kTideSteps = 1 << 14;

  static BufferPoolOptions growing() {
    BufferPoolOptions options;
    options.tier_counts_max = growth_limits(options.tier_counts, size_t{1} << 30);
    return options;
  }

  void go_on() {
    BufferPool& pool = *warm_.pool;
    if (++step_ % 64 == 0) pool.maintain();
    const bool rising = step_ / kTideSteps % 2 == 0;
    if (held_.empty() || (held_.size() < held_max_ && random_.below(100) < (rising ? 55u : 45u))) {
      const Slice slice = pool.acquire(bytes_);
      if (!slice.valid()) return;
      write_line(slice.data, step_);
      held_.push_back(slice.id);
    } else {
      std::swap(held_[random_.below(static_cast<uint32_t>(held_.size()))], held_.back());
      pool.release(held_.back());
      held_.pop_back();
    }
  }

  const size_t bytes_;
  WarmPool warm_;
  uint32_t held_max_ = 0;
  std::vector<SliceId> held_;
  RandomNumbers random_{20260923};
  uint64_t step_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

class PoolWarmUp final : public Loop {
 public:
  explicit PoolWarmUp(const Parameters& parameters) : bytes_(parameters.at("bytes")) {
    const size_t slice_bytes = kTierGeometry[kReadTier].slice_bytes;
    options_.tier_counts = {0, 0, static_cast<uint32_t>((bytes_ + slice_bytes - 1) / slice_bytes), 0};
  }

  Measured run(uint64_t operations) override {
    Measured measured{.operations = operations};
    for (uint64_t i = 0; i < operations; ++i) {
      const uint64_t start = monotonic_ns();
      const Mapping memory = Mapping::create_aligned(BufferPool::bytes_needed(options_), kHugePageBytes);
      if (!memory.valid()) throw std::runtime_error("the kernel refused the memory of a pool");
      BufferPool pool(memory.data(), options_);
      const size_t warmed = pool.warm_up(bytes_);
      measured.nanoseconds += monotonic_ns() - start;
      measured.checksum += warmed;
      measured.faults += warmed >= bytes_ ? 0 : 1;
    }
    return measured;
  }

 private:
  const size_t bytes_;
  BufferPoolOptions options_;
};

MSGTRANS_LOOP("buffer-pool/own-thread/native", make_arm<PoolOwnThread>);
MSGTRANS_LOOP("buffer-pool/own-thread/baseline", make_arm<MallocOwnThread>);
MSGTRANS_LOOP("buffer-pool/hit-rate/native", make_arm<PoolHitRate>);
MSGTRANS_LOOP("buffer-pool/warm/native", make_arm<PoolWarmUp>);

}  // namespace
}  // namespace msgtrans::loops
