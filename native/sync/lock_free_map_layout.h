// The memory of a LockFreeMap: one cache line per bucket.
//
//   byte  0        8        16       24       32       40       48       56
//         +--------+--------+--------+--------+--------+--------+--------+--------+
//         | key 0  | value 0| key 1  | value 1| key 2  | value 2|  link  | moved  |
//         +--------+--------+--------+--------+--------+--------+--------+--------+
//
//   key    0: unclaimed. Claimed once by compare-and-swap, in slot order, and never changed: what it says is the key
//          policy's matter (lock_free_map_keys.h).
//   value  bit 63     62       61..0
//          +--------+--------+-----------------------------+
//          | frozen | boxed  | value + 2, or pointer to box |       0: never had a value, 1: removed
//          +--------+--------+-----------------------------+
//          A frozen word never changes again: its table is being left for the next one.
//   link   pointer to the overflow bucket, which has the same layout; bit 0: frozen.
//   moved  1: every key of this bucket, its overflow included, is in the next table. Of the home bucket only.
//
// All 2^64 values can be stored: those that leave no room for the marks lie in a box of their own, so writing one
// allocates. Zero-filled memory is an empty bucket.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <type_traits>

#include "sync/atomics_policy.h"
#include "sync/cache_line.h"
#include "sync/epoch.h"
#include "sync/lock_free_map_memory.h"

namespace msgtrans {

using ValueWord = uint64_t;

inline constexpr ValueWord kValueNone = 0;     // claimed, and never had a value
inline constexpr ValueWord kValueRemoved = 1;  // had one
inline constexpr ValueWord kValueFrozen = ValueWord{1} << 63;
inline constexpr ValueWord kValueBoxed = ValueWord{1} << 62;
inline constexpr uint64_t kInlineValueMax = kValueBoxed - 3;  // larger ones are boxed

struct ValueBox {
  Retired retired;
  uint64_t value;
  MapMemory* memory;

  static void destroy(Retired* retired) {
    auto* const box = reinterpret_cast<ValueBox*>(retired);
    box->memory->free(box, sizeof(ValueBox));
  }
};
static_assert(std::is_standard_layout_v<ValueBox>, "a box is found by its first member");

inline bool is_live(ValueWord word) { return (word & ~kValueFrozen) > kValueRemoved; }
// Neither frozen nor boxed, as nearly every word is: live above kValueRemoved, and its value is word - 2.
inline bool is_plain(ValueWord word) { return word < kValueBoxed; }
inline bool is_frozen(ValueWord word) { return (word & kValueFrozen) != 0; }
inline bool is_boxed(ValueWord word) { return (word & kValueBoxed) != 0; }
inline ValueBox* box_of(ValueWord word) { return reinterpret_cast<ValueBox*>(word & ~(kValueFrozen | kValueBoxed)); }

// Of a live word; the caller is inside an epoch, or owns the box.
inline uint64_t value_of(ValueWord word) {
  return is_boxed(word) ? box_of(word)->value : (word & ~kValueFrozen) - 2;
}

// A word that says `value`, or kValueNone when a box is needed and refused.
inline ValueWord make_value(uint64_t value, MapMemory& memory) {
  if (value <= kInlineValueMax) [[likely]] return value + 2;
  void* const bytes = memory.allocate(sizeof(ValueBox));
  if (bytes == nullptr) return kValueNone;
  auto* const box = new (bytes) ValueBox{{}, value, &memory};
  return reinterpret_cast<ValueWord>(box) | kValueBoxed;
}

// A word that nobody else has seen.
inline void discard_value(ValueWord word) {
  if (is_live(word) && is_boxed(word)) ValueBox::destroy(&box_of(word)->retired);
}

// The figures of a map that tests shrink so that races show.
struct MapShape {
  static constexpr uint32_t kBucketSlots = 3;
  // Claimed slots per bucket, removed keys included, from which on the map moves to another table. Two of three: about
  // one bucket in seven then has an overflow.
  static constexpr uint32_t kClaimedPerBucketMax = 2;
  // Buckets that a writer moves at a time.
  static constexpr uint32_t kChunkBuckets = 16;
  // Chunks that a writer verifies at a time: a line per bucket is read, and mostly moved already.
  static constexpr uint32_t kVerifiedChunks = 4;
  static constexpr uint32_t kBucketBitsMin = 4;
  // 2^40 buckets are 64 TB: the key words need a bit that the bucket's index implies, cursors 11 that no bucket uses.
  static constexpr uint32_t kBucketBitsMax = 40;
  // Of each counter: for a thread each, and for all those after them.
  static constexpr uint32_t kOwnStripes = 12;
  static constexpr uint32_t kSharedStripes = 4;
  // Removals per stripe between two looks whether the table has become too large.
  static constexpr uint32_t kShrinkCheckRemovals = 256;
  static constexpr uint32_t kPrefetchKeys = 16;
};

template <typename Atomics, typename Shape>
struct MapBucket {
  template <typename T>
  using Atomic = typename Atomics::template Atomic<T>;

