// Sessions whose inbound consumer is behind: nothing is read for them and nothing wakes the engine, yet a connection
// that is reset ends at once, and one that its peer ended in order only after everything was read.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class EnginePausedTest : public EngineFixture {
 protected:
  void set_paused(Handle handle, bool paused) { engine_->set_paused(handle.slot, handle.generation, paused); }

  // Fails when anything wakes the engine while nothing happens.
  void expect_quiet() {
    settle();
    const uint64_t turns = engine_->counters().turns;
    settle();
    EXPECT_EQ(engine_->counters().turns, turns);
  }

  void expect_reset() {
    ASSERT_TRUE(run_until([&] { return closed(); })) << "nobody told it";
    EXPECT_EQ(close_code(), CloseCode::kConnectionReset);
    EXPECT_EQ(host_->find(kEventClose)->b, static_cast<uint32_t>(ECONNRESET));
    EXPECT_EQ(host_->find(kEventClose)->c, 0u) << "the peer began";
    expect_quiet();
    EXPECT_EQ(host_->count(kEventClose), 1u);
    EXPECT_EQ(engine_->directory().open_count(), 0u);
  }

  static std::string note(uint32_t id) { return packet_bytes(kPacketOneWay, id, "note"); }
};

TEST_F(EnginePausedTest, hears_that_its_peer_reset_the_connection) {
  for (const bool has_unread : {false, true}) {
    start(EngineOptions{});
    const auto [peer, handle] = join(listen_tcp());
    set_paused(handle, true);
    if (has_unread) peer.send(note(1));
    expect_quiet();
    peer.reset();
    expect_reset();
    EXPECT_EQ(host_->count(0), 0u) << "paused to the end";
  }
}

TEST_F(EnginePausedTest, hears_of_a_unix_peer_that_left_without_reading) {
  const auto [peer, handle] = join(listen_unix());
  set_paused(handle, true);
  peer.reading = false;
  send(handle, note(1));
  settle();
  peer.close();
  expect_reset();
}

TEST_F(EnginePausedTest, hears_of_a_reset_that_came_before_it_was_paused) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reset();
  set_paused(handle, true);
  expect_reset();
}

TEST_F(EnginePausedTest, hears_of_a_reset_after_its_queue_was_written) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  set_paused(handle, true);
  const std::string flood = packet_bytes(kPacketOneWay, 1, std::string(12 << 20, 'f'));
  send(handle, flood);
  settle();
  ASSERT_GT(queued_bytes(handle), 0u);
  peers_[0].reading = true;
  ASSERT_TRUE(run_until([&] { return peers_[0].received.size() == flood.size(); }));
  expect_quiet();
  ASSERT_EQ(queued_bytes(handle), 0u);
  peers_[0].reset();
  expect_reset();
}

TEST_F(EnginePausedTest, takes_the_end_of_its_peer_only_after_everything_was_read) {
  for (const bool tcp : {true, false}) {
    for (const bool half : {true, false}) {
      start(EngineOptions{});
      const auto [peer, handle] = join(tcp ? listen_tcp() : listen_unix());
      set_paused(handle, true);
      settle();
      for (uint32_t id = 1; id <= 100; ++id) peer.send(note(id));
      if (half) {
        peer.shut(SHUT_WR);
      } else {
        peer.close();
      }
      expect_quiet();
      EXPECT_FALSE(closed()) << "with messages still to come";
      set_paused(handle, false);
      ASSERT_TRUE(run_until([&] { return closed(); }));
      EXPECT_EQ(close_code(), CloseCode::kOrderly);
      EXPECT_EQ(host_->count(0), 100u);
      EXPECT_EQ(host_->seen.back().kind, kEventClose);
      peers_.clear();
    }
  }
}

TEST_F(EnginePausedTest, closes_in_order_when_told_to) {
  const auto [peer, handle] = join(listen_tcp());
  set_paused(handle, true);
  peer.send(note(1));
  settle();
  send(handle, note(2));
  ASSERT_TRUE(close(handle, CloseCode::kOrderly, true));
  ASSERT_TRUE(run_until([&] { return peers_[0].end_seen; }));
  EXPECT_EQ(peers_[0].received, note(2));
  peers_[0].close();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kOrderly);
}

TEST_F(EnginePausedTest, costs_one_system_call_to_pause_and_one_to_resume) {
  const auto [peer, handle] = join(listen_tcp());
  settle();
  const uint64_t before = engine_->counters().syscalls;
  for (int i = 0; i < 10; ++i) {
    set_paused(handle, true);
    set_paused(handle, false);
  }
  EXPECT_EQ(engine_->counters().syscalls, before + 20);
}

}  // namespace
}  // namespace msgtrans
