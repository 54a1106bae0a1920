// The lock-free maps of the process by their number, for doors in any environment to find.
//
// Any thread. Making, finding and giving up a map take a mutex; using one does not. Doors own the maps, this table only
// finds them: the last door to go frees the map, whichever environment it lies in. Numbers are never given again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sync/lock_free_map.h"

namespace msgtrans {

using U64Map = LockFreeMap<U64Keys>;
using ByteMap = LockFreeMap<ByteKeys<>>;

template <typename Map>
struct SharedMap {
  double handle = 0;  // 0: none
  std::shared_ptr<Map> map;
};

// Without a map when memory is refused.
template <typename Map>
SharedMap<Map> make_shared_map(uint64_t capacity, size_t bytes_max);

// Without a map when no door holds one of this kind and number.
template <typename Map>
SharedMap<Map> find_shared_map(double handle);

// Gives a door's share up, and with the last one the map.
template <typename Map>
void give_up_shared_map(SharedMap<Map>& shared);

// Maps of both kinds that a door holds.
size_t shared_map_count();

}  // namespace msgtrans
