// How sessions end: in order, with everything that was due delivered and written, and with the right reason.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class EngineClosingTest : public EngineFixture {
 protected:
  // More than the kernel's buffers of both ends take.
  static std::string flood() { return packet_bytes(kPacketOneWay, 1, std::string(12 << 20, 'f')); }

  static EngineOptions with_short_deadlines() {
    EngineOptions options;
    options.stall_timeout_ns = 100'000'000;
    options.linger_timeout_ns = 100'000'000;
    return options;
  }

  const Seen& close_event() { return *host_->find(kEventClose); }
};

TEST_F(EngineClosingTest, answers_a_peer_that_closed_its_half) {
  echo();
  for (const bool tcp : {true, false}) {
    SocketPeer& peer = dial(tcp ? listen_tcp() : listen_unix());
    std::string expected;
    for (uint32_t id = 1; id <= 50; ++id) {
      peer.unsent += packet_bytes(kPacketRequest, id, std::string(200'000, 'h'));
      expected += packet_bytes(kPacketResponse, id, std::string(200'000, 'h'));
    }
    ASSERT_TRUE(run_until([&] { return peer.unsent.empty(); }));
    peer.shut(SHUT_WR);
    ASSERT_TRUE(run_until([&] { return peer.end_seen; }));
    EXPECT_TRUE(peer.received == expected);
    ASSERT_TRUE(run_until([&] { return closed(); }));
    EXPECT_EQ(close_code(), CloseCode::kOrderly);
    EXPECT_EQ(close_event().c, 0u) << "the peer began";
  }
}

TEST_F(EngineClosingTest, delivers_what_came_before_a_protocol_error_and_lets_the_answers_out) {
  struct Case {
    size_t offset;
    char value;
    CloseCode code;
    int32_t shown;
  };
  const Case cases[] = {
      {kVersionOffset, 9, CloseCode::kProtocolVersion, 9},
      {kCompressionOffset, 1, CloseCode::kProtocolCompression, 1},
      {kCompressionOffset, 7, CloseCode::kProtocolCompression, 7},
      {kPacketTypeOffset, 3, CloseCode::kProtocolPacketType, 3},
      {kReservedOffset + 1, 1, CloseCode::kProtocolFragmented, 1},
      {kPayloadBytesOffset, '\x7f', CloseCode::kPayloadTooLarge, 0x7f000000},
  };
  for (const Case& one : cases) {
    start(EngineOptions{});
    echo();
    const auto [peer, handle] = join(listen_unix());
    std::string bad = packet_bytes(kPacketOneWay, 0, "");
    bad[one.offset] = one.value;
    peer.send(packet_bytes(kPacketRequest, 1, "first") + packet_bytes(kPacketRequest, 2, "second") + bad);
    SocketPeer& end = peers_.back();
    ASSERT_TRUE(run_until([&] { return end.end_seen; }));
    EXPECT_EQ(end.received, packet_bytes(kPacketResponse, 1, "first") + packet_bytes(kPacketResponse, 2, "second"));
    end.close();
    ASSERT_TRUE(run_until([&] { return closed(); }));
    EXPECT_EQ(close_code(), one.code);
    EXPECT_EQ(static_cast<int32_t>(close_event().b), one.shown);
    EXPECT_EQ(close_event().c, 1u) << "we began";
    EXPECT_EQ(host_->seen.back().kind, kEventClose);
  }
}

TEST_F(EngineClosingTest, says_truncated_when_the_peer_ends_inside_a_packet) {
  const std::string small = packet_bytes(kPacketOneWay, 1, "abc");
  const std::string large = packet_bytes(kPacketOneWay, 1, std::string(100'000, 'l'));
  for (const std::string& part : {small.substr(0, 5), small.substr(0, 18), large.substr(0, 50'000)}) {
    start(EngineOptions{});
    const auto [peer, handle] = join(listen_unix());
    peer.send(part);
    settle();
    peer.close();
    ASSERT_TRUE(run_until([&] { return closed(); }));
    EXPECT_EQ(close_code(), CloseCode::kProtocolTruncated);
    EXPECT_EQ(host_->count(0), 0u);
    EXPECT_EQ(engine_->pool().counters().slices_lent, 0u);
  }
}

TEST_F(EngineClosingTest, closes_once_when_the_peer_resets_at_any_byte_of_a_packet) {
  const std::string packet = packet_bytes(kPacketOneWay, 1, std::string(40, 'r'));
  const SocketAddress address = listen_tcp();
  for (size_t bytes = 0; bytes <= packet.size(); ++bytes) {
    SocketPeer& peer = dial(address);
    peer.send(packet.substr(0, bytes));
    if (bytes % 2 == 0) settle();
    peer.reset();
  }
  ASSERT_TRUE(run_until([&] { return host_->count(kEventClose) == packet.size() + 1; }));
  settle();
  EXPECT_EQ(host_->count(kEventClose), packet.size() + 1);
  for (const Seen& one : host_->seen) {
    if (one.kind != kEventClose) continue;
    EXPECT_EQ(static_cast<CloseCode>(one.a), CloseCode::kConnectionReset);
    EXPECT_EQ(one.b, static_cast<uint32_t>(ECONNRESET));
  }
  EXPECT_EQ(engine_->directory().open_count(), 0u);
}

TEST_F(EngineClosingTest, writes_everything_that_was_sent_before_a_close) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, flood());
  send(handle, packet_bytes(kPacketOneWay, 2, "last"));
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  settle();
  EXPECT_FALSE(closed()) << "the queue is not empty";
  peers_[0].reading = true;
  ASSERT_TRUE(run_until([&] { return peers_[0].end_seen; }));
  EXPECT_TRUE(peers_[0].received == flood() + packet_bytes(kPacketOneWay, 2, "last"));
  peers_[0].close();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kOrderly);
  EXPECT_EQ(close_event().c, 1u);
  EXPECT_EQ(queued_total(), 0);
}

TEST_F(EngineClosingTest, waits_for_the_peers_end_and_throws_away_what_still_comes) {
  EngineOptions options;
  options.linger_timeout_ns = 10 * kPatienceNs;
  start(options);
  const auto [peer, handle] = join(listen_unix());
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  ASSERT_TRUE(run_until([&] { return peers_[0].end_seen; })) << "our half is shut";
  peer.send(packet_bytes(kPacketOneWay, 1, std::string(100'000, 'z')));
  ASSERT_TRUE(run_until([&] { return peers_[0].unsent.empty(); }));
  EXPECT_FALSE(closed());
  peer.close();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(host_->count(0), 0u);
  EXPECT_EQ(close_code(), CloseCode::kOrderly);
}

TEST_F(EngineClosingTest, lingers_no_longer_than_the_timeout) {
  start(with_short_deadlines());
  const auto [peer, handle] = join(listen_unix());
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  ASSERT_TRUE(run_until([&] { return closed(); })) << "the peer never closes";
  EXPECT_EQ(close_code(), CloseCode::kOrderly);
  EXPECT_FALSE(host_->ticking);
}

TEST_F(EngineClosingTest, throws_the_queue_away_when_told_to) {
  for (const CloseCode code : {CloseCode::kTransportClosed, CloseCode::kSlowConsumer, CloseCode::kOrderly}) {
    start(EngineOptions{});
    const auto [peer, handle] = join(listen_tcp());
    peer.reading = false;
    send(handle, flood());
    engine_->flush();
    ASSERT_TRUE(close(handle, code, false));
    ASSERT_TRUE(run_until([&] { return closed(); }));
    EXPECT_EQ(close_code(), code);
    EXPECT_EQ(queued_total(), 0);
  }
}

TEST_F(EngineClosingTest, hurries_a_close_that_is_under_way) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, flood());
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  engine_->close_all(CloseCode::kTransportClosed, false);
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kTransportClosed);
}

TEST_F(EngineClosingTest, lets_a_slow_consumer_close_win_over_the_orderly_end_of_the_same_turn) {
  // The peer half-closed; the handler answers more than the policy allows while that end is already known.
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, flood());
  engine_->flush();
  host_->on_seen = [this](const Seen& one) {
    if (one.kind == 0) engine_->close_session(one.slot, one.generation, CloseCode::kOrderly, true);
    if (one.kind == 0) engine_->close_session(one.slot, one.generation, CloseCode::kSlowConsumer, false);
  };
  peer.send(packet_bytes(kPacketRequest, 1, ""));
  ASSERT_TRUE(run_until([&] { return closed(); })) << "it waits for a peer that does not read";
  EXPECT_EQ(close_code(), CloseCode::kSlowConsumer);
}

TEST_F(EngineClosingTest, closes_a_peer_that_never_reads_after_the_stall_timeout) {
  start(with_short_deadlines());
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, flood());
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kStalled);
  EXPECT_EQ(queued_total(), 0);
  SocketPeer& end = peers_[0];
  end.reading = true;
  ASSERT_TRUE(run_until([&] { return end.gone(); }));
  EXPECT_EQ(end.error, ECONNRESET) << "the kernel keeps nothing for it";
}

TEST_F(EngineClosingTest, gives_up_a_flushing_close_after_the_stall_timeout) {
  start(with_short_deadlines());
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, flood());
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kStalled);
}

