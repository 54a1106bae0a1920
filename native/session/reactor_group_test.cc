#include "session/reactor_group.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "session/home_loop.h"
#include "session/reactor_port.h"
#include "session/shared_listener.h"
#include "session/socket_peer.h"

namespace msgtrans {
namespace {

const SocketAddress kAnyPort = *SocketAddress::tcp("127.0.0.1", 0);

// Connections that were accepted, by the reactor that has them.
class Accepted {
 public:
  explicit Accepted(HomeLoop& home) {
    home.on_event = [this](const uint32_t* event) {
      if (event[kEventKind] == kEventAccepted) ++by_reactor[event[kEventSlotWord] >> kSlotBits];
    };
  }
  [[nodiscard]] size_t total() const {
    size_t sum = 0;
    for (const size_t count : by_reactor) sum += count;
    return sum;
  }
  std::array<size_t, kReactorsMax> by_reactor = {};
};

std::vector<std::unique_ptr<SocketPeer>> dial(const SocketAddress& address, int count) {
  std::vector<std::unique_ptr<SocketPeer>> peers;
  for (int i = 0; i < count; ++i) {
    OpenedSocket opened = open_connection(address);
    EXPECT_TRUE(opened.fd.valid()) << opened.error;
    peers.push_back(std::make_unique<SocketPeer>(std::move(opened.fd)));
  }
  return peers;
}

TEST(ReactorGroupTest, spreads_connections_over_its_threads_and_none_over_home) {
  HomeLoop home(50);
  ASSERT_TRUE(home.group.add_thread(home.thread_options(51)));
  ASSERT_TRUE(home.group.add_thread(home.thread_options(52)));
  Accepted accepted(home);
  const SessionEngine::Opened opened = home.group.listen(kAnyPort, 512, false);
  ASSERT_EQ(opened.error, 0);
  const auto peers = dial(opened.address, 200);
  EXPECT_TRUE(home.run_until([&] { return accepted.total() == 200; }));
  EXPECT_EQ(accepted.by_reactor[50], 0u);
  EXPECT_GT(accepted.by_reactor[51], 20u);
  EXPECT_GT(accepted.by_reactor[52], 20u);
  EXPECT_EQ(home.group.sessions_open(), 200u);
  home.end();
}

TEST(ReactorGroupTest, has_freed_the_address_when_close_listener_returns) {
  HomeLoop home(50);
  ASSERT_TRUE(home.group.add_thread(home.thread_options(51)));
  SessionEngine::Opened opened = home.group.listen(kAnyPort, 512, false);
  const SocketAddress address = opened.address;
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(home.group.listen(address, 512, false).error, EADDRINUSE);
    home.group.close_listener(opened.id);
    opened = home.group.listen(address, 512, false);
    ASSERT_EQ(opened.error, 0);
  }
  home.end();
}

TEST(ReactorGroupTest, connects_from_the_thread_with_the_fewest_sessions_and_tells_a_failure) {
  HomeLoop home(50);
  ASSERT_TRUE(home.group.add_thread(home.thread_options(51)));
  ASSERT_TRUE(home.group.add_thread(home.thread_options(52)));
  uint32_t connected_from = 0;
  uint32_t failed = 0;
  home.on_event = [&](const uint32_t* event) {
    if (event[kEventKind] == kEventConnected) connected_from = event[kEventSlotWord] >> kSlotBits;
    if (event[kEventKind] == kEventConnectFailed) failed = event[kEventA];
  };
  const auto load = [](uint32_t reactor) { return ReactorPorts::find(reactor)->session_load(); };
  // What the choice goes by: a reactor tells it at the end of its turn, after the event.
  const auto are_told = [&](uint32_t sessions) { return load(51) + load(52) == sessions; };
  const SessionEngine::Opened opened = home.group.listen(kAnyPort, 512, false);
  // An odd number, so that one thread has fewer.
  const auto peers = dial(opened.address, 9);
  ASSERT_TRUE(home.run_until([&] { return are_told(9); }));
  for (uint32_t i = 1; i <= 10; ++i) {
    const uint32_t lighter = load(52) < load(51) ? 52 : 51;
    const bool is_tie = load(51) == load(52);
    connected_from = 0;
    ASSERT_EQ(home.group.connect(opened.address).error, 0);
    ASSERT_TRUE(home.run_until([&] { return connected_from != 0 && are_told(9 + 2 * i); }));
    if (!is_tie) {
      EXPECT_EQ(connected_from, lighter);
    }
  }
  home.group.close_listener(opened.id);
  const SessionEngine::Opened refused = home.group.connect(opened.address);
  EXPECT_TRUE(home.run_until([&] { return failed == refused.id; }));
  home.end();
}

TEST(ReactorGroupTest, shares_an_address_between_transports_and_one_that_ends_hands_its_connections_on) {
  HomeLoop first(50);
  auto second = std::make_unique<HomeLoop>(53);
  Accepted accepted(first);
  const SessionEngine::Opened opened = first.group.listen(kAnyPort, 512, true);
  const SessionEngine::Opened joined = second->group.listen(opened.address, 512, true);
  ASSERT_EQ(joined.error, 0);
  EXPECT_EQ(first.group.listen(opened.address, 512, false).error, EADDRINUSE);
  // Only the first runs: what it gives to the second stays in its mail.
  const auto peers = dial(opened.address, 100);
  EXPECT_TRUE(first.run_until([&] { return first.engine.counters().sockets_handed_over > 10; }));
  EXPECT_TRUE(first.run_until([&] {
    return accepted.total() + first.engine.counters().sockets_handed_over == 100;
  }));
  EXPECT_LT(accepted.total(), 100u);
  second->end();
  EXPECT_TRUE(first.run_until([&] { return accepted.total() == 100; }));
  first.end();
}

TEST(ReactorGroupTest, hands_on_what_comes_after_its_listener_has_closed) {
  HomeLoop first(50);
  HomeLoop second(53);
  Accepted accepted(first);
  Accepted accepted_by_second(second);
  const SessionEngine::Opened opened = first.group.listen(kAnyPort, 512, true);
  const SessionEngine::Opened joined = second.group.listen(opened.address, 512, true);
  const auto peers = dial(opened.address, 100);
  EXPECT_TRUE(first.run_until([&] {
    return accepted.total() + first.engine.counters().sockets_handed_over == 100;
  }));
  second.group.close_listener(joined.id);
  second.step();
  EXPECT_TRUE(first.run_until([&] {
    second.step();
    return accepted.total() == 100;
  }));
  EXPECT_EQ(accepted_by_second.total(), 0u);
  second.end();
  first.end();
}

TEST(SharedListenerOpening, is_opened_once_by_many_threads_and_its_address_is_free_for_the_next_round) {
  std::string folder = testing::TempDir() + "msgtrans-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const SocketAddress address = *SocketAddress::unix_path(folder + "/s");
  std::atomic<int> errors = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        const SharedListener::Opened opened = SharedListener::open(address, 8, true);
        // Relaxed: read after the threads were joined.
        if (opened.error != 0) errors.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors.load(std::memory_order_relaxed), 0);
  EXPECT_EQ(::rmdir(folder.c_str()), 0) << "the file is left";
}

}  // namespace
}  // namespace msgtrans
