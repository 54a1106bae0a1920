// What the loops of the buffer pool share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "loops/loop.h"
#include "memory/buffer_pool.h"
#include "sync/cache_line.h"

namespace msgtrans::loops {

// A pool with its memory. Everything that serves is warm.
struct WarmPool {
  explicit WarmPool(const BufferPoolOptions& options, const BufferPoolServices& services = {})
      : memory(Mapping::create_aligned(BufferPool::bytes_needed(options), kHugePageBytes)) {
    if (!memory.valid()) throw std::runtime_error("the kernel refused the memory of a pool");
    pool = std::make_unique<BufferPool>(memory.data(), options, services);
    pool->warm_up(SIZE_MAX / 2);
  }

  Mapping memory;
  std::unique_ptr<BufferPool> pool;
};

// What a user of a buffer does at least.
inline void write_line(void* data, uint64_t value) {
  auto* const words = static_cast<uint64_t*>(data);
  for (size_t i = 0; i < kCacheLineBytes / sizeof value; ++i) words[i] = value;
  keep(words);
}

template <typename Arm>
Made make_arm(const Parameters& parameters) {
  return std::make_unique<Arm>(parameters);
}

}  // namespace msgtrans::loops
