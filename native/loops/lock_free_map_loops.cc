// Suite `lock-free-map`: reads, inserts and removals of u64 keys by one or several threads.
//
// `mix`: as many keys again are absent as are present. A write removes the key or inserts it, in turn by random choice,
// so that about half of them stay present however long it runs. A value found under a key must be the one that belongs
// to it. `insert` and `remove` fill an empty map and empty a full one; growing is part of the work.

#include <bit>
#include <memory>
#include <stdexcept>
#include <vector>

#include "loops/loop.h"
#include "loops/map_arms.h"
#include "loops/native_map.h"
#include "loops/random_numbers.h"
#include "loops/threads.h"
#include "loops/urcu_map.h"
#include "sync/lock_free_map_memory.h"

namespace msgtrans::loops {
namespace {

constexpr uint64_t kSeed = kMapSeed;

template <typename Map>
class Mix : public Loop {
 public:
  explicit Mix(const Parameters& parameters)
      : threads_(threads_within_bounds(parameters.at("threads"))),
        keys_(static_cast<uint32_t>(parameters.at("keys"))),
        write_percent_(static_cast<uint32_t>(parameters.at("writes"))),
        map_(keys_) {
    [[maybe_unused]] const typename Map::Thread known;
    for (uint32_t entry = 0; entry < 2 * keys_; entry += 2) {
      const uint64_t key = key_of(entry);
      if (!map_.insert(key, value_of_key(key))) throw std::runtime_error("a fresh key could not be inserted");
    }
  }

  void use_threads(uint32_t count) override { threads_ = threads_within_bounds(count); }

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + threads_ - 1) / threads_;
    std::vector<Done> done(threads_);
    ++runs_;
    const auto work = [&](uint32_t thread) {
      [[maybe_unused]] const typename Map::Thread known;
      done[thread] = write_percent_ == 0 ? read_only(seed_of(thread), share) : mixed(seed_of(thread), share);
    };
    Measured measured{.operations = share * threads_, .threads = threads_};
    measured.nanoseconds = run_threads(threads_, work, &measured.cpu_nanoseconds);
    for (const Done& each : done) {
      measured.checksum += each.sum;
      measured.faults += each.faults;
    }
    return measured;
  }

 private:
  struct Done {
    uint64_t sum = 0;
    uint64_t faults = 0;
  };

  [[nodiscard]] uint64_t seed_of(uint32_t thread) const { return kSeed + runs_ * 1024 + thread; }

  void look_up(uint32_t entry, bool is_known, Done& done) {
    const uint64_t key = key_of(entry);
    uint64_t value = 0;
    const bool found = map_.find(key, value);
    // By arithmetic: a branch on what was found would be guessed wrongly every other time, in every arm.
    done.sum += value;
    done.faults += uint64_t{found} & uint64_t{value != value_of_key(key)};
    // Nobody writes: even entries are present, odd ones are not.
    done.faults += uint64_t{is_known} & uint64_t{found != (entry % 2 == 0)};
  }

  Done read_only(uint64_t seed, uint64_t count) {
    const uint32_t entries = 2 * keys_;
    RandomNumbers random(seed);
    Done done;
    for (uint64_t index = 0; index < count; ++index) look_up(random.below(entries), true, done);
    return done;
  }

  Done mixed(uint64_t seed, uint64_t count) {
    const uint32_t entries = 2 * keys_;
    const uint32_t writes = 2 * write_percent_;
    RandomNumbers random(seed);
    Done done;
    for (uint64_t index = 0; index < count; ++index) {
      // One number for both: its halves are independent, and a second one would be much of an operation's own time.
      const uint64_t chance = random.next();
      const uint32_t entry = below(chance >> 32, entries);
      const uint32_t choice = below(chance & UINT32_MAX, 200);
      if (choice >= writes) {
        look_up(entry, false, done);
        continue;
      }
      const uint64_t key = key_of(entry);
      done.sum += (choice % 2 == 0 ? map_.insert(key, value_of_key(key)) : map_.erase(key)) ? 1 : 0;
    }
    return done;
  }

  static uint32_t below(uint64_t chance, uint32_t bound) { return static_cast<uint32_t>(chance * bound >> 32); }

  uint32_t threads_;
  uint32_t keys_;
  uint32_t write_percent_;
  uint64_t runs_ = 0;
  Map map_;
};

// What no map can avoid: for each key of `mix` one word of one random line is read, of as many lines in the same kind of
// pages as the native map has buckets, and nothing is looked for in it.
class RandomLines : public Loop {
 public:
  explicit RandomLines(const Parameters& parameters)
      : threads_(threads_within_bounds(parameters.at("threads"))),
        entries_(2 * static_cast<uint32_t>(parameters.at("keys"))),
        count_(std::bit_ceil(parameters.at("keys") / MapShape::kClaimedPerBucketMax + 1)),
        memory_(MapMemory::create(SIZE_MAX)) {
    if (memory_ == nullptr) throw std::bad_alloc();
    lines_ = static_cast<Line*>(memory_->allocate(count_ * sizeof(Line)));
    if (lines_ == nullptr) {
      memory_->drop();
      throw std::bad_alloc();
    }
    // Written, or the kernel would show one page of zeros everywhere.
    for (uint64_t index = 0; index < count_; ++index) lines_[index].word = index;
  }
  ~RandomLines() override {
    memory_->free(lines_, count_ * sizeof(Line));
    memory_->drop();
  }

