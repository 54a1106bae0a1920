#include "session/shared_listener.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "io/stream_socket.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

class SharedListenerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    OpenedSocket opened = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 16);
    ASSERT_TRUE(opened.fd.valid());
    const SocketAddress local = SocketAddress::local_of(opened.fd.get());
    listener_ = std::make_shared<SharedListener>(std::move(opened.fd), local);
  }
  std::shared_ptr<ReactorPort> join(uint32_t number, uint32_t load) {
    auto port = std::make_shared<ReactorPort>(number);
    port->set_session_load(load);
    listener_->join({port, number * 10});
    return port;
  }

  std::shared_ptr<SharedListener> listener_;
};

TEST_F(SharedListenerTest, chooses_nobody_when_nobody_is_left) {
  const auto only = join(1, 0);
  listener_->leave(*only);
  EXPECT_EQ(listener_->choose(*only, 5).port, nullptr);
}

TEST_F(SharedListenerTest, keeps_a_connection_where_it_was_accepted_when_loads_are_equal) {
  const auto self = join(1, 7);
  join(2, 7);
  join(3, 7);
  const stress::Seed seed;
  std::mt19937_64 random(seed.stream(0)());
  for (int i = 0; i < 1'000; ++i) {
    const SharedListener::Member chosen = listener_->choose(*self, random());
    ASSERT_EQ(chosen.port, self);
    ASSERT_EQ(chosen.listener, 10u) << "its own id";
  }
}

TEST_F(SharedListenerTest, prefers_the_lighter_of_two_and_spreads_over_all_that_are_light) {
  const auto self = join(1, 100);
  join(2, 10);
  join(3, 10);
  join(4, 1'000);
  const stress::Seed seed;
  std::mt19937_64 random(seed.stream(0)());
  std::map<uint32_t, int> count;
  for (int i = 0; i < 4'000; ++i) ++count[listener_->choose(*self, random()).port->number()];
  EXPECT_GT(count[2], 500);
  EXPECT_GT(count[3], 500);
  EXPECT_GT(count[1], 0) << "sometimes it meets only itself";
  EXPECT_EQ(count[4], 0) << "whoever accepted is lighter, and stands by";
}

TEST_F(SharedListenerTest, chooses_among_the_others_when_the_one_that_asks_has_left) {
  const auto self = join(1, 0);
  const auto other = join(2, 50);
  listener_->leave(*self);
  for (uint64_t random = 0; random < 100; ++random) EXPECT_EQ(listener_->choose(*self, random).port, other);
}

TEST_F(SharedListenerTest, never_chooses_who_has_left_whatever_others_do_meanwhile) {
  const stress::Seed seed;
  const uint64_t rounds = stress::stress_operations() / 50;
  stress::run_together(3, [&](uint32_t thread) {
    std::mt19937_64 random(seed.stream(thread)());
    const auto port = std::make_shared<ReactorPort>(thread);
    for (uint64_t i = 0; i < rounds; ++i) {
      port->set_session_load(static_cast<uint32_t>(random() % 4));
      listener_->join({port, thread});
      EXPECT_NE(listener_->choose(*port, random()).port, nullptr);
      listener_->leave(*port);
      EXPECT_NE(listener_->choose(*port, random()).port, port);
    }
  });
}

}  // namespace
}  // namespace msgtrans
