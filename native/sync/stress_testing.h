// What the stress tests of this layer share: a printed seed, threads that begin at one moment, and a length.
// For tests only.
#pragma once

#include <barrier>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

namespace msgtrans::stress {

// Elements that a stress test moves: few, so that all of them take a second under a sanitizer;
// MSGTRANS_STRESS_OPERATIONS=100000000 makes one run long.
inline uint64_t stress_operations() {
  const char* told = std::getenv("MSGTRANS_STRESS_OPERATIONS");
  return told == nullptr ? 100'000 : std::strtoull(told, nullptr, 10);
}

// A stream of choices per thread, all from one seed that is printed.
class Seed {
 public:
  Seed() : value_(std::random_device()()) { std::printf("seed %u\n", value_); }
  [[nodiscard]] std::mt19937 stream(uint32_t thread) const { return std::mt19937(value_ + 7919 * thread); }

 private:
  uint32_t value_;
};

// Now and then lets another thread run, at a place in the code where it would seldom be interrupted.
inline void sometimes_yield(std::mt19937& random) {
  if (random() % 32 == 0) std::this_thread::yield();
}

// Runs `body(thread number)` on `threads` threads that start together; returns when all have ended.
template <typename Body>
void run_together(uint32_t threads, const Body& body) {
  std::barrier start(static_cast<std::ptrdiff_t>(threads));
  std::vector<std::thread> running;
  for (uint32_t number = 0; number < threads; ++number) {
    running.emplace_back([&start, &body, number] {
      start.arrive_and_wait();
      body(number);
    });
  }
  for (auto& thread : running) thread.join();
}

}  // namespace msgtrans::stress
