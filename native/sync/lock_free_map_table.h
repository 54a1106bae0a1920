// One table of a LockFreeMap: buckets, and how a slot in them is found and claimed.
//
// Threads: find and claim from any thread inside an epoch. Progress: find is wait-free (a bucket and its overflow hold
// finitely many slots, and only claims of other keys add to them); claim is lock-free (a lost race means that another
// thread claimed the slot or added the overflow).
//
// Invariant: slots are claimed in order, the overflow's after the bucket's own, and stay claimed. So a walk that comes
// to an unclaimed slot has seen every key of the bucket, and two threads with one key find one slot.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "sync/lock_free_map_layout.h"
#include "sync/striped_count.h"

namespace msgtrans {

template <typename Keys, typename Atomics, typename Shape>
struct MapTable {
  template <typename T>
  using Atomic = typename Atomics::template Atomic<T>;
  using Bucket = MapBucket<Atomics, Shape>;
  using Slot = typename Bucket::Slot;
  using Probe = typename Keys::Probe;

  // A bucket that was added behind another, in a list of all of them, so that dropping a table reads nothing else.
  struct Overflow {
    Bucket bucket;
    Overflow* added_before = nullptr;
  };

  enum class Found : uint8_t { kSlot, kFrozen, kOutOfMemory };
  struct Claimed {
    Found found;
    Slot* slot = nullptr;
    uint64_t fresh = 0;  // claimed by this call; then what the thread's stripe of the count says
  };

  Retired retired;
  uint32_t bits = 0;
  uint32_t shift = 0;
  Bucket* buckets = nullptr;
  MapMemory* memory = nullptr;
  // The table this one is being moved to.
  Atomic<MapTable*> next{nullptr};
  // Chunks that a writer has taken on; chunks below `verified_chunks` are moved for certain.
  alignas(kSeparateBytes) Atomic<uint64_t> taken_chunks{0};
  alignas(kSeparateBytes) Atomic<uint64_t> verified_chunks{0};
  alignas(kSeparateBytes) Atomic<Overflow*> overflows{nullptr};
  StripedCount<Atomics, Shape::kOwnStripes, Shape::kSharedStripes> claimed_slots;

  static MapTable* create(uint32_t bits, MapMemory& memory) {
    void* const header = memory.allocate(sizeof(MapTable) + alignof(MapTable));
    if (header == nullptr) return nullptr;
    void* const buckets = memory.allocate(sizeof(Bucket) << bits);
    if (buckets == nullptr) {
      memory.free(header, sizeof(MapTable) + alignof(MapTable));
      return nullptr;
    }
    const auto address = reinterpret_cast<uintptr_t>(header);
    const uintptr_t aligned = (address + alignof(MapTable) - 1) / alignof(MapTable) * alignof(MapTable);
    auto* const table = new (reinterpret_cast<void*>(aligned)) MapTable;
    table->header_ = header;
    table->bits = bits;
    table->shift = 64 - bits;
    table->buckets = construct_buckets<Bucket, Atomics>(buckets, size_t{1} << bits);
    table->memory = &memory;
    return table;
  }

  [[nodiscard]] uint64_t bucket_count() const { return uint64_t{1} << bits; }
  [[nodiscard]] uint64_t chunk_count() const {
    return (bucket_count() + Shape::kChunkBuckets - 1) / Shape::kChunkBuckets;
  }
  [[nodiscard]] uint64_t index(uint64_t hash) const { return hash >> shift; }
  [[nodiscard]] Bucket& home(uint64_t hash) const { return buckets[hash >> shift]; }
  [[nodiscard]] size_t bytes() const { return sizeof(MapTable) + (sizeof(Bucket) << bits); }

