// Runs operations on a lock-free map from several threads for as long as asked, under ThreadSanitizer by hand and for a
// while in CI, and checks what it left.
//
//   map_stress [--operations N] [--threads N] [--seed S]
//
// Every thread owns a share of the keys and keeps a ledger of them; it also reads everybody's, adds to shared counters
// by compare-and-swap, replaces boxed values and scans. A key that is removed comes back as another one, and the range
// of keys swells and shrinks, so tables move all the while. Exits 0 when every ledger agrees with the map, 1 when not,
// 2 on a parameter that it does not know.
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "sync/epoch_thread.h"
#include "sync/lock_free_map.h"

namespace msgtrans {
namespace {

constexpr uint64_t kKeysEach = 512;
constexpr uint64_t kKeysFew = 16;
constexpr uint64_t kPhaseOperations = 1 << 14;
constexpr uint64_t kCounters = 8;
constexpr uint64_t kOperationsPerScan = 1 << 16;

struct Options {
  uint64_t operations = 2'000'000;
  uint64_t threads = 4;
  uint64_t seed = 1;
};

struct CountingSink {
  size_t entries = 0;
  bool push(uint64_t, uint64_t) { return ++entries != 0; }
  [[nodiscard]] size_t count() const { return entries; }
  void truncate(size_t count) { entries = count; }
};

class Stress {
 public:
  explicit Stress(const Options& options)
      : options_(options),
        map_(LockFreeMap<>::create(process_epoch(), *MapMemory::create(SIZE_MAX >> 1), 1, options.seed)),
        ledgers_(options.threads, std::vector<Entry>(kKeysEach)) {}

  bool run() {
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < options_.threads; ++thread) {
      threads.emplace_back([this, thread] { run_thread(thread); });
    }
    for (std::thread& thread : threads) thread.join();
    check_what_is_left();
    const MapMetrics metrics = map_->metrics(*this_thread_participant());
    std::printf("map_stress: %" PRIu64 " operations, %" PRIu64 " threads, seed %" PRIu64 ", %" PRIu64
                " tables left, %" PRIu64 " keys, %" PRIu64 " wrong\n",
                options_.operations, options_.threads, options_.seed, metrics.moves, metrics.size, wrong_count());
    return wrong_count() == 0;
  }

 private:
  using Participant = ProcessEpoch::Participant;

  // What a thread knows of one of its keys: the value, 0 for none, and how often it was removed.
  struct Entry {
    uint64_t value = 0;
    uint64_t removals = 0;
  };

  uint64_t key_of(uint64_t thread, uint64_t index, uint64_t removals) const {
    return kCounters + (removals * kKeysEach + index) * options_.threads + thread;
  }

  void require(bool holds) {
    // Relaxed: a count, read after the join.
    if (!holds) wrong_.fetch_add(1, std::memory_order_relaxed);
  }
  uint64_t wrong_count() const {
    // Relaxed: as above.
    return wrong_.load(std::memory_order_relaxed);
  }

  void run_thread(uint64_t thread) {
    Participant& participant = *this_thread_participant();
    std::mt19937_64 random(options_.seed * options_.threads + thread);
    const uint64_t operations = options_.operations / options_.threads;
    for (uint64_t i = 0; i < operations; ++i) {
      const uint64_t range = i / kPhaseOperations % 2 == 0 ? kKeysEach : kKeysFew;
      step(participant, thread, random(), range);
      if (i % kOperationsPerScan == 0) scan(participant);
    }
  }

  void step(Participant& participant, uint64_t thread, uint64_t random, uint64_t range) {
    const uint64_t index = (random >> 8) % range;
    Entry& entry = ledgers_[thread][index];
    const uint64_t key = key_of(thread, index, entry.removals);
    const bool there = entry.value != 0;
    uint64_t value = 0;
    switch (random % 8) {
      case 0:
      case 1:
        require(map_->get(participant, key, value) == there && value == entry.value);
        break;
      case 2:  // anybody's
        map_->get(participant, key_of((random >> 32) % options_.threads, index, entry.removals), value);
        break;
      case 3:
      case 4:
        require(map_->set(participant, key, random | 1).previous == entry.value);
        entry.value = random | 1;
        break;
      case 5:
        require((map_->replace(participant, key, ~random | 1).status == MapStatus::kReplaced) == there);
        if (there) entry.value = ~random | 1;
        break;
      case 6:
        remove(participant, thread, range == kKeysFew ? (random >> 8) % kKeysEach : index);
        break;
      default: add_to_counter(participant, (random >> 8) % kCounters);
    }
  }

  void remove(Participant& participant, uint64_t thread, uint64_t index) {
    Entry& entry = ledgers_[thread][index];
    require(map_->remove(participant, key_of(thread, index, entry.removals)).previous == entry.value);
    entry = {0, entry.removals + 1};
  }

  void add_to_counter(Participant& participant, uint64_t key) {
    for (;;) {
      uint64_t value = 0;
      const MapStatus status = map_->get(participant, key, value)
                                   ? map_->compare_and_swap(participant, key, value, value + 1).status
                                   : map_->insert(participant, key, 1).status;
      if (status == MapStatus::kReplaced || status == MapStatus::kInserted) break;
    }
    // Relaxed: a count, read after the join.
    additions_.fetch_add(1, std::memory_order_relaxed);
  }

  void scan(Participant& participant) {
    CountingSink sink;
    MapCursor cursor;
    while (map_->scan(participant, cursor, sink) != MapScan::kEnd) {
    }
    require(sink.entries <= kCounters + kKeysEach * options_.threads);
  }

  void check_what_is_left() {
    Participant& participant = *this_thread_participant();
    uint64_t size = 0;
    for (uint64_t thread = 0; thread < options_.threads; ++thread) {
      for (uint64_t index = 0; index < kKeysEach; ++index) {
        uint64_t value = 0;
        const Entry& entry = ledgers_[thread][index];
        map_->get(participant, key_of(thread, index, entry.removals), value);
        require(value == entry.value);
        size += value != 0;
      }
    }
    uint64_t additions = 0;
    for (uint64_t key = 0; key < kCounters; ++key) {
      uint64_t value = 0;
      size += map_->get(participant, key, value);
      additions += value;
    }
    // Relaxed: the threads were joined.
    require(additions == additions_.load(std::memory_order_relaxed));
    require(map_->size() == size);
  }

  Options options_;
  std::unique_ptr<LockFreeMap<>> map_;
  std::vector<std::vector<Entry>> ledgers_;
  std::atomic<uint64_t> additions_{0};
  std::atomic<uint64_t> wrong_{0};
};

}  // namespace
}  // namespace msgtrans

int main(int argc, char** argv) {
  msgtrans::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    uint64_t* const figure = word == "--operations" ? &options.operations
                             : word == "--threads"  ? &options.threads
                             : word == "--seed"     ? &options.seed
                                                    : nullptr;
    if (figure == nullptr || i + 1 == argc) {
      std::fprintf(stderr, "usage: %s [--operations N] [--threads N] [--seed S]\n", argv[0]);
      return 2;
    }
    *figure = std::strtoull(argv[++i], nullptr, 10);
  }
  if (options.threads == 0) return 2;
  return msgtrans::Stress(options).run() ? 0 : 1;
}
