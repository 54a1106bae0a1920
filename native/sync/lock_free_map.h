// A hash map from 64-bit keys or byte strings to 64-bit values, shared by any number of threads.
//
// Algorithm: buckets of one cache line with slots that are claimed once and whose values change by compare-and-swap, in
// the manner of Click, "A lock-free hash table" (2007), but chained instead of probed, so that a bucket is a range of
// hashes (lock_free_map_scan.h needs that). Memory: lock_free_map_layout.h. Resizing: lock_free_map_migration.h.
//
// Threads: every call from any thread, with that thread's participant of the map's epoch domain; only the destructor
// wants to be alone. Linearizable: a read takes effect when it loads the value word, or the key word or link where the
// key is not yet; a write when its compare-and-swap succeeds, or where it read what refused it. A get that returns a
// value sees everything its writer did before.
//
// Invariants: at most one slot of a table is claimed for a key. A table that is not the root is the root's `next`. A
// key counts where its home bucket is not marked as moved.
//
// Progress: get and lookup_batch are wait-free: they write nothing but the thread's own epoch, read no bucket more than
// twice, and pass on to the next table only after a whole move was completed meanwhile. Writes are lock-free: a repeated
// compare-and-swap means that another write took effect. A thread suspended anywhere stops nobody.
//
// Reclamation: tables and boxed values by epochs (epoch.h); a removed key keeps its slot, and a byte string its node,
// until the next move drops them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>

#include "base/assert.h"
#include "sync/epoch.h"
#include "sync/lock_free_map_keys.h"
#include "sync/lock_free_map_layout.h"
#include "sync/lock_free_map_migration.h"
#include "sync/lock_free_map_scan.h"
#include "sync/lock_free_map_table.h"
#include "sync/striped_count.h"

namespace msgtrans {

enum class MapStatus : uint8_t {
  kInserted,
  kReplaced,
  kRemoved,
  kPresent,   // insert: the key has a value, which stays
  kAbsent,    // replace, remove, compare_and_swap: the key has none
  kMismatch,  // compare_and_swap: the value is another
  kOutOfMemory,
};

struct MapResult {
  MapStatus status;
  uint64_t previous = 0;  // the value before the call, where there was one
};

struct MapMetrics {
  uint64_t size;     // exact while nobody writes
  uint64_t buckets;  // of the root
  uint64_t moves;    // tables left for another
  uint64_t moves_refused;
  uint64_t bytes_in_use;
  uint64_t limbo_bytes;  // of the whole epoch domain
};

template <typename Keys = U64Keys, typename Atomics = StdAtomics, typename Shape = MapShape>
class LockFreeMap {
 public:
  using Key = typename Keys::Key;
  using Domain = EpochDomain<Atomics>;
  using Participant = typename Domain::Participant;

  // Room for `capacity` keys before the first move. Takes over `memory`, whose drop() it calls at its end; nullptr, and
  // `memory` dropped, when the first table is refused. `seed` is for hashing.
  static std::unique_ptr<LockFreeMap> create(Domain& domain, MapMemory& memory, uint64_t capacity, uint64_t seed) {
    const uint64_t buckets = capacity / Shape::kClaimedPerBucketMax + 1;
    const uint32_t bits = std::clamp(static_cast<uint32_t>(std::bit_width(buckets - 1)), Shape::kBucketBitsMin,
                                     Shape::kBucketBitsMax);
    Table* const table = Table::create(bits, memory);
    auto* const map = table == nullptr ? nullptr : new (std::nothrow) LockFreeMap(domain, memory, table, seed);
    if (map == nullptr) {
      if (table != nullptr) table->destroy(nullptr);
      memory.drop();
    }
    return std::unique_ptr<LockFreeMap>(map);
  }

  LockFreeMap(const LockFreeMap&) = delete;
  LockFreeMap& operator=(const LockFreeMap&) = delete;

