#include "session/slot_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <vector>

#include "session/session.h"
#include "session/session_directory.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

// Numbers that no other test gives to a reactor: what is in the table stays there.
constexpr uint32_t kReactor = 230;

std::unique_ptr<SessionDirectory> adopt(uint32_t reactor) {
  return std::make_unique<SessionDirectory>(reactor, SlotTable::adopt(reactor));
}
uint64_t id_of(const SessionDirectory& directory, uint32_t slot) {
  // Relaxed: the owner's thread.
  return uint64_t{directory.state(slot).generation.load(std::memory_order_relaxed)} << 32 | directory.word(slot);
}

TEST(SlotTableTest, knows_nothing_of_slots_that_never_were) {
  EXPECT_EQ(SlotTable::find_state(slot_word(kReactor + 20, 0)), nullptr) << "no such reactor";
  const auto directory = adopt(kReactor);
  ASSERT_TRUE(directory->reserve(1));
  EXPECT_NE(SlotTable::find_state(slot_word(kReactor, 0)), nullptr);
  EXPECT_EQ(SlotTable::find_state(slot_word(kReactor, kSlotMask)), nullptr) << "no such segment";
  EXPECT_FALSE(SlotTable::is_open(0)) << "id 0 names no session";
}

TEST(SlotTableTest, shows_any_thread_what_the_owner_opened_and_closed) {
  const auto directory = adopt(kReactor);
  Session session;
  const uint32_t slot = directory->claim(&session);
  const uint64_t id = id_of(*directory, slot);
  stress::run_together(1, [&](uint32_t) {
    EXPECT_TRUE(SlotTable::is_open(id));
    EXPECT_FALSE(SlotTable::is_open(id + (uint64_t{1} << 32))) << "a session to come";
  });
  directory->release(slot);
  EXPECT_FALSE(SlotTable::is_open(id));
}

TEST(SlotTableTest, leaves_slots_to_the_next_reactor_with_that_number_and_makes_old_ids_stale) {
  Session session;
  std::vector<uint64_t> old_ids;
  const SlotState* first = nullptr;
  {
    const auto directory = adopt(kReactor + 1);
    for (int i = 0; i < 3'000; ++i) {
      const uint32_t slot = directory->claim(&session);
      old_ids.push_back(id_of(*directory, slot));
    }
    first = &directory->state(0);
    for (const uint64_t id : old_ids) directory->release(static_cast<uint32_t>(id) & kSlotMask);
  }
  const auto directory = adopt(kReactor + 1);
  EXPECT_EQ(&directory->state(0), first) << "slots never move";
  EXPECT_EQ(directory->open_count(), 0u);
  EXPECT_GE(directory->segment_count(), 2u) << "and are there at once";
  for (int i = 0; i < 3'000; ++i) {
    const uint32_t slot = directory->claim(&session);
    ASSERT_TRUE(SlotTable::is_open(id_of(*directory, slot)));
  }
  for (const uint64_t id : old_ids) ASSERT_FALSE(SlotTable::is_open(id));
  for (uint32_t slot = 0; slot < directory->slots_used(); ++slot) {
    if (directory->at(slot) != nullptr) directory->release(slot);
  }
  directory->check_invariants();
}

TEST(SlotTableTest, answers_a_batch_as_it_answers_one_by_one) {
  const stress::Seed seed;
  std::mt19937 random = seed.stream(0);
  const auto directory = adopt(kReactor + 2);
  Session session;
  std::vector<uint64_t> ids = {0, UINT64_MAX, uint64_t{1} << 32};
  for (int i = 0; i < 2'500; ++i) ids.push_back(id_of(*directory, directory->claim(&session)));
  for (size_t i = 3; i < ids.size(); i += 3) directory->release(static_cast<uint32_t>(ids[i]) & kSlotMask);
  for (int i = 0; i < 500; ++i) ids.push_back(uint64_t{random()} << 32 | random());
  std::shuffle(ids.begin(), ids.end(), random);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, ids.size()}) {
    std::vector<uint8_t> open(count, 7);
    SlotTable::lookup_batch(std::span(ids).first(count), open);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(open[i], SlotTable::is_open(ids[i]) ? 1 : 0);
  }
  for (uint32_t slot = 0; slot < directory->slots_used(); ++slot) {
    if (directory->at(slot) != nullptr) directory->release(slot);
  }
}

TEST(SlotTableTest, answers_readers_while_reactors_with_its_number_come_and_go) {
  const stress::Seed seed;
  const uint64_t rounds = stress::stress_operations() / 5'000;
  std::atomic<uint64_t> lasting{0};
  std::atomic<uint64_t> gone{0};
  std::atomic<uint32_t> over{0};
  stress::run_together(3, [&](uint32_t thread) {
    std::mt19937 random = seed.stream(thread);
    if (thread > 0) {
      // Relaxed: only ends the loop.
      while (over.load(std::memory_order_relaxed) == 0) {
        // Acquire, all: pair with the releases below.
        const uint64_t before = lasting.load(std::memory_order_acquire);
        const bool is_open = SlotTable::is_open(before);
        ASSERT_TRUE(is_open || before == 0 || lasting.load(std::memory_order_acquire) != before);
        const uint64_t stale = gone.load(std::memory_order_acquire);
        ASSERT_FALSE(SlotTable::is_open(stale));
        const auto slot = static_cast<uint32_t>(random() % 5'000);
        (void)SlotTable::is_open(uint64_t{random() % 8} << 32 | slot_word(kReactor + 3, slot));
      }
      return;
    }
    Session session;
    for (uint64_t round = 0; round < rounds; ++round) {
      const auto directory = adopt(kReactor + 3);
      std::vector<uint32_t> slots;
      const uint32_t count = 1 + static_cast<uint32_t>(random() % 1'500);
      for (uint32_t i = 0; i < count; ++i) slots.push_back(directory->claim(&session));
      const uint64_t id = id_of(*directory, slots.front());
      // Release: pairs with the acquires above; the session is open from here on.
      lasting.store(id, std::memory_order_release);
      stress::sometimes_yield(random);
      // seq_cst: before the release of the slot; a reader that saw it open looks here again.
      lasting.store(0, std::memory_order_seq_cst);
      for (const uint32_t slot : slots) directory->release(slot);
      // Release: pairs with the acquires above; the session is over.
      gone.store(id, std::memory_order_release);
    }
    // Relaxed: only ends the loops.
    over.store(1, std::memory_order_relaxed);
  });
}

}  // namespace
}  // namespace msgtrans
