#include "io/timer_wheel.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <map>
#include <random>
#include <vector>

namespace msgtrans {
namespace {

constexpr uint64_t kTick = TimerWheel::kTickNs;
constexpr uint64_t kRevolution = kTick * TimerWheel::kSlots;

struct Node : TimerNode {
  int name = 0;
};

class TimerWheelTest : public testing::Test {
 protected:
  void TearDown() override {
    for (Node& node : nodes_) wheel_.disarm(node);
  }

  Node& node(int name) {
    while (nodes_.size() <= static_cast<size_t>(name)) {
      const int next = static_cast<int>(nodes_.size());
      nodes_.emplace_back().name = next;
    }
    return nodes_[static_cast<size_t>(name)];
  }

  std::vector<int> expire(uint64_t now) {
    std::vector<int> expired;
    wheel_.expire(now, [&](TimerNode& fired) { expired.push_back(static_cast<Node&>(fired).name); });
    return expired;
  }

  TimerWheel wheel_;
  std::deque<Node> nodes_;
};

using Names = std::vector<int>;

TEST_F(TimerWheelTest, expires_in_the_order_of_ticks) {
  wheel_.arm(node(0), 9 * kTick);
  wheel_.arm(node(1), 2 * kTick);
  wheel_.arm(node(2), 5 * kTick);
  EXPECT_EQ(expire(kTick), Names{});
  EXPECT_EQ(expire(20 * kTick), (Names{1, 2, 0}));
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(TimerWheelTest, expires_at_the_deadline_and_not_before) {
  wheel_.arm(node(0), 3 * kTick + 7);
  EXPECT_EQ(expire(3 * kTick + 6), Names{});
  EXPECT_TRUE(node(0).armed());
  EXPECT_EQ(expire(3 * kTick + 7), Names{0});
  EXPECT_FALSE(node(0).armed());
  EXPECT_EQ(expire(3 * kTick + 8), Names{});
}

TEST_F(TimerWheelTest, moves_a_node_that_is_armed_again) {
  wheel_.arm(node(0), 2 * kTick);
  wheel_.arm(node(0), 8 * kTick);
  EXPECT_EQ(expire(7 * kTick), Names{});
  wheel_.arm(node(0), 7 * kTick);
  EXPECT_EQ(expire(7 * kTick), Names{0});
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(TimerWheelTest, expires_a_deadline_in_the_past_with_the_next_judgement) {
  EXPECT_EQ(expire(50 * kTick + 3), Names{});
  wheel_.arm(node(0), 4 * kTick);
  wheel_.arm(node(1), 0);
  EXPECT_EQ(expire(50 * kTick + 3), (Names{0, 1}));
}

TEST_F(TimerWheelTest, forgets_a_node_that_is_disarmed) {
  wheel_.arm(node(0), kTick);
  wheel_.arm(node(1), kTick);
  wheel_.disarm(node(0));
  wheel_.disarm(node(0));
  EXPECT_EQ(expire(10 * kTick), Names{1});
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(TimerWheelTest, keeps_deadlines_beyond_a_revolution_until_theirs) {
  wheel_.arm(node(0), 3 * kRevolution + 5 * kTick);
  wheel_.arm(node(1), 5 * kTick);
  wheel_.arm(node(2), kRevolution + 5 * kTick);
  EXPECT_EQ(expire(kRevolution - 1), Names{1});
  EXPECT_EQ(expire(2 * kRevolution - 1), Names{2});
  EXPECT_EQ(expire(3 * kRevolution + 5 * kTick - 1), Names{});
  EXPECT_EQ(expire(3 * kRevolution + 5 * kTick), Names{0});
}

TEST_F(TimerWheelTest, expires_everything_that_is_due_after_a_long_rest) {
  for (int i = 0; i < 1000; ++i) wheel_.arm(node(i), static_cast<uint64_t>(i) * kTick);
  wheel_.arm(node(1000), 2000 * kTick);
  EXPECT_EQ(expire(1999 * kTick).size(), 1000u);
  EXPECT_TRUE(node(1000).armed());
  EXPECT_EQ(expire(2000 * kTick), Names{1000});
}

TEST_F(TimerWheelTest, lets_a_callback_disarm_its_neighbours_in_the_bucket) {
  for (int i = 0; i < 5; ++i) wheel_.arm(node(i), kTick);
  Names expired;
  wheel_.expire(kTick, [&](TimerNode& fired) {
    expired.push_back(static_cast<Node&>(fired).name);
    wheel_.disarm(node(1));
    wheel_.disarm(node(2));
    wheel_.disarm(node(4));
  });
  EXPECT_EQ(expired, (Names{0, 3}));
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(TimerWheelTest, lets_a_callback_arm_itself_and_others) {
  wheel_.arm(node(0), kTick);
  int rounds = 0;
  for (uint64_t now = kTick; now < 100 * kTick; now += kTick) {
    wheel_.expire(now, [&](TimerNode& fired) {
      if (&fired != &node(0)) return;
      ++rounds;
      wheel_.arm(node(0), now + kTick);
      wheel_.arm(node(1), now + kRevolution);
    });
  }
  EXPECT_EQ(rounds, 99);
  EXPECT_TRUE(node(1).armed());
}

TEST_F(TimerWheelTest, passes_over_later_revolutions_in_a_bucket_that_also_expires) {
  wheel_.arm(node(0), kRevolution + kTick);
  wheel_.arm(node(1), kTick);
  wheel_.arm(node(2), 2 * kRevolution + kTick);
  wheel_.arm(node(3), kTick);
  EXPECT_EQ(expire(kTick), (Names{1, 3}));
  EXPECT_EQ(expire(kRevolution + kTick), Names{0});
}

TEST_F(TimerWheelTest, agrees_with_a_model_under_random_use) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937_64 random(seed);
  std::map<int, uint64_t> model;
  uint64_t now = 0;
  const auto arm = [&](int name) {
    const uint64_t deadline = now + random() % (random() % 4 == 0 ? 4 * kRevolution : 20 * kTick);
    wheel_.arm(node(name), deadline);
    model[name] = deadline;
  };
  for (int step = 0; step < 5'000; ++step) {
    for (int i = 0; i < 3; ++i) {
      const int name = static_cast<int>(random() % 64);
      if (random() % 3 == 0) {
        wheel_.disarm(node(name));
        model.erase(name);
      } else {
        arm(name);
      }
    }
    now += random() % (random() % 50 == 0 ? 3 * kRevolution : 3 * kTick);
    wheel_.expire(now, [&](TimerNode& fired) {
      const int name = static_cast<Node&>(fired).name;
      ASSERT_TRUE(model.contains(name));
      EXPECT_LE(model[name], now);
      model.erase(name);
      const int other = static_cast<int>(random() % 64);
      if (random() % 4 == 0) {
        wheel_.disarm(node(other));
        model.erase(other);
      } else if (random() % 4 == 0) {
        arm(other);
      }
    });
    // What was armed for this very moment from inside a callback may wait for the next judgement, nothing else.
    for (const auto& [name, deadline] : model) {
      ASSERT_TRUE(node(name).armed());
      ASSERT_GE(deadline, now) << "missed at step " << step;
    }
    ASSERT_EQ(wheel_.empty(), model.empty());
  }
}

}  // namespace
}  // namespace msgtrans
