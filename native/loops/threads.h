// Runs one body on several threads and times them from the moment all of them are ready.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/monotonic_clock.h"

namespace msgtrans::loops {

// `body(thread)` is called once on each of `count` threads. Returns the nanoseconds from the common start until the
// last one was done; making and joining the threads is outside. The calling thread only waits.
template <typename Body>
uint64_t run_threads(uint32_t count, Body&& body) {
  std::atomic<uint32_t> ready{0};
  std::atomic<bool> go{false};
  std::vector<int64_t> ended(count);
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (uint32_t index = 0; index < count; ++index) {
    threads.emplace_back([&, index] {
      // Release: pairs with the acquire load of `ready` below; the thread runs and has its stack warm.
      ready.fetch_add(1, std::memory_order_release);
      // Acquire: pairs with the release store of `go`, so that the start time was read before any body begins.
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      body(index);
      ended[index] = static_cast<int64_t>(monotonic_ns());
    });
  }
  // Acquire: pairs with the release increments above.
  while (ready.load(std::memory_order_acquire) != count) std::this_thread::yield();
  const auto started = static_cast<int64_t>(monotonic_ns());
  // Release: pairs with the acquire load in the threads.
  go.store(true, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  const int64_t last = *std::max_element(ended.begin(), ended.end());
  return static_cast<uint64_t>(std::max<int64_t>(1, last - started));
}

}  // namespace msgtrans::loops
