#include "memory/return_stack.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace msgtrans {
namespace {

struct Table {
  std::vector<LendingNode<>> nodes;
  ReturnStack<> stack;

  explicit Table(size_t count) : nodes(count) {}
  auto node_of() {
    return [this](SliceId id) -> LendingNode<>& { return nodes[id]; };
  }
  bool share(SliceId id, uint32_t holders) { return ReturnStack<>::share(nodes[id], holders); }
  bool give_back(SliceId id) { return stack.give_back(id, node_of()); }
  std::vector<SliceId> take_all() {
    std::vector<SliceId> ids;
    const uint32_t count = stack.take_all(node_of(), [&ids](SliceId id) { ids.push_back(id); });
    EXPECT_EQ(count, ids.size());
    return ids;
  }
};

TEST(ReturnStack, releases_a_slice_when_its_last_holder_gave_it_back) {
  Table table(1);
  EXPECT_TRUE(table.share(0, 3));
  EXPECT_FALSE(table.give_back(0));
  EXPECT_FALSE(table.give_back(0));
  EXPECT_TRUE(table.take_all().empty());
  EXPECT_TRUE(table.give_back(0));
  EXPECT_EQ(table.take_all(), std::vector<SliceId>{0});
  EXPECT_TRUE(table.take_all().empty());
  EXPECT_TRUE(table.share(0, 1)) << "and may be lent again";
  EXPECT_TRUE(table.give_back(0));
}

TEST(ReturnStack, keeps_a_slice_that_is_shared_again_while_it_is_queued) {
  Table table(2);
  EXPECT_TRUE(table.share(0, 1));
  EXPECT_TRUE(table.give_back(0));
  EXPECT_FALSE(table.share(0, 2)) << "it never was at home";
  EXPECT_TRUE(table.take_all().empty()) << "two holders are left";
  EXPECT_FALSE(table.give_back(0));
  EXPECT_TRUE(table.give_back(0));
  EXPECT_EQ(table.take_all(), std::vector<SliceId>{0});
}

TEST(ReturnStack, queues_a_slice_once_though_it_comes_home_twice) {
  Table table(2);
  EXPECT_TRUE(table.share(1, 1));
  EXPECT_TRUE(table.give_back(1));
  EXPECT_TRUE(table.share(0, 1));
  EXPECT_TRUE(table.give_back(0));
  EXPECT_FALSE(table.share(1, 1));
  EXPECT_FALSE(table.give_back(1)) << "it is queued";
  EXPECT_EQ(table.take_all(), (std::vector<SliceId>{0, 1}));
}

TEST(ReturnStack, takes_many_with_one_access_to_the_head) {
  Table table(6);
  for (const SliceId id : {0u, 1u, 2u, 3u}) table.share(id, 1);
  table.share(4, 2);
  table.give_back(3);
  const SliceId ids[] = {0, 4, 1, 2};
  table.stack.give_back(ids, 4, table.node_of());
  EXPECT_EQ(table.take_all(), (std::vector<SliceId>{2, 1, 0, 3}));
  table.stack.give_back(ids, 0, table.node_of());
  table.stack.give_back(ids + 1, 1, table.node_of());
  EXPECT_EQ(table.take_all(), std::vector<SliceId>{4});
}

TEST(ReturnStack, loses_nothing_when_a_slice_leaves_and_comes_home_while_the_others_are_taken) {
  Table table(3);
  for (const SliceId id : {0u, 1u, 2u}) {
    table.share(id, 1);
    table.give_back(id);
  }
  std::vector<SliceId> ids;
  table.stack.take_all(table.node_of(), [&](SliceId id) {
    ids.push_back(id);
    EXPECT_TRUE(table.share(id, 1));
    EXPECT_TRUE(table.give_back(id));
  });
  EXPECT_EQ(ids, (std::vector<SliceId>{2, 1, 0}));
  EXPECT_EQ(table.take_all(), (std::vector<SliceId>{0, 1, 2}));
}

TEST(ReturnStackDeathTest, ends_the_process_when_a_slice_is_given_back_too_often) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Table table(1);
  EXPECT_DEATH(table.give_back(0), "invariant broken");
  table.share(0, 1);
  table.give_back(0);
  EXPECT_DEATH(table.give_back(0), "invariant broken");
}

