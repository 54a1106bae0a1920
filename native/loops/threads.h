// Runs one body on several threads and times them from the moment all of them are ready.
#pragma once

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/monotonic_clock.h"

namespace msgtrans::loops {

// Processor time that the calling thread has had. Time spent waiting, or taken by the hypervisor's other guests as far
// as the kernel is told, is not in it.
inline uint64_t thread_cpu_ns() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// `body(thread)` is called once on each of `count` threads. Returns the nanoseconds from the common start until the
// last one was done; making and joining the threads is outside. The calling thread only waits. `cpu_ns` gets the
// processor time of all bodies together.
template <typename Body>
uint64_t run_threads(uint32_t count, Body&& body, uint64_t* cpu_ns = nullptr) {
  std::atomic<uint32_t> ready{0};
  std::atomic<bool> go{false};
  std::vector<int64_t> ended(count);
  std::vector<uint64_t> cpu(count);
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (uint32_t index = 0; index < count; ++index) {
    threads.emplace_back([&, index] {
      // Release: pairs with the acquire load of `ready` below; the thread runs and has its stack warm.
      ready.fetch_add(1, std::memory_order_release);
      // Acquire: pairs with the release store of `go`, so that the start time was read before any body begins.
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      const uint64_t cpu_before = thread_cpu_ns();
      body(index);
      cpu[index] = thread_cpu_ns() - cpu_before;
      ended[index] = static_cast<int64_t>(monotonic_ns());
    });
  }
  // Acquire: pairs with the release increments above.
  while (ready.load(std::memory_order_acquire) != count) std::this_thread::yield();
  const auto started = static_cast<int64_t>(monotonic_ns());
  // Release: pairs with the acquire load in the threads.
  go.store(true, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  if (cpu_ns != nullptr) {
    for (const uint64_t each : cpu) *cpu_ns += each;
  }
  const int64_t last = *std::max_element(ended.begin(), ended.end());
  return static_cast<uint64_t>(std::max<int64_t>(1, last - started));
}

}  // namespace msgtrans::loops