  void use_threads(uint32_t count) override { threads_ = threads_within_bounds(count); }

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + threads_ - 1) / threads_;
    std::vector<uint64_t> sums(threads_);
    ++runs_;
    const auto work = [&](uint32_t thread) { sums[thread] = read(kSeed + runs_ * 1024 + thread, share); };
    Measured measured{.operations = share * threads_, .threads = threads_};
    measured.nanoseconds = run_threads(threads_, work, &measured.cpu_nanoseconds);
    for (const uint64_t sum : sums) measured.checksum += sum;
    return measured;
  }

 private:
  struct alignas(kCacheLineBytes) Line {
    uint64_t word;
  };

  [[nodiscard]] uint64_t read(uint64_t seed, uint64_t count) const {
    // Keys are random already, so they need no hash.
    const uint64_t mask = count_ - 1;
    RandomNumbers random(seed);
    uint64_t sum = 0;
    for (uint64_t index = 0; index < count; ++index) sum += lines_[key_of(random.below(entries_)) & mask].word;
    return sum;
  }

  uint32_t threads_;
  uint32_t entries_;
  uint64_t count_;
  uint64_t runs_ = 0;
  MapMemory* memory_;
  Line* lines_ = nullptr;
};

enum class Direction { kInsert, kRemove };

template <typename Map, Direction direction>
class FillOrEmpty : public Loop {
 public:
  explicit FillOrEmpty(const Parameters& parameters) : threads_(threads_within_bounds(parameters.at("threads"))) {}

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + threads_ - 1) / threads_;
    const uint64_t entries = share * threads_;
    Map map(kExpectedAtFirst);
    [[maybe_unused]] const typename Map::Thread known;
    if (direction == Direction::kRemove) {
      for (uint64_t entry = 0; entry < entries; ++entry) map.insert(key_of(entry), value_of_key(key_of(entry)));
    }
    std::vector<uint64_t> succeeded(threads_);
    const uint64_t nanoseconds = run_threads(threads_, [&](uint32_t thread) {
      [[maybe_unused]] const typename Map::Thread known_here;
      for (uint64_t entry = thread * share; entry < (thread + 1) * share; ++entry) {
        const uint64_t key = key_of(entry);
        if constexpr (direction == Direction::kInsert) {
          succeeded[thread] += map.insert(key, value_of_key(key)) ? 1 : 0;
        } else {
          succeeded[thread] += map.erase(key) ? 1 : 0;
        }
      }
    });
    Measured measured{.nanoseconds = nanoseconds, .operations = entries, .threads = threads_};
    for (const uint64_t each : succeeded) measured.checksum += each;
    measured.faults = entries - measured.checksum;
    for (uint64_t entry = 0; entry < entries; ++entry) {
      uint64_t value = 0;
      if (map.find(key_of(entry), value) != (direction == Direction::kInsert)) ++measured.faults;
    }
    return measured;
  }

 private:
  // Growing is part of filling.
  static constexpr uint64_t kExpectedAtFirst = 1024;

  uint32_t threads_;
};

template <typename AnyLoop>
Made make(const Parameters& parameters) {
  return std::make_unique<AnyLoop>(parameters);
}

#define MSGTRANS_MAP_LOOPS(arm, map)                                                          \
  MSGTRANS_LOOP("lock-free-map/mix/" arm, make<Mix<map>>);                                    \
  MSGTRANS_LOOP("lock-free-map/insert/" arm, make<FillOrEmpty<map, Direction::kInsert>>);     \
  MSGTRANS_LOOP("lock-free-map/remove/" arm, make<FillOrEmpty<map, Direction::kRemove>>)

MSGTRANS_MAP_LOOPS("native", NativeMap);
MSGTRANS_LOOP("lock-free-map/mix/limit", make<RandomLines>);
MSGTRANS_MAP_LOOPS("baseline", MapBehindSharedMutex);
MSGTRANS_MAP_LOOPS("baseline:mutex", MapBehindPlainMutex);

#define MSGTRANS_MAP_ABSENT(library, package)                                                         \
  Made without_##library(const Parameters&) {                                                         \
    return Made::not_measurable("not built in: apt-get install -y " package ", then run again");      \
  }                                                                                                   \
  MSGTRANS_LOOP("lock-free-map/mix/rival:" #library, without_##library);                              \
  MSGTRANS_LOOP("lock-free-map/insert/rival:" #library, without_##library);                           \
  MSGTRANS_LOOP("lock-free-map/remove/rival:" #library, without_##library)

#ifdef MSGTRANS_HAS_TBB
MSGTRANS_MAP_LOOPS("rival:tbb", TbbMap);
#else
MSGTRANS_MAP_ABSENT(tbb, "libtbb-dev");
#endif
#ifdef MSGTRANS_HAS_LIBCUCKOO
MSGTRANS_MAP_LOOPS("rival:libcuckoo", LibcuckooMap);
#else
MSGTRANS_MAP_ABSENT(libcuckoo, "libcuckoo-dev");
#endif
#ifdef MSGTRANS_HAS_LIBURCU
MSGTRANS_MAP_LOOPS("rival:liburcu", LiburcuMap);
#else
MSGTRANS_MAP_ABSENT(liburcu, "liburcu-dev");
#endif

}  // namespace
}  // namespace msgtrans::loops
