// Where a map's tables, overflow buckets, keys and boxed values come from.
//
// Any thread. What a map retired may be freed after the map is gone, so the memory of create() lives until the map has
// dropped it and every byte came back.
#pragma once

#include <cstddef>

namespace msgtrans {

class MapMemory {
 public:
  // The heap, and for large tables the kernel, within a budget. nullptr when even this is refused. Its byte counter is
  // shared by all threads, but is touched only where memory is allocated or freed: for a table, an overflow bucket, a
  // byte-string key or a boxed value, never by other writes.
  static MapMemory* create(size_t bytes_max);

  MapMemory() = default;
  MapMemory(const MapMemory&) = delete;
  MapMemory& operator=(const MapMemory&) = delete;

  // Zero-filled, from 64 bytes on aligned to a cache line; or nullptr: the budget is reached, or the system refuses.
  virtual void* allocate(size_t bytes) = 0;
  // `bytes` as they were asked for.
  virtual void free(void* memory, size_t bytes) = 0;
  // The map that used it is gone.
  virtual void drop() = 0;
  [[nodiscard]] virtual size_t bytes_in_use() const = 0;

 protected:
  virtual ~MapMemory() = default;
};

}  // namespace msgtrans