TEST_F(EngineClosingTest, survives_two_peers_that_flood_and_read_nothing) {
  start(with_short_deadlines());
  echo();
  const SocketAddress address = listen_tcp();
  for (int i = 0; i < 2; ++i) {
    SocketPeer& peer = dial(address);
    peer.reading = false;
    for (uint32_t id = 1; id <= 40; ++id) peer.unsent += packet_bytes(kPacketRequest, id, std::string(1'000'000, 'b'));
  }
  ASSERT_TRUE(run_until([&] { return host_->count(kEventClose) == 2; }));
  EXPECT_EQ(close_code(), CloseCode::kStalled);
  EXPECT_EQ(engine_->directory().open_count(), 0u);
  EXPECT_EQ(queued_total(), 0);
}

TEST_F(EngineClosingTest, knows_a_closed_session_as_gone) {
  const auto [peer, handle] = join(listen_unix());
  EXPECT_TRUE(close(handle, CloseCode::kOrderly, true));
  peer.close();
  EXPECT_FALSE(engine_->directory().is_current(handle.slot, handle.generation));
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_FALSE(close(handle, CloseCode::kOrderly, true));
  const iovec part{const_cast<char*>("x"), 1};
  EXPECT_FALSE(engine_->send_parts(handle.slot, handle.generation, &part, 1, 1));
  EXPECT_EQ(engine_->peer_url(handle.slot, handle.generation), "");
  engine_->set_paused(handle.slot, handle.generation, true);
  EXPECT_FALSE(close({kSlotsMax - 1, 1}, CloseCode::kOrderly, false));
  settle();
  EXPECT_EQ(host_->count(kEventClose), 1u);
}

