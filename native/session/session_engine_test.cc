// What moves through an engine: messages in, answers out, over real sockets.
#include "session/session_engine.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <random>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class SessionEngineTest : public EngineFixture {
 protected:
  static std::string random_payload(std::mt19937& random, size_t bytes) {
    std::string payload(bytes, '\0');
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
      const auto word = static_cast<uint32_t>(random());
      std::memcpy(payload.data() + i, &word, 4);
    }
    return payload;
  }

  [[nodiscard]] std::string messages_of(Handle handle) const {
    std::string all;
    for (const Seen& one : host_->seen) {
      if (one.kind == 0 && one.slot == handle.slot && one.generation == handle.generation) all += one.packet;
    }
    return all;
  }
};

TEST_F(SessionEngineTest, echoes_random_packets_over_random_splits) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  echo();
  const SocketAddress addresses[] = {listen_tcp(), listen_unix()};
  std::vector<std::string> expected;
  for (int i = 0; i < 12; ++i) {
    SocketPeer& peer = dial(addresses[i % 2]);
    std::string sent;
    std::string& answer = expected.emplace_back();
    for (uint32_t id = 1; id < 60; ++id) {
      const size_t size_max[] = {64, 3'000, 70'000, 40, 400'000, 1'200'000};
      const std::string payload = random_payload(random, random() % size_max[random() % (i < 2 ? 6 : 4)]);
      const std::string ext(random() % 3 == 0 ? random() % 500 : 0, 'e');
      sent += packet_bytes(kPacketRequest, id, payload, ext);
      answer += packet_bytes(kPacketResponse, id, payload, ext);
    }
    peer.unsent = sent;
    peer.write_bytes_max = 1 + random() % 100'000;
  }
  ASSERT_TRUE(run_until([&] {
    for (SocketPeer& peer : peers_) peer.write_bytes_max = 1 + random() % 100'000;
    for (size_t i = 0; i < peers_.size(); ++i) {
      if (peers_[i].received.size() < expected[i].size()) return false;
    }
    return true;
  }));
  for (size_t i = 0; i < peers_.size(); ++i) EXPECT_TRUE(peers_[i].received == expected[i]) << "peer " << i;
  EXPECT_EQ(host_->count(0), 12u * 59u);
  EXPECT_EQ(host_->count(kEventClose), 0u);
  EXPECT_EQ(queued_total(), 0);
  engine_->check_invariants();
}

TEST_F(SessionEngineTest, delivers_the_opening_before_data_that_came_with_it) {
  const SocketAddress address = listen_unix();
  for (int i = 0; i < 50; ++i) dial(address).send(packet_bytes(kPacketOneWay, 1, "early"));
  for (SocketPeer& peer : peers_) peer.close();
  ASSERT_TRUE(run_until([&] { return host_->count(kEventClose) == 50; }));
  EXPECT_EQ(host_->count(0), 50u) << "data before a close is delivered";
  std::map<std::pair<uint32_t, uint32_t>, int> stage;
  for (const Seen& one : host_->seen) {
    int& at = stage[{one.slot, one.generation}];
    const int now = one.kind == kEventAccepted ? 1 : one.kind == 0 ? 2 : 3;
    EXPECT_EQ(now, at + 1);
    at = now;
  }
}

TEST_F(SessionEngineTest, splits_what_one_read_brings_into_deliveries) {
  const auto [peer, handle] = join(listen_unix());
  std::string burst;
  const uint32_t packets = 4096;  // 64 KB of empty packets: as many as one read can hold
  for (uint32_t id = 1; id <= packets; ++id) burst += packet_bytes(kPacketOneWay, id, "");
  peer.send(burst);
  host_->handler_counts.clear();
  ASSERT_TRUE(run_until([&] { return host_->count(0) == packets; }));
  EXPECT_TRUE(messages_of(handle) == burst);
  EXPECT_GE(host_->handler_counts.size(), packets / kDeliveryMessagesMax);
}

TEST_F(SessionEngineTest, reads_large_packets_without_copying_their_payload) {
  const auto [peer, handle] = join(listen_tcp());
  std::string sent;
  for (uint32_t id = 1; id <= 30; ++id) sent += packet_bytes(kPacketOneWay, id, std::string(300'000, 'p'));
  peer.send(sent);
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 30; }));
  EXPECT_TRUE(messages_of(handle) == sent);
  EXPECT_LE(engine_->counters().payload_copies, 1u) << "the head of the first, read with its header";
  for (const Seen& one : host_->seen) {
    EXPECT_TRUE(one.kind != 0 || one.payload_offset % 64 == 0) << "on a cache line";
  }
}

