// What the engine counts of itself beside the traffic: turns that took time, connections that failed.
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class EngineStatisticsTest : public EngineFixture {
 protected:
  using Copy = std::array<double, ReactorLatencyHistogram::kCopyWords>;

  [[nodiscard]] Copy turn_latency() const {
    Copy copy{};
    engine_->turn_latency().copy_to(copy);
    return copy;
  }
  static double samples(const Copy& copy) {
    return std::accumulate(copy.begin(), copy.begin() + ReactorLatencyHistogram::kCopySum, 0.0);
  }
};

TEST_F(EngineStatisticsTest, measures_each_turn_that_delivers_and_no_other) {
  const SocketAddress address = listen_unix();
  for (int i = 0; i < 3; ++i) engine_->turn();
  EXPECT_EQ(samples(turn_latency()), 0);
  SocketPeer& peer = join(address).peer;
  const double before = samples(turn_latency());
  EXPECT_EQ(before, 1);
  echo();
  for (int i = 1; i <= 5; ++i) {
    peer.send(packet_bytes(kPacketRequest, static_cast<uint32_t>(i), "question"));
    ASSERT_TRUE(run_until([&] { return host_->count(0) == static_cast<size_t>(i); }));
    settle();
    EXPECT_EQ(samples(turn_latency()), before + i);
  }
}

TEST_F(EngineStatisticsTest, measures_a_turn_up_to_its_answers) {
  constexpr uint64_t kHandlerNs = 3'000'000;
  const Connection connection = join(listen_unix());
  uint64_t handler_ns = 0;
  host_->on_seen = [&](const Seen&) {
    const uint64_t begin = monotonic_ns();
    while (monotonic_ns() - begin < kHandlerNs) {
    }
    handler_ns += monotonic_ns() - begin;
  };
  connection.peer.send(packet_bytes(kPacketOneWay, 1, "slow"));
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 1; }));
  EXPECT_GE(turn_latency()[ReactorLatencyHistogram::kCopyMax], static_cast<double>(handler_ns));
}

TEST_F(EngineStatisticsTest, counts_connections_that_could_not_be_opened) {
  const SocketAddress address = listen_tcp();
  engine_->close_listener(listener_);
  ASSERT_EQ(engine_->connect(address).error, 0);
  ASSERT_TRUE(run_until([&] { return host_->count(kEventConnectFailed) == 1; }));
  EXPECT_EQ(engine_->counters().connects_failed, 1u);
  EXPECT_NE(engine_->connect(*SocketAddress::unix_path(directory_ + "/nobody")).error, 0);
  EXPECT_EQ(engine_->counters().connects_failed, 2u);
  EXPECT_NE(engine_->connect_in_process("nobody", 3).error, 0);
  EXPECT_EQ(engine_->counters().connects_failed, 5u);
  EXPECT_EQ(engine_->counters().sessions_connected, 0u);
}

}  // namespace
}  // namespace msgtrans
