// What the map's tests share: a shape small enough that every test moves tables, and memory that refuses on demand.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sync/epoch_thread.h"
#include "sync/lock_free_map.h"

namespace msgtrans {

struct TinyShape : MapShape {
  static constexpr uint32_t kBucketSlots = 2;
  static constexpr uint32_t kClaimedPerBucketMax = 1;
  static constexpr uint32_t kChunkBuckets = 2;
  static constexpr uint32_t kBucketBitsMin = 1;
  static constexpr uint32_t kOwnStripes = 1;
  static constexpr uint32_t kSharedStripes = 1;
  static constexpr uint32_t kShrinkCheckRemovals = 4;
};

using TinyMap = LockFreeMap<U64Keys, StdAtomics, TinyShape>;
using Participant = ProcessEpoch::Participant;

inline constexpr size_t kNoBudget = SIZE_MAX >> 1;

template <typename Map = TinyMap>
std::unique_ptr<Map> make_map(uint64_t capacity = 1, size_t bytes_max = kNoBudget, uint64_t seed = 42) {
  return Map::create(process_epoch(), *MapMemory::create(bytes_max), capacity, seed);
}

inline Participant& here() { return *this_thread_participant(); }

// Everything retired so far is freed, if nobody is inside.
inline void free_retired() {
  for (int turn = 0; turn < 3; ++turn) process_epoch().flush(here());
}

// Refuses one allocation, counted from 1, or all from it on.
class RefusingMemory final : public MapMemory {
 public:
  RefusingMemory(uint64_t refused, bool and_later)
      : memory_(*MapMemory::create(kNoBudget)), refused_(refused), and_later_(and_later) {}

  void* allocate(size_t bytes) override {
    // Relaxed: used by one thread, or for a count.
    const uint64_t number = asked_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number == refused_ || (and_later_ && number > refused_)) return nullptr;
    return memory_.allocate(bytes);
  }
  void free(void* memory, size_t bytes) override { memory_.free(memory, bytes); }
  void drop() override {}
  [[nodiscard]] size_t bytes_in_use() const override { return memory_.bytes_in_use(); }
  void relent() { and_later_ = false; }
  [[nodiscard]] uint64_t asked() const {
    // Relaxed: as above.
    return asked_.load(std::memory_order_relaxed);
  }
  void finish() { memory_.drop(); }

 private:
  MapMemory& memory_;
  uint64_t refused_;
  bool and_later_;
  std::atomic<uint64_t> asked_{0};
};

// Keeps what a scan gives it, up to a limit.
template <typename StoredKey>
struct EntrySink {
  struct Entry {
    StoredKey key;
    uint64_t value;
  };
  size_t room = SIZE_MAX;
  std::vector<Entry> entries;

  template <typename Key>
  bool push(const Key& key, uint64_t value) {
    if (entries.size() == room) return false;
    entries.push_back({StoredKey(key), value});
    return true;
  }
  [[nodiscard]] size_t count() const { return entries.size(); }
  void truncate(size_t count) { entries.resize(count); }
};

}  // namespace msgtrans