TEST_F(EngineClosingTest, delivers_every_close_when_more_end_than_one_delivery_holds) {
  const SocketAddress address = listen_unix();
  const size_t sessions = 2 * kEventsMax + 100;
  for (size_t i = 0; i < sessions; ++i) {
    dial(address);
    if (i % 500 == 0) settle();
  }
  ASSERT_TRUE(run_until([&] { return host_->count(kEventAccepted) == sessions; }));
  for (SocketPeer& peer : peers_) peer.send(packet_bytes(kPacketOneWay, 1, "bye"));
  peers_.clear();
  ASSERT_TRUE(run_until([&] { return host_->count(kEventClose) == sessions; }));
  EXPECT_EQ(host_->count(0), sessions);
  EXPECT_EQ(engine_->directory().open_count(), 0u);
  engine_->check_invariants();
}

TEST_F(EngineClosingTest, closes_all_from_inside_a_delivery) {
  const SocketAddress address = listen_unix();
  for (int i = 0; i < 100; ++i) dial(address);
  host_->on_seen = [this](const Seen& one) {
    if (one.kind == kEventAccepted) engine_->close_all(CloseCode::kTransportClosed, false);
  };
  ASSERT_TRUE(run_until([&] { return host_->count(kEventClose) == 100; }));
  for (SocketPeer& peer : peers_) EXPECT_TRUE(run_until([&] { return peer.gone(); }));
}

TEST_F(EngineClosingTest, abandons_with_everything_in_flight) {
  echo();
  const SocketAddress address = listen_tcp();
  ASSERT_GT(engine_->connect(address).id, 0u);                      // a connect under way, to ourselves
  const auto [stalled, stalled_handle] = join(address);             // a full queue
  stalled.reading = false;
  send(stalled_handle, flood());
  const auto [partial, partial_handle] = join(address);             // a large packet half-way
  partial.send(packet_bytes(kPacketRequest, 1, std::string(500'000, 'a')).substr(0, 300'000));
  const auto [straddling, straddling_handle] = join(address);       // a small one half-way
  straddling.send(packet_bytes(kPacketRequest, 1, "abc").substr(0, 17));
  settle();
  const auto [ending, ending_handle] = join(address);               // lingering, and a close event to come
  ASSERT_TRUE(close(ending_handle, CloseCode::kOrderly, true));
  const auto [dead, dead_handle] = join(address);
  ASSERT_TRUE(close(dead_handle, CloseCode::kTransportClosed, false));
  (void)dial(address);                                              // in the backlog
  send(partial_handle, packet_bytes(kPacketOneWay, 9, "in the ring"));
  const size_t seen = host_->seen.size();
  engine_->abandon();
  EXPECT_EQ(host_->seen.size(), seen) << "no events";
  EXPECT_EQ(engine_->directory().open_count(), 0u);
  EXPECT_EQ(engine_->pool().counters().slices_lent, 0u);
  engine_->check_invariants();
  engine_->abandon();
  for (SocketPeer& peer : peers_) {
    peer.reading = true;
    for (int i = 0; i < 20'000 && !peer.gone(); ++i) {
      peer.pump();
      pollfd waited{peer.fd(), POLLIN, 0};
      ::poll(&waited, 1, 1);
    }
    EXPECT_TRUE(peer.gone()) << "every descriptor is closed";
  }
}

}  // namespace
}  // namespace msgtrans
