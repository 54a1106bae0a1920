// How a LockFreeMap moves to another table without a stop: to a larger one when it is full, to one of the same size
// when removed keys fill it, to a smaller one when few keys are left.
//
// Algorithm: after Click, "A lock-free hash table" (2007), with marks of our own. A bucket is moved in one walk: each
// value word is frozen by setting a bit, which ends all writes to it; a live one is then copied by compare-and-swap
// from "never had a value", which succeeds once, however many threads move the same bucket, since no slot returns to
// that state; at last the home bucket is marked as moved. Until that mark the old table is the truth (readers take
// frozen values as they are), from it on the new one (nobody writes to it before).
//
// Who moves what: a writer that meets a table in motion takes on one chunk of buckets, moves its own key's bucket, and
// goes on in the next table. When all chunks are taken, writers walk over them once more in order and move what a
// suspended thread has left; the last verified chunk makes the next table the root. So a move ends without the thread
// that was suspended in the middle of it.
//
// Invariants: at most one move at a time (`next` is set only on the root). A key is in the new table before its old
// bucket is marked. Old slots never change after they were frozen.
//
// Progress: lock-free; each step is a bounded walk over a chunk. Readers take no part. When memory is refused the walk
// stops, nothing is lost, and a later writer tries again.
#pragma once

#include <algorithm>

#include "sync/lock_free_map_table.h"

namespace msgtrans {

template <typename Keys, typename Atomics, typename Shape>
class MapMigration {
 public:
  template <typename T>
  using Atomic = typename Atomics::template Atomic<T>;
  using Table = MapTable<Keys, Atomics, Shape>;
  using Bucket = typename Table::Bucket;
  using Slot = typename Table::Slot;

  // False when memory was refused; the bucket is then still valid in `from`.
  static bool move_bucket(Table& from, uint64_t index, Table& to, uint32_t thread) {
    Bucket& home = from.buckets[index];
    if (home.is_moved()) return true;
    for (Bucket* bucket = &home; bucket != nullptr;) {
      for (Slot& slot : bucket->slots) {
        // Acquire: pairs with the release of whoever wrote the value; publishes its key and box. Release: pairs with
        // the acquire loads of writers that meet the mark; publishes `next`.
        const ValueWord value = slot.value.fetch_or(kValueFrozen, std::memory_order_acq_rel);
        if (is_live(value) && !copy(from, index, slot, value & ~kValueFrozen, to, thread)) return false;
      }
      // Acquire: publishes an overflow bucket. Release: as above.
      bucket = Bucket::linked(bucket->link.fetch_or(Bucket::kLinkFrozen, std::memory_order_acq_rel));
    }
    // Release: pairs with the acquire load in is_moved(); publishes the copies.
    home.moved.store(1, std::memory_order_release);
    return true;
  }

  // One writer's share. True when the move is complete, so that `to` may become the root.
  static bool help(Table& from, Table& to, uint32_t thread) {
    const uint64_t chunks = from.chunk_count();
    // Relaxed: only who moves what is shared out here; moves are made known bucket by bucket.
    if (from.taken_chunks.load(std::memory_order_relaxed) < chunks) {
      // Relaxed: as above.
      const uint64_t chunk = from.taken_chunks.fetch_add(1, std::memory_order_relaxed);
      if (chunk < chunks) {
        move_chunk(from, chunk, to, thread);
        if (chunk + 1 < chunks) return false;
      }
    }
    for (uint32_t turn = 0; turn < Shape::kVerifiedChunks; ++turn) {
      // Acquire: pairs with the release below; the chunks below are moved.
      uint64_t chunk = from.verified_chunks.load(std::memory_order_acquire);
      if (chunk >= chunks) return true;
      if (!move_chunk(from, chunk, to, thread)) return false;
      // Release: pairs with the acquire loads above and below; a swap carries on what those before it released. Relaxed on
      // failure: another thread was faster.
      from.verified_chunks.compare_exchange_strong(chunk, chunk + 1, std::memory_order_release,
                                                   std::memory_order_relaxed);
    }
    // Acquire: as above.
    return from.verified_chunks.load(std::memory_order_acquire) >= chunks;
  }

  // The size that suits `live` keys: the load lies between a half and one key per bucket, or stays what it was.
  static uint32_t bits_for(uint32_t bits, uint32_t bits_min, uint64_t live) {
    const uint64_t buckets = uint64_t{1} << bits;
    if (live > buckets) return std::min(bits + 1, Shape::kBucketBitsMax);
    if (!is_too_large(bits, bits_min, live)) return bits;
    return std::max(bits_min, static_cast<uint32_t>(std::bit_width(live)));
  }
  static bool is_too_large(uint32_t bits, uint32_t bits_min, uint64_t live) {
    return bits > bits_min && live < (uint64_t{1} << bits) / 8;
  }

 private:
  static bool move_chunk(Table& from, uint64_t chunk, Table& to, uint32_t thread) {
    const uint64_t begin = chunk * Shape::kChunkBuckets;
    const uint64_t end = std::min(begin + Shape::kChunkBuckets, from.bucket_count());
    for (uint64_t index = begin; index < end; ++index) {
      if (!move_bucket(from, index, to, thread)) return false;
    }
    return true;
  }

  static bool copy(Table& from, uint64_t index, Slot& slot, ValueWord value, Table& to, uint32_t thread) {
    // Acquire: pairs with the release in claim(); publishes what the key word points to.
    const uint64_t word = slot.key.load(std::memory_order_acquire);
    const typename Keys::Probe probe = Keys::probe_of(word, index, from.bits);
    typename Keys::Claim key(probe, *to.memory);
    const typename Table::Claimed claimed = to.claim(to.home(probe.hash), probe, key, thread);
    if (claimed.found == Table::Found::kOutOfMemory) return false;
    // Frozen without the key: `to` is itself being left, so the move that we repeat is long complete.
    if (claimed.found == Table::Found::kFrozen) return true;
    ValueWord none = kValueNone;
    // Release: pairs with the acquire loads of values; hands on what the first writer published. Relaxed on failure:
    // another thread has copied it.
    claimed.slot->value.compare_exchange_strong(none, value, std::memory_order_release, std::memory_order_relaxed);
    return true;
  }
};

}  // namespace msgtrans