  struct Slot {
    Atomic<uint64_t> key{0};
    Atomic<ValueWord> value{kValueNone};
  };

  static constexpr uintptr_t kLinkFrozen = 1;

  Slot slots[Shape::kBucketSlots];
  Atomic<uintptr_t> link{0};
  Atomic<uint64_t> moved{0};

  static MapBucket* linked(uintptr_t link) { return reinterpret_cast<MapBucket*>(link & ~kLinkFrozen); }

  MapBucket* next() const {
    // Acquire: pairs with the release in MapTable::extend(); publishes the overflow bucket.
    return linked(link.load(std::memory_order_acquire));
  }
  [[nodiscard]] bool is_moved() const {
    // Acquire: pairs with the release in MapMigration::move_bucket(); publishes the next table's copies.
    return moved.load(std::memory_order_acquire) != 0;
  }
  // Whether `word`, which a lookup read in this line, is the whole answer: not when the key may be in an overflow, and
  // not when the bucket is moved. One question for two rare things.
  [[nodiscard]] bool is_answer(ValueWord word) const {
    // Relaxed, both: the slots were acquired, so these are read after them, and what they name is not followed from
    // here. An overflow is added behind claimed slots only; when the bucket is not moved now, what was read was true.
    const uintptr_t more = link.load(std::memory_order_relaxed);
    const uint64_t elsewhere = moved.load(std::memory_order_relaxed);
    // By arithmetic, and hidden from the compiler, which would find that the caller asks nearly the same and branch on
    // the word: whether a key is there is chance.
    asm("" : "+r"(word));
    const uint64_t when_none = uint64_t{word != kValueNone} - 1;
    return ((more & when_none) | elsewhere) == 0;
  }
};
static_assert(sizeof(MapBucket<StdAtomics, MapShape>) == kCacheLineBytes);

// Zero-filled memory as buckets. The model checker's atomics have to be constructed; the standard ones are what the
// zeros say.
template <typename Bucket, typename Atomics>
Bucket* construct_buckets(void* zeroed, size_t count) {
  auto* const buckets = static_cast<Bucket*>(zeroed);
  if constexpr (!std::is_same_v<typename Atomics::template Atomic<uint64_t>, std::atomic<uint64_t>>) {
    for (size_t i = 0; i < count; ++i) new (buckets + i) Bucket;
  }
  return buckets;
}

template <typename Bucket, typename Atomics>
void destruct_buckets(Bucket* buckets, size_t count) {
  if constexpr (!std::is_same_v<typename Atomics::template Atomic<uint64_t>, std::atomic<uint64_t>>) {
    for (size_t i = 0; i < count; ++i) buckets[i].~Bucket();
  }
}

}  // namespace msgtrans