  ~LockFreeMap() {
    // Relaxed, both: nobody else is left.
    Table* const table = root_.load(std::memory_order_relaxed);
    Table* const next = table->next.load(std::memory_order_relaxed);
    table->destroy(next);
    if (next != nullptr) next->destroy(nullptr);
    memory_.drop();
  }

  // False when the key has no value; `value` is then left alone. Inlined: the call would be a tenth of it.
  [[gnu::always_inline]] bool get(Participant& participant, Key key, uint64_t& value) const {
    const EpochGuard<Atomics> guard(participant);
    return read(Keys::probe(key, seed_), value);
  }

  // `values[i]` and `found[i]` for each of `count` keys; returns how many were found. Values of those that were not are
  // 0. The buckets' lines are fetched ahead, so that their latencies overlap. Each key is read at a moment of its own.
  uint32_t lookup_batch(Participant& participant, const Key* keys, uint32_t count, uint64_t* values,
                        uint8_t* found) const {
    const EpochGuard<Atomics> guard(participant);
    uint32_t found_count = 0;
    typename Keys::Probe probes[Shape::kPrefetchKeys];
    for (uint32_t begin = 0; begin < count; begin += Shape::kPrefetchKeys) {
      const uint32_t length = std::min(Shape::kPrefetchKeys, count - begin);
      Table* const table = root();
      for (uint32_t i = 0; i < length; ++i) {
        probes[i] = Keys::probe(keys[begin + i], seed_);
        __builtin_prefetch(&table->home(probes[i].hash));
      }
      for (uint32_t i = 0; i < length; ++i) {
        values[begin + i] = 0;
        const bool hit = read(probes[i], values[begin + i]);
        found[begin + i] = hit;
        found_count += hit;
      }
    }
    return found_count;
  }

  // kInserted or kReplaced.
  MapResult set(Participant& participant, Key key, uint64_t value) {
    return write<Write::kSet>(participant, key, 0, value);
  }
  // kInserted or kPresent.
  MapResult insert(Participant& participant, Key key, uint64_t value) {
    return write<Write::kInsert>(participant, key, 0, value);
  }
  // kReplaced or kAbsent.
  MapResult replace(Participant& participant, Key key, uint64_t value) {
    return write<Write::kReplace>(participant, key, 0, value);
  }
  // kRemoved or kAbsent.
  MapResult remove(Participant& participant, Key key) { return write<Write::kRemove>(participant, key, 0, 0); }
  // kReplaced, kMismatch or kAbsent.
  MapResult compare_and_swap(Participant& participant, Key key, uint64_t expected, uint64_t desired) {
    return write<Write::kCompareAndSwap>(participant, key, expected, desired);
  }

  // Entries from the cursor on, as many as the sink takes; see lock_free_map_scan.h.
  template <typename Sink>
  MapScan scan(Participant& participant, MapCursor& cursor, Sink& sink) const {
    const EpochGuard<Atomics> guard(participant);
    return MapScanner<Keys, Atomics, Shape, Sink>::run(root(), seed_, cursor, sink);
  }

  [[nodiscard]] uint64_t size() const {
    const uint64_t total = live_.total();
    return static_cast<int64_t>(total) < 0 ? 0 : total;
  }

  MapMetrics metrics(Participant& participant) const {
    const EpochGuard<Atomics> guard(participant);
    // Relaxed, both: metrics.
    return {size(),
            root()->bucket_count(),
            moves_.load(std::memory_order_relaxed),
            moves_refused_.load(std::memory_order_relaxed),
            memory_.bytes_in_use(),
            domain_.limbo_bytes()};
  }

 private:
  using Table = MapTable<Keys, Atomics, Shape>;
  using Bucket = typename Table::Bucket;
  using Slot = typename Table::Slot;
  using Migration = MapMigration<Keys, Atomics, Shape>;
  template <typename T>
  using Atomic = typename Atomics::template Atomic<T>;

  enum class Write : uint8_t { kSet, kInsert, kReplace, kRemove, kCompareAndSwap };