TEST_F(SessionEngineTest, copies_no_payload_of_large_packets_that_come_one_by_one) {
  const auto [peer, handle] = join(listen_tcp());
  std::string sent;
  for (uint32_t id = 1; id <= 40; ++id) {
    // Small ones between them, as requests are between transfers.
    const std::string packet = packet_bytes(kPacketOneWay, id, std::string(id % 4 == 0 ? 100 : 65'536, 'p'));
    sent += packet;
    peer.send(packet);
    ASSERT_TRUE(run_until([&] { return host_->count(0) == id; }));
    // A consumer that was behind is read for in the same way.
    if (id % 8 == 0) {
      engine_->set_paused(handle.slot, handle.generation, true);
      settle();
      engine_->set_paused(handle.slot, handle.generation, false);
    }
  }
  EXPECT_TRUE(messages_of(handle) == sent);
  EXPECT_LE(engine_->counters().payload_copies, 1u) << "the head of the first, read with its header";
  EXPECT_EQ(engine_->counters().straddle_copies, 0u);
}

TEST_F(SessionEngineTest, delivers_packets_that_no_tier_holds) {
  EngineOptions options;
  options.limits.payload_bytes_max = 8 << 20;
  start(options);
  const auto [peer, handle] = join(listen_unix());
  const std::string sent = packet_bytes(kPacketOneWay, 1, std::string(5 << 20, 'x'), "ext") +
                           packet_bytes(kPacketOneWay, 2, "small");
  peer.send(sent);
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 2; }));
  EXPECT_TRUE(messages_of(handle) == sent);
  EXPECT_EQ(engine_->pool().counters().dedicated_bytes, 0u) << "given back after the delivery";
}

TEST_F(SessionEngineTest, writes_the_answers_of_a_delivery_with_one_call_per_session) {
  echo();
  const auto [peer, handle] = join(listen_unix());
  std::string burst;
  for (uint32_t id = 1; id <= 200; ++id) burst += packet_bytes(kPacketRequest, id, "12345678");
  const uint64_t turns = engine_->counters().turns;
  const uint64_t syscalls = engine_->counters().syscalls;
  peer.send(burst);
  ASSERT_TRUE(run_until([&] { return peers_[0].received.size() == burst.size(); }));
  // Per turn: one or two polls; per read: the read and its write.
  const uint64_t turned = engine_->counters().turns - turns;
  EXPECT_LE(engine_->counters().syscalls - syscalls, turned * 6);
}

TEST_F(SessionEngineTest, answers_from_a_received_slice_without_a_copy) {
  host_->on_seen = [this](const Seen& one) {
    if (one.kind != 0) return;
    const uint32_t begin = one.payload_offset - kHeaderBytes - one.ext_bytes;
    engine_->arena()->data()[begin + kPacketTypeOffset] = kPacketResponse;
    host_->send_reference(one.slot, one.generation, begin, static_cast<uint32_t>(one.packet.size()));
  };
  const auto [peer, handle] = join(listen_unix());
  std::string expected;
  for (uint32_t id = 1; id <= 2'000; ++id) {
    peers_[0].unsent += packet_bytes(kPacketRequest, id, "payload");
    expected += packet_bytes(kPacketResponse, id, "payload");
  }
  ASSERT_TRUE(run_until([&] { return peers_[0].received.size() == expected.size(); }));
  EXPECT_TRUE(peers_[0].received == expected);
}

TEST_F(SessionEngineTest, routes_responses_and_pulled_sessions_apart_from_the_handler) {
  const auto [peer, handle] = join(listen_unix());
  const auto [pulled_peer, pulled] = join(SocketAddress::peer_of(peer.fd()));
  engine_->directory().state(pulled.slot).flags |= kSlotPulled;
  peer.send(packet_bytes(kPacketRequest, 1, "") + packet_bytes(kPacketResponse, 2, "") + packet_bytes(kPacketOneWay, 3, ""));
  pulled_peer.send(packet_bytes(kPacketRequest, 4, "") + packet_bytes(kPacketOneWay, 5, ""));
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 5; }));
  for (const Seen& one : host_->seen) {
    if (one.kind != 0) continue;
    EXPECT_EQ(one.routed, one.slot == pulled.slot || one.type() == kPacketResponse);
  }
  EXPECT_EQ(messages_of(pulled), packet_bytes(kPacketRequest, 4, "") + packet_bytes(kPacketOneWay, 5, ""));
}

TEST_F(SessionEngineTest, routes_everything_while_there_is_no_handler) {
  const auto [peer, handle] = join(listen_unix());
  reinterpret_cast<uint32_t*>(engine_->arena()->data())[kControlRouteAll] = 1;
  peer.send(packet_bytes(kPacketRequest, 1, "") + packet_bytes(kPacketOneWay, 2, ""));
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 2; }));
  for (const Seen& one : host_->seen) EXPECT_TRUE(one.kind != 0 || one.routed);
}