  // What the line of a bucket says of the key: the word of its value, frozen or not; kValueNone where the key has no
  // slot in it.
  //
  // Every slot is compared, and the match is picked without a branch: which slot it is, if any, is chance, so a walk
  // that ends at the match is guessed wrongly every other time, and is found out only when the line has come. As it is,
  // the processor runs ahead into its next lookups while it waits for the line of this one.
  [[gnu::always_inline]] static ValueWord look_up(const Bucket& bucket, const Probe& probe) {
    ValueWord value = kValueNone;
    for_each_index([&](auto index) {
      const Slot& slot = bucket.slots[index];
      // Acquire: pairs with the release in claim(); publishes what the key word points to.
      const bool matches = Keys::matches(slot.key.load(std::memory_order_acquire), probe);
      // Acquire: pairs with the release of the value's writer; publishes its box and what the user published with it.
      const ValueWord word = slot.value.load(std::memory_order_acquire);
      value = matches ? word : value;
    });
    return value;
  }

  // The same of the bucket and its overflow.
  static ValueWord look_up_all(const Bucket& home, const Probe& probe) {
    for (const Bucket* bucket = &home;;) {
      const ValueWord value = look_up(*bucket, probe);
      // Read after the keys: an overflow is added behind claimed slots only.
      const Bucket* const next = bucket->next();
      if (next == nullptr || value != kValueNone) return value;
      bucket = next;
    }
  }

  // The key's slot, found in the same way.
  static Slot* find(Bucket& home, const Probe& probe) {
    for (Bucket* bucket = &home;;) {
      Slot* found = nullptr;
      for_each_index([&](auto index) {
        Slot& slot = bucket->slots[index];
        // Acquire: pairs with the release in claim(); publishes what the key word points to.
        found = Keys::matches(slot.key.load(std::memory_order_acquire), probe) ? &slot : found;
      });
      Bucket* const next = bucket->next();
      if ((next == nullptr) | (found != nullptr)) [[likely]] return found;
      bucket = next;
    }
  }

  // The key's slot, claimed now if nobody has. `kFrozen` when there is none and the bucket is being moved.
  Claimed claim(Bucket& home, const Probe& probe, typename Keys::Claim& key, uint32_t thread) {
    for (Bucket* bucket = &home;;) {
      for (Slot& slot : bucket->slots) {
        // Acquire: pairs with the release below; publishes what the key word points to.
        uint64_t word = slot.key.load(std::memory_order_acquire);
        if (word == 0) {
          const uint64_t ours = key.word();
          if (ours == 0) return {Found::kOutOfMemory};
          // Release: pairs with the acquire loads of key words; publishes the node. Acquire on failure: as above.
          if (slot.key.compare_exchange_strong(word, ours, std::memory_order_release, std::memory_order_acquire)) {
            key.taken();
            return {Found::kSlot, &slot, claimed_slots.add(thread, 1)};
          }
        }
        if (Keys::matches(word, probe)) return {Found::kSlot, &slot};
      }
      const Found extended = extend(*bucket);
      if (extended != Found::kSlot) return {extended};
      bucket = bucket->next();
    }
  }

  // To be asked after each fresh claim, with what it says. All stripes are read only once in a while, which lets the
  // table overfill by an eighth at most.
  [[nodiscard]] bool is_full(uint64_t fresh) const {
    const uint64_t claimed_max = uint64_t{Shape::kClaimedPerBucketMax} << bits;
    const uint64_t interval = claimed_max / (8 * (Shape::kOwnStripes + Shape::kSharedStripes)) + 1;
    return fresh % interval == 0 && claimed_slots.total() >= claimed_max;
  }

  // Nobody can look at this table any more. Keys and values that went on to `successor` are its own; the rest ends
  // here.
  void destroy(MapTable* successor) {
    if (Keys::kOwnsMemory || !is_all_moved(successor)) discard_contents(successor);
    // Relaxed: nobody else is left.
    for (Overflow* overflow = overflows.load(std::memory_order_relaxed); overflow != nullptr;) {
      Overflow* const before = overflow->added_before;
      overflow->~Overflow();
      memory->free(overflow, sizeof(Overflow));
      overflow = before;
    }
    MapMemory& bytes_from = *memory;
    destruct_buckets<Bucket, Atomics>(buckets, bucket_count());
    bytes_from.free(buckets, sizeof(Bucket) << bits);
    void* const header = header_;
    this->~MapTable();
    bytes_from.free(header, sizeof(MapTable) + alignof(MapTable));
  }