  // The word of the value to be written: made when first needed, freed unless it was stored.
  class Desired {
   public:
    Desired(uint64_t value, MapMemory& memory) : value_(value), memory_(memory) {}
    Desired(const Desired&) = delete;
    Desired& operator=(const Desired&) = delete;
    ~Desired() { discard_value(word_); }
    // kValueNone when memory is refused.
    ValueWord word() { return word_ != kValueNone ? word_ : word_ = make_value(value_, memory_); }
    void stored() { word_ = kValueNone; }

   private:
    uint64_t value_;
    MapMemory& memory_;
    ValueWord word_ = kValueNone;
  };

  LockFreeMap(Domain& domain, MapMemory& memory, Table* table, uint64_t seed)
      : domain_(domain), memory_(memory), seed_(seed), bits_min_(table->bits), root_(table) {}

  Table* root() const {
    // Acquire: pairs with the release in finish_move(), or with what made the map known; publishes the table.
    return root_.load(std::memory_order_acquire);
  }

  static Table* next_of(const Table& table) {
    // Acquire: pairs with the release in start_move(); publishes the table.
    return table.next.load(std::memory_order_acquire);
  }

  [[gnu::always_inline]] bool read(const typename Keys::Probe& probe, uint64_t& value) const {
    const Table& table = *root();
    const Bucket& home = table.home(probe.hash);
    ValueWord word = Table::look_up(home, probe);
    if (!home.is_answer(word)) [[unlikely]] word = read_further(table, probe);
    return take(word, value);
  }

  // Out of line, and the probe copied for it alone, so that the short way carries none of it.
  [[gnu::noinline]] static ValueWord read_further(const Table& first, const typename Keys::Probe probe) {
    for (const Table* table = &first;; table = next_of(*table)) {
      const Bucket& home = table->home(probe.hash);
      const ValueWord word = Table::look_up_all(home, probe);
      // Asked after the walk: when the bucket is not moved now, it was the truth during the walk.
      if (!home.is_moved()) return word;
    }
  }

  static bool take(ValueWord word, uint64_t& value) {
    if (!is_plain(word)) [[unlikely]] {
      if (!is_live(word)) return false;
      value = value_of(word);
      return true;
    }
    // Without a branch: whether the key has a value is chance, too.
    const bool live = word > kValueRemoved;
    value = live ? word - 2 : value;
    return live;
  }

  template <Write kind>
  MapResult write(Participant& participant, Key key, uint64_t expected, uint64_t value) {
    const EpochGuard<Atomics> guard(participant);
    const typename Keys::Probe probe = Keys::probe(key, seed_);
    const uint32_t thread = participant.index();
    Desired desired(value, memory_);
    bool helped = false;
    for (Table* table = root();;) {
      if (Table* const next = next_of(*table); next != nullptr) [[unlikely]] {
        if (!helped) help_move(participant, *table, *next, thread);
        helped = true;
        if (!Migration::move_bucket(*table, table->index(probe.hash), *next, thread)) return {MapStatus::kOutOfMemory};
        table = next;
        continue;
      }
      MapResult result{MapStatus::kOutOfMemory};
      if (write_in<kind>(participant, *table, probe, expected, desired, thread, result)) return result;
      // A mark of a move was met, so `next` is there now.
    }
  }