// One owner, several holders, few slices, so that pushes meet and slices are shared again while they are queued. Each
// slice has plain bytes: the holders read them, the owner writes them once it has the slice back. ThreadSanitizer
// watches that; the sum shows that nothing is lost or comes home twice.
TEST(ReturnStackStress, brings_every_slice_home_from_many_threads) {
  constexpr uint32_t kSlices = 6;
  constexpr uint32_t kHolders = 3;
  constexpr uint32_t kRounds = 30'000;
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);

  Table table(kSlices);
  uint64_t content[kSlices] = {};
  // What the owner hands to each holder: a slice, or none. One writer and one reader each.
  struct Door {
    alignas(128) std::atomic<uint32_t> slice{kNoSlice};
  };
  std::vector<Door> doors(kHolders);
  std::atomic<bool> done{false};
  std::atomic<uint64_t> torn{0};
  std::vector<std::thread> holders;
  for (uint32_t h = 0; h < kHolders; ++h) {
    holders.emplace_back([&, h] {
      std::mt19937 random(seed + h);
      while (true) {
        // Acquire: pairs with the owner's release store; publishes the content and the share.
        const SliceId id = doors[h].slice.load(std::memory_order_acquire);
        if (id == kNoSlice) {
          // Acquire: pairs with the owner's release store; nothing is handed out behind it.
          if (done.load(std::memory_order_acquire)) return;
          std::this_thread::yield();
          continue;
        }
        const uint64_t before = content[id];
        if (random() % 4 == 0) std::this_thread::yield();
        // Relaxed: read after the join.
        if (content[id] != before) torn.fetch_add(1, std::memory_order_relaxed);
        if (random() % 2 == 0) {
          table.give_back(id);
        } else {
          table.stack.give_back(&id, 1, table.node_of());
        }
        // Release: pairs with the owner's acquire load; the door is free again.
        doors[h].slice.store(kNoSlice, std::memory_order_release);
      }
    });
  }

  std::mt19937 random(seed);
  bool abroad[kSlices] = {};
  uint64_t shared = 0;
  uint64_t home = 0;
  const auto drain = [&] {
    for (const SliceId id : table.take_all()) {
      EXPECT_TRUE(abroad[id]);
      abroad[id] = false;
      ++home;
      ++content[id];
    }
  };
  for (uint32_t round = 0; round < kRounds; ++round) {
    const auto id = static_cast<SliceId>(random() % kSlices);
    const auto to = static_cast<uint32_t>(random() % kHolders);
    // Acquire: pairs with the holder's release store.
    if (doors[to].slice.load(std::memory_order_acquire) == kNoSlice) {
      // Written only while nobody holds it. Otherwise it is shared once more, perhaps while it is queued.
      if (!abroad[id]) ++content[id];
      const bool was_home = table.share(id, 1);
      ASSERT_EQ(was_home, !abroad[id]);
      shared += was_home ? 1 : 0;
      abroad[id] = true;
      // Release: pairs with the holder's acquire load.
      doors[to].slice.store(id, std::memory_order_release);
    } else {
      std::this_thread::yield();
    }
    if (random() % 5 == 0) drain();
  }
  // Release: pairs with the holders' acquire load.
  done.store(true, std::memory_order_release);
  for (std::thread& holder : holders) holder.join();
  drain();
  EXPECT_EQ(home, shared);
  for (const LendingNode<>& node : table.nodes) {
    EXPECT_EQ(node.word.load(std::memory_order_relaxed), 0u);  // relaxed: all threads are joined
  }
  EXPECT_EQ(torn.load(std::memory_order_relaxed), 0u);  // relaxed: likewise
}

}  // namespace
}  // namespace msgtrans
