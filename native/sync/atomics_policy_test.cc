#include "sync/atomics_policy.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "sync/cache_line.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

TEST(AtomicsPolicy, plain_memory_holds_what_was_set) {
  StdAtomics::Plain<int> value(3);
  EXPECT_EQ(value.get(), 3);
  value.set(4);
  EXPECT_EQ(value.get(), 4);
  EXPECT_EQ(sizeof(value), sizeof(int));
}

// Dekker: of two threads that write, fence and read the other's word, one at least sees the other's write. Each round
// has words of its own, and the threads enter it together without a system call in between.
TEST(AtomicsPolicy, the_light_and_the_heavy_barrier_order_a_store_before_a_load) {
  constexpr uint32_t kRounds = 50'000;
  struct alignas(kSeparateBytes) Side {
    std::atomic<uint32_t> round{0};
    std::vector<std::atomic<uint32_t>> words = std::vector<std::atomic<uint32_t>>(kRounds + 1);
    std::vector<uint32_t> seen = std::vector<uint32_t>(kRounds + 1);
  };
  std::array<Side, 2> sides;
  const stress::Seed seed;
  stress::run_together(2, [&](uint32_t thread) {
    Side& own = sides[thread];
    Side& other = sides[1 - thread];
    auto random = seed.stream(thread);
    for (uint32_t round = 1; round <= kRounds; ++round) {
      // Release and acquire: pair with each other across the threads; they only bring both to the same round.
      own.round.store(round, std::memory_order_release);
      for (uint32_t spins = 0; other.round.load(std::memory_order_acquire) < round; ++spins) {
        if (spins > 1000) std::this_thread::yield();
      }
      // The one that comes first into the round learns of it later: some delay lets the two meet.
      for (auto turns = random() % 16; turns > 0; --turns) StdAtomics::pause();
      // Relaxed: the barriers between the store and the load are what is tested.
      own.words[round].store(1, std::memory_order_relaxed);
      if (thread == 0) StdAtomics::light_barrier();
      if (thread == 1) StdAtomics::heavy_barrier();
      // Relaxed: as above.
      own.seen[round] = other.words[round].load(std::memory_order_relaxed);
    }
  });
  uint32_t both_missed = 0;
  for (uint32_t round = 1; round <= kRounds; ++round) {
    both_missed += sides[0].seen[round] == 0 && sides[1].seen[round] == 0 ? 1 : 0;
  }
  EXPECT_EQ(both_missed, 0u);
}

}  // namespace
}  // namespace msgtrans