TEST_F(SessionEngineTest, leaves_a_paused_session_to_the_kernel_and_loses_nothing) {
  const auto [peer, handle] = join(listen_tcp());
  engine_->set_paused(handle.slot, handle.generation, true);
  std::string sent;
  for (uint32_t id = 1; id <= 3'000; ++id) sent += packet_bytes(kPacketOneWay, id, std::string(1'000, 'q'));
  peer.send(sent);
  settle();
  EXPECT_EQ(host_->count(0), 0u);
  const uint64_t turns = engine_->counters().turns;
  settle();
  EXPECT_EQ(engine_->counters().turns, turns) << "a paused session wakes nobody";
  engine_->set_paused(handle.slot, handle.generation, false);
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 3'000; }));
  EXPECT_TRUE(messages_of(handle) == sent);
}

TEST_F(SessionEngineTest, pauses_from_inside_a_delivery) {
  const auto [peer, handle] = join(listen_unix());
  host_->on_seen = [this](const Seen& one) {
    if (one.kind == 0) engine_->set_paused(one.slot, one.generation, true);
  };
  peer.send(packet_bytes(kPacketOneWay, 1, ""));
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 1; }));
  peer.send(packet_bytes(kPacketOneWay, 2, ""));
  settle();
  EXPECT_EQ(host_->count(0), 1u);
}

TEST_F(SessionEngineTest, serves_a_quiet_session_beside_busy_ones) {
  const SocketAddress address = listen_tcp();
  const auto [quiet, quiet_handle] = join(address);
  const uint32_t quiet_slot = quiet_handle.slot;
  for (int i = 0; i < 20; ++i) dial(address);
  settle();
  std::string flood;
  for (uint32_t id = 1; id <= 30'000; ++id) flood += packet_bytes(kPacketOneWay, id, "0123456789abcdef");
  for (size_t i = 1; i < peers_.size(); ++i) peers_[i].send(flood);
  quiet.send(packet_bytes(kPacketOneWay, 7, "quiet"));
  size_t turns = 0;
  const auto heard = [&] {
    for (const Seen& one : host_->seen) {
      if (one.kind == 0 && one.slot == quiet_slot) return true;
    }
    return false;
  };
  while (!heard() && turns < 1'000) turns += step() ? 1 : 0;
  // Each of the 20 may be read once before it; a turn reads at least one session.
  EXPECT_LE(turns, 21u);
}

TEST_F(SessionEngineTest, keeps_its_place_in_line_when_the_budget_of_a_turn_is_spent) {
  const SocketAddress address = listen_unix();
  for (int i = 0; i < 40; ++i) dial(address);
  ASSERT_TRUE(run_until([&] { return host_->count(kEventAccepted) == 40; }));
  std::string burst;
  for (uint32_t id = 1; id <= 600; ++id) burst += packet_bytes(kPacketOneWay, id, "");
  for (SocketPeer& peer : peers_) peer.send(burst);
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 40u * 600u; }));
  std::map<uint32_t, std::string> streams;
  for (const Seen& one : host_->seen) {
    if (one.kind == 0) streams[one.slot] += one.packet;
  }
  EXPECT_EQ(streams.size(), 40u);
  for (const auto& [slot, stream] : streams) EXPECT_TRUE(stream == burst) << slot;
}

TEST_F(SessionEngineTest, reads_nothing_of_a_session_that_was_paused_while_it_stood_in_line) {
  const SocketAddress address = listen_unix();
  for (int i = 0; i < 40; ++i) dial(address);
  ASSERT_TRUE(run_until([&] { return host_->count(kEventAccepted) == 40; }));
  host_->on_seen = [this](const Seen&) {
    for (uint32_t slot = 0; slot < 40; ++slot) engine_->set_paused(slot, 1, true);
  };
  std::string burst;
  for (uint32_t id = 1; id <= 600; ++id) burst += packet_bytes(kPacketOneWay, id, "");
  for (SocketPeer& peer : peers_) peer.send(burst);
  settle();
  // Two bursts fill a delivery; the other 38 were ready, and paused before their turn came.
  EXPECT_EQ(host_->count(0), 1'200u);
}

TEST_F(SessionEngineTest, detaches_views_before_it_reads_again) {
  const auto [peer, handle] = join(listen_unix());
  const int before = host_->detached;
  peer.send(packet_bytes(kPacketOneWay, 1, ""));
  ASSERT_TRUE(run_until([&] { return host_->count(0) == 1; }));
  EXPECT_GT(host_->detached, before);
}

TEST_F(SessionEngineTest, counts_deadlines_from_when_they_are_set_not_from_the_last_turn) {
  // A machine may stand still between two calls, so one of several tries must do.
  bool exact = false;
  for (int i = 0; i < 50 && !exact; ++i) {
    engine_->turn();
    ::usleep(110'000);
    engine_->set_external_deadlines(true);
    const uint64_t set = engine_->now_ns();
    engine_->turn();
    exact = engine_->now_ns() - set < ReactorClock::kGapNs;
    engine_->set_external_deadlines(false);
  }
  EXPECT_TRUE(exact) << "the time before it was set counted";
}

}  // namespace
}  // namespace msgtrans
