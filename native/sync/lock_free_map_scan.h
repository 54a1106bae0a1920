// The iteration of a LockFreeMap by cursor.
//
// Idea: a bucket holds one range of hashes, in every table, because its index is the hash's top bits. So a cursor is a
// hash, "everything below is done", and nothing else: no guard and no pointer outlives a call, and the table may have
// been replaced any number of times in between.
//
// Guarantee: a key present from start to end comes exactly once, since its hash lies in exactly one of the ranges that
// the cursor passes, and whoever reads that range finds its slot. One that is changed, removed or inserted meanwhile
// comes at most once, for the same reason: a range that was passed is not read again.
//
// One step reads one bucket, or the part of it that the cursor has left. Its entries count only if the bucket was not
// marked as moved after all were read: then it was the truth throughout. Otherwise they are taken back, and the range
// is read in the next table.
//
// Threads: any, inside an epoch. Progress: a step is repeated only when a move was completed in between.
#pragma once

#include <algorithm>

#include "sync/lock_free_map_table.h"

namespace msgtrans {

struct MapCursor {
  // All keys with a smaller hash were visited.
  uint64_t position = 0;
  bool at_end = false;
};

enum class MapScan : uint8_t {
  kMore,      // go on with the cursor
  kEnd,       // everything was visited
  kNoRoom,    // the next step's entries do not fit into an empty sink: give it more room
};

// `Sink` takes entries: `bool push(key, value)` (false: no room), `size_t count()`, `void truncate(count)`.
template <typename Keys, typename Atomics, typename Shape, typename Sink>
class MapScanner {
 public:
  using Table = MapTable<Keys, Atomics, Shape>;
  using Bucket = typename Table::Bucket;

  // Empty buckets are passed without a limit by the sink, so a call is bounded by these.
  static constexpr uint32_t kStepsPerCall = 4096;

  static MapScan run(Table* root, uint64_t seed, MapCursor& cursor, Sink& sink) {
    for (uint32_t step = 0; step < kStepsPerCall && !cursor.at_end; ++step) {
      const size_t count_before = sink.count();
      if (visit_range(root, seed, cursor, sink)) continue;
      return count_before == 0 ? MapScan::kNoRoom : MapScan::kMore;
    }
    return cursor.at_end ? MapScan::kEnd : MapScan::kMore;
  }

 private:
  static bool visit_range(Table* table, uint64_t seed, MapCursor& cursor, Sink& sink) {
    const size_t count_before = sink.count();
    uint64_t last = UINT64_MAX;
    for (;;) {
      const uint64_t index = table->index(cursor.position);
      Bucket& home = table->buckets[index];
      last = std::min(last, index << table->shift | ((uint64_t{1} << table->shift) - 1));
      const bool fitted = visit_bucket(*table, index, cursor.position, last, seed, sink);
      if (!home.is_moved()) {
        if (!fitted) {
          sink.truncate(count_before);
          return false;
        }
        cursor.at_end = last == UINT64_MAX;
        cursor.position = last + 1;
        return true;
      }
      sink.truncate(count_before);
      // Acquire: pairs with the release in LockFreeMap::start_move(); publishes the table.
      table = table->next.load(std::memory_order_acquire);
    }
  }

  static bool visit_bucket(Table& table, uint64_t index, uint64_t first, uint64_t last, uint64_t seed, Sink& sink) {
    bool fitted = true;
    Table::for_each_slot(table.buckets[index], [&](auto& slot) {
      // Acquire: pairs with the release in MapTable::claim(); publishes what the key word points to.
      const uint64_t word = slot.key.load(std::memory_order_acquire);
      if (word == 0) return;
      // Acquire: pairs with the release of the value's writer; publishes its box.
      const ValueWord value = slot.value.load(std::memory_order_acquire);
      if (!is_live(value)) return;
      const typename Keys::Probe probe = Keys::probe_of(word, index, table.bits);
      if (probe.hash < first || probe.hash > last) return;
      fitted = sink.push(Keys::key_of(probe, seed), value_of(value)) && fitted;
    });
    return fitted;
  }
};

}  // namespace msgtrans
