// Sessions in process between engines on threads of their own.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "session/in_process_player.h"
#include "session/mem_names.h"
#include "session/test_reactor.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

constexpr uint32_t kFirst = 210;  // reactor numbers of this file: kFirst and a few more

std::string name_of(uint32_t thread) { return "in-process-" + std::to_string(thread); }

// Threads that wait for one another while each goes on with its loop.
class Stages {
 public:
  explicit Stages(uint32_t threads) : threads_(threads) {}
  // False when the others did not come.
  bool reach(TestReactor& reactor, uint32_t stage) {
    // Acq_rel and acquire: what a thread did before is seen by all after.
    arrived_[stage].fetch_add(1, std::memory_order_acq_rel);
    return reactor.run_until([&] { return arrived_[stage].load(std::memory_order_acquire) >= threads_; });
  }

 private:
  uint32_t threads_;
  std::atomic<uint32_t> arrived_[8] = {};
};

struct Traffic {
  uint32_t reactors;
  uint32_t sessions;  // from each reactor to each, itself included
  uint32_t messages;  // each way
  uint32_t bytes_max;
};

class InProcessTrafficTest : public ::testing::TestWithParam<Traffic> {};

TEST_P(InProcessTrafficTest, delivers_everything_once_and_in_order_and_settles_it) {
  const Traffic traffic = GetParam();
  const stress::Seed seed;
  Stages stages(traffic.reactors);
  const uint64_t ends = uint64_t{2} * traffic.sessions * traffic.reactors;
  stress::run_together(traffic.reactors, [&](uint32_t thread) {
    std::mt19937 random = seed.stream(thread);
    TestReactor reactor(kFirst + thread);
    Player player(reactor, traffic.bytes_max);
    ASSERT_EQ(reactor.engine->listen_in_process(name_of(thread)).error, 0);
    ASSERT_TRUE(stages.reach(reactor, 0));
    for (uint32_t to = 0; to < traffic.reactors; ++to) {
      ASSERT_EQ(reactor.engine->connect_in_process(name_of(to), traffic.sessions).error, 0);
    }
    ASSERT_TRUE(reactor.run_until([&] { return player.opened == ends; }));
    std::vector<Conversation*> sending;
    for (auto& [key, one] : player.ends) sending.push_back(&one);
    // A few at a time in random order, each as far as its share of the queue allows.
    const auto send_some = [&] {
      for (int i = 0; i < 200 && !sending.empty(); ++i) {
        const size_t at = random() % sending.size();
        if (reactor.queued_bytes(sending[at]->end) > 256 * 1024) continue;
        player.send(*sending[at]);
        if (sending[at]->sent < traffic.messages) continue;
        sending[at] = sending.back();
        sending.pop_back();
      }
      return sending.empty() && player.received == ends * traffic.messages;
    };
    ASSERT_TRUE(reactor.run_until(send_some)) << player.received << " of " << ends * traffic.messages;
    ASSERT_TRUE(reactor.run_until([&] { return player.queued() == 0; })) << "accounting returns to nothing";
    ASSERT_TRUE(reactor.run_until([&] { return reactor.queued_total() == 0; }));
    ASSERT_TRUE(stages.reach(reactor, 1));
    // Some are closed at this end, some at the other, some at both at once.
    for (auto& [key, one] : player.ends) {
      if (random() % 2 == 0) (void)reactor.close(one.end);
    }
    ASSERT_TRUE(stages.reach(reactor, 2));
    for (auto& [key, one] : player.ends) {
      if (one.closed == 0) (void)reactor.close(one.end);
    }
    ASSERT_TRUE(reactor.run_until([&] { return player.closed == ends; }));
    for (auto& [key, one] : player.ends) EXPECT_EQ(one.code, CloseCode::kOrderly);
    EXPECT_EQ(reactor.engine->directory().open_count(), 0u);
    reactor.engine->check_invariants();
    ASSERT_TRUE(stages.reach(reactor, 3));
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, InProcessTrafficTest,
                         ::testing::Values(Traffic{1, 20, 100, 3'000}, Traffic{2, 30, 200, 3'000},
                                           Traffic{3, 10, 100, 3'000}, Traffic{2, 500, 6, 200},
                                           Traffic{2, 2, 40, 300'000}, Traffic{3, 2, 300, 60'000}),
                         [](const auto& one) {
                           return std::to_string(one.param.reactors) + "_engines_" +
                                  std::to_string(one.param.sessions) + "_sessions_" +
                                  std::to_string(one.param.bytes_max) + "_bytes";
                         });

// Two reactors with one session: `first` listens, `second` connects.
struct Pair {
  TestReactor first{kFirst};
  TestReactor second{kFirst + 1};
  Player listening;
  Player connecting;

  explicit Pair(uint32_t bytes_max = 1'000) : listening(first, bytes_max), connecting(second, bytes_max) {
    EXPECT_EQ(first.engine->listen_in_process(name_of(0)).error, 0);
  }
  void open(uint32_t sessions = 1) {
    EXPECT_EQ(second.engine->connect_in_process(name_of(0), sessions).error, 0);
    EXPECT_TRUE(run_until([&] { return listening.opened == sessions && connecting.opened == sessions; }));
  }
  bool run_until(const std::function<bool()>& done) {
    return first.run_until([&] {
      second.step(0);
      return done();
    });
  }
  // Lets everything that is under way arrive.
  void settle() {
    for (int quiet = 0; quiet < 3;) quiet = first.step(0) || second.step(0) ? 0 : quiet + 1;
  }
};

TEST(InProcessTest, refuses_names_that_nobody_has) {
  Pair pair;
  EXPECT_EQ(pair.second.engine->connect_in_process("in-process-nobody", 1).error, ECONNREFUSED);
  EXPECT_EQ(pair.second.engine->listen_in_process(name_of(0)).error, EADDRINUSE);
  EXPECT_NE(pair.second.engine->listen_in_process("").name, "");
}

TEST(InProcessTest, refuses_connects_that_come_after_the_listener_closed) {
  Pair pair;
  ASSERT_EQ(pair.second.engine->connect_in_process(name_of(0), 5).error, 0);
  pair.first.engine->close_listener(MemNames::find(name_of(0))->listener);
  ASSERT_TRUE(pair.run_until([&] { return pair.connecting.refused == 5; }));
  EXPECT_EQ(pair.second.engine->directory().open_count(), 0u);
  EXPECT_EQ(pair.second.engine->connect_in_process(name_of(0), 1).error, ECONNREFUSED);
}

TEST(InProcessTest, refuses_connects_to_a_reactor_that_is_gone) {
  Pair pair;
  const MemListenerAddress address = *MemNames::find(name_of(0));
  pair.first.engine->abandon();
  ASSERT_TRUE(MemNames::add(name_of(0), address)) << "as if it were found in the moment before";
  ASSERT_EQ(pair.second.engine->connect_in_process(name_of(0), 5).error, 0);
  ASSERT_TRUE(pair.second.run_until([&] { return pair.connecting.refused == 5; }));
  EXPECT_EQ(pair.second.engine->directory().open_count(), 0u);
  MemNames::remove(name_of(0));
}

TEST(InProcessTest, closes_the_other_end_of_a_connect_that_was_cancelled) {
  Pair pair;
  const auto opened = pair.second.engine->connect_in_process(name_of(0), 3);
  pair.second.engine->cancel_connect(opened.id);
  ASSERT_TRUE(pair.run_until([&] { return pair.listening.closed == 3; }));
  pair.settle();
  EXPECT_EQ(pair.connecting.opened, 0u);
  EXPECT_EQ(pair.first.engine->directory().open_count(), 0u);
  EXPECT_EQ(pair.second.engine->directory().open_count(), 0u);
}

TEST(InProcessTest, tells_an_acceptor_whose_connector_went_before_the_answer) {
  Pair pair;
  ASSERT_EQ(pair.second.engine->connect_in_process(name_of(0), 3).error, 0);
  pair.second.engine->abandon();
  ASSERT_TRUE(pair.first.run_until([&] { return pair.listening.closed == pair.listening.opened; }));
  for (int i = 0; i < 20; ++i) pair.first.step();
  EXPECT_EQ(pair.listening.closed, pair.listening.opened);
  EXPECT_EQ(pair.first.engine->directory().open_count(), 0u) << "no session without another end";
}

TEST(InProcessTest, delivers_what_was_sent_before_a_close) {
  for (const bool flush : {true, false}) {
    Pair pair;
    pair.open();
    for (int i = 0; i < 300; ++i) pair.connecting.send(pair.connecting.single());
    ASSERT_TRUE(pair.second.close(pair.connecting.single().end, CloseCode::kOrderly, flush));
    ASSERT_TRUE(pair.run_until([&] { return pair.listening.closed == 1 && pair.connecting.closed == 1; }));
    EXPECT_EQ(pair.listening.received, 300u);
    EXPECT_FALSE(pair.listening.single().closed_here);
    EXPECT_TRUE(pair.connecting.single().closed_here);
  }
}

TEST(InProcessTest, closes_from_both_ends_at_once) {
  Pair pair;
  pair.open(50);
  for (auto& [key, one] : pair.listening.ends) EXPECT_TRUE(pair.first.close(one.end));
  for (auto& [key, one] : pair.connecting.ends) EXPECT_TRUE(pair.second.close(one.end));
  ASSERT_TRUE(pair.run_until([&] { return pair.listening.closed == 50 && pair.connecting.closed == 50; }));
  pair.settle();
  EXPECT_EQ(pair.first.engine->directory().open_count(), 0u);
  EXPECT_EQ(pair.second.engine->directory().open_count(), 0u);
}

TEST(InProcessTest, settles_nothing_and_answers_no_drain_while_the_other_end_is_paused) {
  Pair pair;
  pair.open();
  const SessionEnd from = pair.connecting.single().end;
  pair.first.set_paused(pair.listening.single().end, true);
  for (int i = 0; i < 10; ++i) pair.connecting.send(pair.connecting.single());
  const uint32_t sent = pair.second.queued_bytes(from);
  pair.second.engine->want_drain(pair.second.engine->directory().word(from.slot), from.generation);
  ASSERT_TRUE(pair.run_until([&] { return pair.listening.received == 10; }));
  pair.settle();
  EXPECT_EQ(pair.second.queued_bytes(from), sent);
  EXPECT_EQ(pair.connecting.drained, 0u);
  pair.first.set_paused(pair.listening.single().end, false);
  ASSERT_TRUE(pair.run_until([&] { return pair.connecting.drained == 1; }));
  EXPECT_EQ(pair.second.queued_bytes(from), 0u);
}

TEST(InProcessTest, lends_many_small_stretches_of_one_segment) {
  Pair pair(1'000);
  pair.open();
  Conversation& from = pair.connecting.single();
  // The other reactor does not run: nothing comes back.
  for (uint32_t i = 0; i < 10 * kRingSegments; ++i) {
    pair.connecting.send(from);
    pair.second.engine->flush();
  }
  EXPECT_EQ(pair.second.engine->counters().segments_copied, 0u);
  EXPECT_GE(pair.second.engine->counters().runs_lent, 10u * kRingSegments);
  ASSERT_TRUE(pair.run_until([&] { return pair.listening.received == from.sent; }));
}

TEST(InProcessTest, copies_when_every_segment_is_read_and_keeps_the_order_of_everything) {
  Pair pair(100'000);
  pair.open();
  Conversation& from = pair.connecting.single();
  // The other reactor does not run: nothing comes back.
  uint32_t large = 0;
  for (int i = 0; i < 200; ++i) {
    pair.connecting.send(from);
    if (numbered(from.sent, 100'000).size() > kRingBytes / 4) ++large;
    pair.second.engine->flush();
  }
  EXPECT_GT(large, 10u) << "packets that go beside the ring";
  EXPECT_GT(pair.second.engine->counters().segments_copied, 10u);
  const SessionEnd end = from.end;
  pair.second.engine->want_drain(pair.second.engine->directory().word(end.slot), end.generation);
  ASSERT_TRUE(pair.second.close(end));
  ASSERT_TRUE(pair.run_until([&] { return pair.listening.closed == 1 && pair.connecting.closed == 1; }));
  EXPECT_EQ(pair.listening.received, 200u) << "the close did not overtake what was copied";
  EXPECT_EQ(pair.second.queued_total(), 0);
}

TEST(InProcessTest, opens_before_the_first_message_however_many_connect_at_once) {
  constexpr uint32_t kSessions = 5'000;
  Pair pair;
  const auto answer = [](Player& player) {
    return [&player](Conversation& conversation) {
      if (conversation.received == 1) player.send(conversation);
    };
  };
  pair.listening.on_message = answer(pair.listening);
  ASSERT_EQ(pair.second.engine->connect_in_process(name_of(0), kSessions).error, 0);
  // Each sends as soon as it is open, while others are still to be accepted.
  size_t sent = 0;
  ASSERT_TRUE(pair.run_until([&] {
    if (pair.connecting.opened > sent) {
      for (auto& [key, one] : pair.connecting.ends) {
        if (one.opened == 1 && one.sent == 0) pair.connecting.send(one), ++sent;
      }
    }
    return pair.connecting.received == kSessions && pair.listening.received == kSessions;
  }));
  EXPECT_EQ(pair.first.engine->directory().open_count(), kSessions);
}

TEST(InProcessTest, tells_the_other_ends_of_a_reactor_that_is_abandoned_under_traffic) {
  const stress::Seed seed;
  constexpr uint32_t kSessions = 20;
  const uint64_t rounds = std::max<uint64_t>(stress::stress_operations() / 5'000, 1);
  TestReactor lasting(kFirst);
  Player player(lasting, 5'000);
  ASSERT_EQ(lasting.engine->listen_in_process(name_of(0)).error, 0);
  for (uint64_t round = 0; round < rounds; ++round) {
    player.ends.clear();
    player.opened = player.closed = player.arenas = 0;
    std::atomic<uint32_t> is_gone{0};
    std::thread other([&] {
      std::mt19937 random = seed.stream(static_cast<uint32_t>(round));
      TestReactor reactor(kFirst + 1);
      Player mine(reactor, 5'000);
      ASSERT_EQ(reactor.engine->connect_in_process(name_of(0), kSessions).error, 0);
      const uint64_t enough = random() % 2'000;
      if (round % 4 != 3) {
        ASSERT_TRUE(reactor.run_until([&] {
          for (auto& [key, one] : mine.ends) {
            if (one.closed == 0 && reactor.queued_bytes(one.end) < 100'000) mine.send(one);
          }
          return mine.received >= enough;
        }));
      }
      reactor.engine->abandon();
      // Release: pairs with the acquire below.
      is_gone.store(1, std::memory_order_release);
    });
    ASSERT_TRUE(lasting.run_until([&] {
      for (auto& [key, one] : player.ends) {
        if (one.opened == 1 && one.closed == 0 && lasting.queued_bytes(one.end) < 100'000) player.send(one);
      }
      // Acquire: pairs with the release above.
      return is_gone.load(std::memory_order_acquire) != 0 && player.closed == player.opened;
    })) << "round " << round;
    other.join();
    for (int quiet = 0; quiet < 3;) quiet = lasting.step() ? 0 : quiet + 1;
    EXPECT_EQ(player.closed, player.opened);
    EXPECT_LE(player.arenas, 1u) << "one reactor, one arena";
    for (auto& [key, one] : player.ends) EXPECT_EQ(one.code, CloseCode::kWorkerExited);
    ASSERT_EQ(lasting.engine->directory().open_count(), 0u) << "round " << round;
    ASSERT_EQ(lasting.queued_total(), 0) << "nothing is under way to nobody, round " << round;
  }
  // All segments came back: so many can be lent again.
  TestReactor reader(kFirst + 1);
  Player reading(reader, 5'000);
  player.ends.clear();
  ASSERT_EQ(reader.engine->connect_in_process(name_of(0), 1).error, 0);
  while (player.ends.empty() || reading.ends.empty()) lasting.step(0), reader.step(0);
  const uint64_t copied = lasting.engine->counters().segments_copied;
  for (uint32_t i = 0; i + 1 < kRingSegments; ++i) {
    player.send(player.single());
    lasting.engine->flush();
  }
  EXPECT_EQ(lasting.engine->counters().segments_copied, copied);
}

TEST(InProcessTest, reaches_the_next_reactor_with_a_number_and_tells_of_its_arena) {
  TestReactor lasting(kFirst);
  Player player(lasting, 1'000);
  ASSERT_EQ(lasting.engine->listen_in_process(name_of(0)).error, 0);
  for (uint64_t round = 1; round <= 20; ++round) {
    TestReactor other(kFirst + 1);
    Player mine(other, 1'000);
    ASSERT_EQ(other.engine->listen_in_process(name_of(1)).error, 0);
    const auto run_until = [&](const std::function<bool()>& done) {
      return lasting.run_until([&] {
        other.step(0);
        return done();
      });
    };
    // The lasting one speaks first, over what it may still hold of the reactor before.
    ASSERT_EQ(lasting.engine->connect_in_process(name_of(1), 1).error, 0);
    ASSERT_TRUE(run_until([&] { return mine.opened == 1 && player.opened == round; })) << "round " << round;
    player.send(*player.newest);
    mine.send(*mine.newest);
    ASSERT_TRUE(run_until([&] { return mine.received == 1 && player.received == round; }));
    EXPECT_EQ(player.arenas, round);
    other.engine->abandon();
    if (round % 2 == 0) continue;  // not even looked at before the next one comes
    ASSERT_TRUE(lasting.run_until([&] { return player.closed == round; }));
    EXPECT_EQ(player.newest->code, CloseCode::kWorkerExited);
  }
  ASSERT_TRUE(lasting.run_until([&] { return player.closed == 20; }));
}

}  // namespace
}  // namespace msgtrans