  // False when the bucket is being moved.
  template <Write kind>
  bool write_in(Participant& participant, Table& table, const typename Keys::Probe& probe, uint64_t expected,
                Desired& desired, uint32_t thread, MapResult& result) {
    Bucket& home = table.home(probe.hash);
    Slot* slot = Table::find(home, probe);
    if constexpr (kind == Write::kSet || kind == Write::kInsert) {
      if (slot == nullptr) {
        typename Keys::Claim key(probe, memory_);
        const typename Table::Claimed claimed = table.claim(home, probe, key, thread);
        if (claimed.found == Table::Found::kFrozen) return false;
        if (claimed.found == Table::Found::kOutOfMemory) return true;
        if (claimed.fresh != 0 && table.is_full(claimed.fresh)) start_move(table);
        slot = claimed.slot;
      }
    } else {
      if (slot == nullptr) {
        if (home.is_moved()) return false;
        result.status = MapStatus::kAbsent;
        return true;
      }
    }
    // Acquire: pairs with the release below; publishes the box.
    ValueWord word = slot->value.load(std::memory_order_acquire);
    for (;;) {
      if (is_frozen(word)) return false;
      const bool live = is_live(word);
      if (live) result.previous = value_of(word);
      if constexpr (kind == Write::kInsert) {
        if (live) {
          result.status = MapStatus::kPresent;
          return true;
        }
      } else if constexpr (kind != Write::kSet) {
        if (!live) {
          result = {MapStatus::kAbsent};
          return true;
        }
      }
      if constexpr (kind == Write::kCompareAndSwap) {
        if (result.previous != expected) {
          result.status = MapStatus::kMismatch;
          return true;
        }
      }
      const ValueWord next = kind == Write::kRemove ? kValueRemoved : desired.word();
      if (next == kValueNone) {
        result = {MapStatus::kOutOfMemory};
        return true;
      }
      // Release: pairs with the acquire loads of values; publishes the box, and what the user did before. Acquire on
      // failure: publishes the box of the value that is there now.
      if (slot->value.compare_exchange_weak(word, next, std::memory_order_release, std::memory_order_acquire)) {
        desired.stored();
        after_write(participant, table, word, kind == Write::kRemove, thread);
        result.status = kind == Write::kRemove ? MapStatus::kRemoved
                        : live                 ? MapStatus::kReplaced
                                               : MapStatus::kInserted;
        if (!live) result.previous = 0;
        return true;
      }
    }
  }

  void after_write(Participant& participant, Table& table, ValueWord before, bool removed, uint32_t thread) {
    const bool live = is_live(before);
    if (live && is_boxed(before)) {
      domain_.retire(participant, &box_of(before)->retired, sizeof(ValueBox), ValueBox::destroy);
    }
    if (!live) {
      live_.add(thread, 1);
    } else if (removed) {
      const uint64_t left = live_.add(thread, uint64_t{0} - 1);
      if (left % Shape::kShrinkCheckRemovals == 0 && Migration::is_too_large(table.bits, bits_min_, size())) {
        start_move(table);
      }
    }
  }

  void start_move(Table& table) {
    if (next_of(table) != nullptr || root() != &table) return;
    Table* const made = Table::create(Migration::bits_for(table.bits, bits_min_, size()), memory_);
    if (made == nullptr) {
      // Relaxed: a metric. The map goes on with longer chains.
      moves_refused_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    Table* none = nullptr;
    // Release: pairs with the acquire loads of `next`; publishes the table. Relaxed on failure: ours is not needed.
    // A root without `next` is still the root: it ceases to be only through its `next`.
    if (!table.next.compare_exchange_strong(none, made, std::memory_order_release, std::memory_order_relaxed)) {
      made->destroy(nullptr);
    }
  }

  void help_move(Participant& participant, Table& table, Table& next, uint32_t thread) {
    if (!Migration::help(table, next, thread)) return;
    Table* expected = &table;
    // Release: pairs with the acquire load in root(). Relaxed on failure: another thread did it, and retires the table.
    if (!root_.compare_exchange_strong(expected, &next, std::memory_order_release, std::memory_order_relaxed)) return;
    // Relaxed: a metric.
    moves_.fetch_add(1, std::memory_order_relaxed);
    domain_.retire(participant, &table.retired, table.bytes(), Table::destroy_moved);
    // Keys may have gone while the table for them was being filled.
    if (Migration::is_too_large(next.bits, bits_min_, size())) start_move(next);
  }

  Domain& domain_;
  MapMemory& memory_;
  const uint64_t seed_;
  const uint32_t bits_min_;
  Atomic<Table*> root_;
  alignas(kSeparateBytes) Atomic<uint64_t> moves_{0};
  Atomic<uint64_t> moves_refused_{0};
  StripedCount<Atomics, Shape::kOwnStripes, Shape::kSharedStripes> live_;
};

}  // namespace msgtrans
