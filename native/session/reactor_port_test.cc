#include "session/reactor_port.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>

#include "session/link.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

uint64_t wake_ups(const ReactorPort& port) {
  uint64_t count = 0;
  return ::read(port.wake_fd(), &count, sizeof(count)) == sizeof(count) ? count : 0;
}

std::shared_ptr<Link> link_between(uint32_t from, const std::shared_ptr<ReactorPort>& to) {
  return std::make_shared<Link>(std::make_shared<ReactorPort>(from), to, nullptr);
}

TEST(ReactorPortTest, wakes_once_per_sleep_and_never_while_awake) {
  ReactorPort port(240);
  ASSERT_TRUE(port.valid());
  port.ring(1);
  EXPECT_EQ(wake_ups(port), 0u) << "it is awake";
  EXPECT_FALSE(port.doorbell().prepare_sleep()) << "somebody rang";
  int rung = 0;
  port.doorbell().take([&](uint32_t) { ++rung; });
  EXPECT_EQ(rung, 1);
  ASSERT_TRUE(port.doorbell().prepare_sleep());
  port.ring(1);
  port.ring(2);
  port.ring(1);
  EXPECT_EQ(wake_ups(port), 1u);
  port.doorbell().awake();
}

TEST(ReactorPortTest, takes_each_new_link_once) {
  const auto port = std::make_shared<ReactorPort>(240);
  ASSERT_TRUE(port->add_link(link_between(3, port)));
  ASSERT_TRUE(port->add_link(link_between(4, port)));
  EXPECT_EQ(port->take_new_links().size(), 2u);
  EXPECT_TRUE(port->take_new_links().empty());
}

TEST(ReactorPortTest, refuses_links_once_its_reactor_is_gone) {
  const auto port = std::make_shared<ReactorPort>(240);
  ASSERT_TRUE(port->add_link(link_between(3, port)));
  EXPECT_EQ(port->close().size(), 1u) << "the last ones are told";
  EXPECT_FALSE(port->add_link(link_between(4, port)));
  EXPECT_TRUE(port->close().empty());
}

TEST(ReactorPortTest, is_found_by_its_number_until_it_is_removed) {
  const auto port = std::make_shared<ReactorPort>(241);
  EXPECT_EQ(ReactorPorts::find(241), nullptr);
  ReactorPorts::add(port);
  EXPECT_EQ(ReactorPorts::find(241), port);
  ReactorPorts::remove(241);
  EXPECT_EQ(ReactorPorts::find(241), nullptr);
}

// A reactor that sleeps whenever it may, and wakes only when its descriptor says so.
TEST(ReactorPortTest, misses_no_ring_of_many_threads) {
  constexpr uint32_t kRingers = 3;
  const uint64_t rings = stress::stress_operations() / 50;
  const stress::Seed seed;
  const auto port = std::make_shared<ReactorPort>(240);
  std::atomic<uint64_t> published[kRingers] = {};
  stress::run_together(kRingers + 1, [&](uint32_t thread) {
    std::mt19937 random = seed.stream(thread);
    if (thread < kRingers) {
      for (uint64_t i = 1; i <= rings; ++i) {
        // Relaxed: the bell's release publishes it.
        published[thread].store(i, std::memory_order_relaxed);
        port->ring(thread);
        stress::sometimes_yield(random);
      }
      return;
    }
    uint64_t seen[kRingers] = {};
    const auto look = [&](uint32_t from) {
      // Relaxed: the bell has acquired it.
      seen[from] = published[from].load(std::memory_order_relaxed);
    };
    for (;;) {
      port->doorbell().take(look);
      if (seen[0] == rings && seen[1] == rings && seen[2] == rings) return;
      if (!port->doorbell().prepare_sleep()) continue;
      pollfd waited{port->wake_fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&waited, 1, 60'000), 1) << "a ring was missed";
      (void)wake_ups(*port);
      port->doorbell().awake();
    }
  });
}

}  // namespace
}  // namespace msgtrans
