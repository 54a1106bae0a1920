// Writes that fail or wait, above all outside a turn (a send from a timer or a promise), where nothing but the
// engine's own request brings the next turn.
#include <gtest/gtest.h>

#include <cerrno>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class EngineWriteFailureTest : public EngineFixture {
 protected:
  static std::string note() { return packet_bytes(kPacketOneWay, 1, "note"); }
  static std::string large(size_t bytes) { return packet_bytes(kPacketOneWay, 2, std::string(bytes, 'w')); }

  void want_drain(Handle handle) { engine_->directory().state(handle.slot).flags |= kSlotWantsDrain; }
};

TEST_F(EngineWriteFailureTest, sends_drain_exactly_once_when_the_queue_has_emptied) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 20; ++i) send(handle, large(600'000));
    want_drain(handle);
    settle();
    ASSERT_EQ(host_->count(kEventDrain), static_cast<size_t>(round - 1));
    ASSERT_GT(queued_bytes(handle), 0u);
    EXPECT_EQ(queued_total(), queued_bytes(handle));
    peers_[0].reading = true;
    ASSERT_TRUE(run_until([&] { return host_->count(kEventDrain) == static_cast<size_t>(round); }));
    EXPECT_EQ(queued_bytes(handle), 0u);
    EXPECT_EQ(queued_total(), 0);
    settle();
    EXPECT_EQ(host_->count(kEventDrain), static_cast<size_t>(round));
    peers_[0].reading = false;
  }
}

TEST_F(EngineWriteFailureTest, sends_no_drain_that_nobody_was_promised) {
  const auto [peer, handle] = join(listen_tcp());
  for (int i = 0; i < 20; ++i) send(handle, large(600'000));
  ASSERT_TRUE(run_until([&] { return peers_[0].received.size() == 20 * large(600'000).size(); }));
  settle();
  EXPECT_EQ(host_->count(kEventDrain), 0u);
}

TEST_F(EngineWriteFailureTest, sends_the_drain_for_what_was_written_outside_a_turn) {
  const auto [peer, handle] = join(listen_unix());
  send(handle, note());
  want_drain(handle);
  ASSERT_TRUE(run_until([&] { return host_->count(kEventDrain) == 1; }));
}

TEST_F(EngineWriteFailureTest, closes_instead_of_draining_when_the_session_ends_first) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  send(handle, large(12 << 20));
  want_drain(handle);
  settle();
  peers_[0].reset();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  settle();
  EXPECT_EQ(host_->count(kEventDrain), 0u);
  EXPECT_EQ(host_->count(kEventClose), 1u);
  EXPECT_EQ(close_code(), CloseCode::kConnectionReset);
}

TEST_F(EngineWriteFailureTest, keeps_the_stream_in_order_when_every_write_is_partial) {
  const auto [peer, handle] = join(listen_unix());
  const int bytes = 4'096;
  ::setsockopt(session(handle).fd.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  std::string expected;
  for (uint32_t id = 1; id <= 400; ++id) {
    const std::string packet = packet_bytes(kPacketOneWay, id, std::string(id * 37 % 9'000, static_cast<char>(id)));
    send(handle, packet);
    expected += packet;
    if (id % 7 == 0) engine_->flush();
    if (id % 40 == 0) settle();
  }
  ASSERT_TRUE(run_until([&] { return peers_[0].received.size() == expected.size(); }));
  EXPECT_TRUE(peers_[0].received == expected);
  EXPECT_EQ(queued_bytes(handle), 0u);
}

TEST_F(EngineWriteFailureTest, closes_a_paused_session_whose_write_fails_outside_a_turn) {
  const auto [peer, handle] = join(listen_unix());
  engine_->set_paused(handle.slot, handle.generation, true);
  settle();
  peer.close();
  send(handle, note());
  engine_->flush();
  ASSERT_TRUE(run_until([&] { return closed(); })) << "no socket will ever ask for this turn";
  EXPECT_EQ(close_code(), CloseCode::kConnectionReset);
}

TEST_F(EngineWriteFailureTest, closes_when_the_peer_takes_no_more_and_says_no_more) {
  EngineOptions options;
  options.linger_timeout_ns = 50'000'000;
  start(options);
  const auto [peer, handle] = join(listen_unix());
  peer.shut(SHUT_RD);  // writing to it fails, but it has not closed its own half
  send(handle, note());
  engine_->flush();
  ASSERT_TRUE(run_until([&] { return closed(); })) << "no deadline was ticking";
  EXPECT_EQ(close_code(), CloseCode::kConnectionLost);
  EXPECT_EQ(host_->find(kEventClose)->b, static_cast<uint32_t>(EPIPE));
}

TEST_F(EngineWriteFailureTest, delivers_what_came_before_a_write_failed) {
  const auto [peer, handle] = join(listen_unix());
  peer.send(packet_bytes(kPacketOneWay, 1, "last words"));
  peer.close();
  send(handle, note());
  engine_->flush();  // the write meets the closed peer before the read does
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(host_->count(0), 1u);
}

TEST_F(EngineWriteFailureTest, calls_it_a_reset_when_a_write_took_the_error_away_from_the_read) {
  for (const bool tcp : {true, false}) {
    start(EngineOptions{});
    const auto [peer, handle] = join(tcp ? listen_tcp() : listen_unix());
    if (tcp) {
      peer.reset();
    } else {
      peer.close();
    }
    send(handle, note());
    engine_->flush();  // reports ECONNRESET or EPIPE; the read that follows sees nothing but an end
    ASSERT_TRUE(run_until([&] { return closed(); }));
    EXPECT_EQ(close_code(), CloseCode::kConnectionReset) << "an accepted message was lost";
    EXPECT_NE(host_->find(kEventClose)->b, 0u);
  }
}

TEST_F(EngineWriteFailureTest, calls_it_a_reset_when_the_answers_to_a_closed_peer_are_lost) {
  const auto [peer, handle] = join(listen_unix());
  peer.send(packet_bytes(kPacketRequest, 1, "question"));
  peer.close();
  // Answered with the events of the turn that saw the end.
  host_->on_seen = [this](const Seen& one) {
    if (one.kind == 0) host_->send(one.slot, one.generation, note());
  };
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kConnectionReset);
}

TEST_F(EngineWriteFailureTest, charges_nothing_for_messages_that_a_failed_session_cannot_take) {
  const auto [peer, handle] = join(listen_unix());
  peer.shut(SHUT_RD);
  send(handle, note());
  engine_->flush();
  const uint64_t discarded = engine_->counters().messages_discarded;
  send(handle, note());           // through the ring
  engine_->flush();
  send(handle, large(300'000));   // handed over directly
  EXPECT_EQ(queued_bytes(handle), 0u);
  EXPECT_EQ(engine_->counters().messages_discarded, discarded + 2);
}

TEST_F(EngineWriteFailureTest, counts_what_is_sent_to_a_session_that_is_gone) {
  const auto [peer, handle] = join(listen_unix());
  peer.close();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  // The close event was delivered, the slot is free: the ring names a generation that is over.
  send(handle, note());
  engine_->flush();
  EXPECT_EQ(engine_->counters().messages_discarded, 1u);
}

TEST_F(EngineWriteFailureTest, settles_a_direct_send_that_fails_outside_a_turn) {
  const auto [peer, handle] = join(listen_unix());
  engine_->set_paused(handle.slot, handle.generation, true);
  peer.close();
  send(handle, large(300'000));
  ASSERT_TRUE(run_until([&] { return closed(); }));
}

}  // namespace
}  // namespace msgtrans
