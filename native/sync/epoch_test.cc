#include "sync/epoch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sync/epoch_thread.h"

namespace msgtrans {
namespace {

using Domain = EpochDomain<StdAtomics>;
using Guard = EpochGuard<StdAtomics>;

struct Block {
  Retired retired;
  std::atomic<int>* alive = nullptr;
  std::atomic<uint64_t> content{kAlive};

  static constexpr uint64_t kAlive = 0x600dULL;

  explicit Block(std::atomic<int>& count) : alive(&count) {
    // Relaxed: a count.
    count.fetch_add(1, std::memory_order_relaxed);
  }
  static void destroy(Retired* retired) {
    auto* const block = reinterpret_cast<Block*>(retired);
    // Relaxed, both: counts, and a mark that a late reader would see.
    block->content.store(0, std::memory_order_relaxed);
    block->alive->fetch_sub(1, std::memory_order_relaxed);
    delete block;
  }
};

int count_of(const std::atomic<int>& count) {
  // Relaxed: asserted on after the threads were joined, or of this thread's own doing.
  return count.load(std::memory_order_relaxed);
}

TEST(Epoch, frees_what_was_retired_after_two_advances) {
  std::atomic<int> alive{0};
  Domain domain;
  Domain::Participant* const participant = domain.claim();
  {
    Guard guard(*participant);
    domain.retire(*participant, &(new Block(alive))->retired, 100, Block::destroy);
  }
  EXPECT_EQ(domain.limbo_bytes(), 100u);
  domain.flush(*participant);
  EXPECT_EQ(count_of(alive), 1);
  domain.flush(*participant);
  EXPECT_EQ(count_of(alive), 0);
  EXPECT_EQ(domain.limbo_bytes(), 0u);
  domain.give_back(participant);
}

TEST(Epoch, frees_nothing_while_a_reader_from_before_is_inside) {
  std::atomic<int> alive{0};
  Domain domain;
  Domain::Participant* const reader = domain.claim();
  Domain::Participant* const writer = domain.claim();
  domain.enter(*reader);
  domain.enter(*writer);
  domain.retire(*writer, &(new Block(alive))->retired, 1, Block::destroy);
  domain.leave(*writer);
  for (int turn = 0; turn < 10; ++turn) domain.flush(*writer);
  EXPECT_EQ(count_of(alive), 1);
  domain.leave(*reader);
  for (int turn = 0; turn < 3; ++turn) domain.flush(*writer);
  EXPECT_EQ(count_of(alive), 0);
  domain.give_back(reader);
  domain.give_back(writer);
}

TEST(Epoch, counts_only_the_outermost_of_nested_guards) {
  std::atomic<int> alive{0};
  Domain domain;
  Domain::Participant* const reader = domain.claim();
  Domain::Participant* const writer = domain.claim();
  domain.enter(*reader);
  { Guard nested(*reader); }
  domain.enter(*writer);
  domain.retire(*writer, &(new Block(alive))->retired, 1, Block::destroy);
  domain.leave(*writer);
  for (int turn = 0; turn < 4; ++turn) domain.flush(*writer);
  EXPECT_EQ(count_of(alive), 1);
  domain.leave(*reader);
  domain.give_back(reader);
  domain.give_back(writer);
}

TEST(Epoch, an_idle_participant_delays_nothing) {
  std::atomic<int> alive{0};
  Domain domain;
  Domain::Participant* const idle = domain.claim();
  Domain::Participant* const writer = domain.claim();
  { Guard visit(*idle); }
  domain.enter(*writer);
  domain.retire(*writer, &(new Block(alive))->retired, 1, Block::destroy);
  domain.leave(*writer);
  for (int turn = 0; turn < 3; ++turn) domain.flush(*writer);
  EXPECT_EQ(count_of(alive), 0);
  domain.give_back(idle);
  domain.give_back(writer);
}

TEST(Epoch, what_a_gone_thread_retired_is_freed_by_others) {
  std::atomic<int> alive{0};
  Domain domain;
  Domain::Participant* const gone = domain.claim();
  domain.enter(*gone);
  domain.retire(*gone, &(new Block(alive))->retired, 1, Block::destroy);
  domain.leave(*gone);
  domain.give_back(gone);
  Domain::Participant* const other = domain.claim();
  EXPECT_EQ(other, gone) << "a participant that was given back is used again";
  for (int turn = 0; turn < 3; ++turn) domain.flush(*other);
  EXPECT_EQ(count_of(alive), 0);
  domain.give_back(other);
}

TEST(Epoch, frees_the_rest_with_the_domain) {
  std::atomic<int> alive{0};
  {
    Domain domain;
    Domain::Participant* const participant = domain.claim();
    Guard guard(*participant);
    for (int i = 0; i < 10; ++i) domain.retire(*participant, &(new Block(alive))->retired, 1, Block::destroy);
  }
  EXPECT_EQ(count_of(alive), 0);
}

TEST(Epoch, limbo_stays_below_its_bound_and_a_batch_per_thread) {
  constexpr size_t kBlockBytes = 1000;
  constexpr EpochLimits kLimits = {16, 1 << 20, 50 * kBlockBytes};
  std::atomic<int> alive{0};
  Domain domain(kLimits);
  Domain::Participant* const participant = domain.claim();
  for (int i = 0; i < 10'000; ++i) {
    {
      Guard guard(*participant);
      domain.retire(*participant, &(new Block(alive))->retired, kBlockBytes, Block::destroy);
    }
    ASSERT_LE(domain.limbo_bytes(), kLimits.limbo_bytes_max + kLimits.batch_objects * kBlockBytes);
  }
  domain.give_back(participant);
}

// Above the bound every retiring call tries, so the first one after the reader left brings it down.
TEST(Epoch, a_writer_above_the_bound_helps_as_soon_as_the_reader_has_left) {
  constexpr EpochLimits kLimits = {1'000'000, 1, 1000};
  std::atomic<int> alive{0};
  Domain domain(kLimits);
  Domain::Participant* const reader = domain.claim();
  Domain::Participant* const writer = domain.claim();
  const auto retire_one = [&] {
    Guard guard(*writer);
    domain.retire(*writer, &(new Block(alive))->retired, 100, Block::destroy);
  };
  domain.enter(*reader);
  for (int i = 0; i < 100; ++i) retire_one();
  EXPECT_GT(domain.limbo_bytes(), kLimits.limbo_bytes_max);
  domain.leave(*reader);
  retire_one();
  EXPECT_LE(domain.limbo_bytes(), kLimits.limbo_bytes_max);
  domain.give_back(reader);
  domain.give_back(writer);
}

TEST(Epoch, readers_never_see_a_freed_block) {
  constexpr int kReplacements = 20'000;
  std::atomic<int> alive{0};
  {
    Domain domain(EpochLimits{4, 1 << 20, 1 << 20});
    std::atomic<Block*> shared{new Block(alive)};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int reader = 0; reader < 3; ++reader) {
      threads.emplace_back([&] {
        Domain::Participant* const participant = domain.claim();
        // Relaxed: only ends the loop.
        while (!stop.load(std::memory_order_relaxed)) {
          Guard guard(*participant);
          // Acquire: pairs with the exchange below.
          const Block* const block = shared.load(std::memory_order_acquire);
          // Relaxed: never written while we are inside.
          ASSERT_EQ(block->content.load(std::memory_order_relaxed), Block::kAlive);
        }
        domain.give_back(participant);
      });
    }
    Domain::Participant* const writer = domain.claim();
    for (int i = 0; i < kReplacements; ++i) {
      Guard guard(*writer);
      // Release: pairs with the acquire load above.
      Block* const old = shared.exchange(new Block(alive), std::memory_order_acq_rel);
      domain.retire(*writer, &old->retired, sizeof(Block), Block::destroy);
    }
    // Relaxed: as above.
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads) thread.join();
    domain.give_back(writer);
    // Relaxed: the threads were joined.
    Block::destroy(&shared.load(std::memory_order_relaxed)->retired);
  }
  EXPECT_EQ(count_of(alive), 0);
}

TEST(Epoch, a_thousand_threads_come_and_go_with_few_participants) {
  for (int wave = 0; wave < 250; ++wave) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        ProcessEpoch::Participant* const participant = this_thread_participant();
        ASSERT_NE(participant, nullptr);
        ASSERT_EQ(this_thread_participant(), participant) << "one per thread";
        EpochGuard<StdAtomics> guard(*participant);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  // Those of other tests of this process included; a thousand would be one per thread.
  EXPECT_LT(process_epoch().participants_made(), 64u);
}

}  // namespace
}  // namespace msgtrans
