// A pool and the arena that its slices lie in, owned together by its reactor and by every thread that has a slice of it:
// a reactor may end while others still read what it received.
//
// Thread: the reactor's. The last owner ends it, whichever thread that is; nobody uses it by then.
#pragma once

#include <memory>

#include "memory/arena.h"
#include "memory/buffer_pool.h"

namespace msgtrans {

struct PooledMemory {
  PooledMemory(std::shared_ptr<Arena> region, const BufferPoolOptions& options, const BufferPoolServices& services)
      : arena(std::move(region)), pool(arena->data() + arena->pool_offset(), options, services) {}

  const std::shared_ptr<Arena> arena;
  BufferPool pool;
};

}  // namespace msgtrans