  // For retiring, once every bucket is moved.
  static void destroy_moved(Retired* retired) {
    auto* const table = reinterpret_cast<MapTable*>(retired);
    // Relaxed: ordered by the epoch.
    table->destroy(table->next.load(std::memory_order_relaxed));
  }

  template <typename Visit>
  static void for_each_slot(Bucket& home, Visit&& visit) {
    for (Bucket* bucket = &home; bucket != nullptr; bucket = bucket->next()) {
      for (Slot& slot : bucket->slots) visit(slot);
    }
  }

 private:
  // With each slot's number as a constant, so that no compiler makes a loop of it.
  template <typename Visit>
  static void for_each_index(Visit&& visit) {
    [&]<size_t... index>(std::index_sequence<index...>) {
      (visit(std::integral_constant<size_t, index>{}), ...);
    }(std::make_index_sequence<Shape::kBucketSlots>{});
  }

  Found extend(Bucket& bucket) {
    // Acquire: pairs with the release below; publishes the overflow bucket.
    uintptr_t link = bucket.link.load(std::memory_order_acquire);
    if (Bucket::linked(link) != nullptr) return Found::kSlot;
    if (link != 0) return Found::kFrozen;
    void* const bytes = memory->allocate(sizeof(Overflow));
    if (bytes == nullptr) return Found::kOutOfMemory;
    auto* const overflow = new (bytes) Overflow;
    // Release: pairs with the acquire loads of links; publishes the bucket. Acquire on failure: another's is there.
    if (!bucket.link.compare_exchange_strong(link, reinterpret_cast<uintptr_t>(&overflow->bucket),
                                             std::memory_order_release, std::memory_order_acquire)) {
      overflow->~Overflow();
      memory->free(overflow, sizeof(Overflow));
      return Bucket::linked(link) != nullptr ? Found::kSlot : Found::kFrozen;
    }
    // Relaxed: the compare-and-swap below decides.
    overflow->added_before = overflows.load(std::memory_order_relaxed);
    // Release: whoever drops the table comes after us, by the epoch; relaxed on failure: tried again.
    while (!overflows.compare_exchange_weak(overflow->added_before, overflow, std::memory_order_release,
                                            std::memory_order_relaxed)) {
    }
    return Found::kSlot;
  }

  bool is_all_moved(MapTable* successor) const {
    // Relaxed: nobody else is left.
    return successor != nullptr && verified_chunks.load(std::memory_order_relaxed) >= chunk_count();
  }

  void discard_contents(MapTable* successor) {
    const bool all_moved = is_all_moved(successor);
    for (uint64_t i = 0; i < bucket_count(); ++i) {
      for_each_slot(buckets[i], [&](Slot& slot) {
        // Relaxed, both: nobody else is left.
        const uint64_t key = slot.key.load(std::memory_order_relaxed);
        const ValueWord value = slot.value.load(std::memory_order_relaxed);
        if (key == 0) return;
        if (!is_live(value)) return Keys::discard(key, *memory);
        if (all_moved) return;
        // A bucket that was left half moved, when memory was refused: what has a copy is the copy's.
        Slot* copy = nullptr;
        if (successor != nullptr) {
          const Probe probe = Keys::probe_of(key, i, bits);
          copy = find(successor->home(probe.hash), probe);
        }
        // Relaxed: as above.
        if (copy == nullptr || copy->value.load(std::memory_order_relaxed) == kValueNone) {
          if (!buckets[i].is_moved()) discard_value(value);
        }
        if (copy == nullptr) Keys::discard(key, *memory);
      });
    }
  }

  void* header_ = nullptr;
};

}  // namespace msgtrans
