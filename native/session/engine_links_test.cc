// Sends to sessions on sockets that another reactor holds.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "io/stream_socket.h"
#include "session/socket_peer.h"
#include "session/test_reactor.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

constexpr uint32_t kHolder = 220;
constexpr uint32_t kSenders = 2;

class ForeignSendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const SessionEngine::Opened opened = holder_.engine->listen(*SocketAddress::tcp("127.0.0.1", 0), 16);
    ASSERT_EQ(opened.error, 0);
    OpenedSocket socket = open_connection(opened.address);
    ASSERT_TRUE(socket.fd.valid());
    peer_ = std::make_unique<SocketPeer>(std::move(socket.fd));
    ASSERT_TRUE(holder_.run_until([&] { return holder_.host.count(kEventAccepted) == 1; }));
    const Seen* const seen = holder_.host.find(kEventAccepted);
    end_ = {seen->slot, seen->generation};
    word_ = holder_.engine->directory().word(end_.slot);
  }
  static std::string message(uint32_t sender, uint32_t sequence) {
    // Every seventh goes beside the ring.
    const size_t bytes = sequence % 7 == 0 ? kRingBytes / 4 + sequence : sequence * 37 % 4'000;
    const auto letter = static_cast<char>('a' + sequence % 26);
    return packet_bytes(kPacketOneWay, sender << 24 | sequence, std::string(bytes, letter));
  }

  TestReactor holder_{kHolder};
  std::unique_ptr<SocketPeer> peer_;
  SessionEnd end_;
  uint32_t word_ = 0;
};

TEST_F(ForeignSendTest, arrives_in_order_and_leaves_the_accounting_of_the_holder_alone) {
  constexpr uint32_t kMessages = 200;
  std::atomic<uint32_t> sent{0};
  std::string expected[1 + kSenders];
  for (uint32_t sender = 0; sender <= kSenders; ++sender) {
    for (uint32_t i = 1; i <= kMessages; ++i) expected[sender] += message(sender, i);
  }
  size_t bytes = 0;
  for (const std::string& one : expected) bytes += one.size();
  stress::run_together(1 + kSenders, [&](uint32_t thread) {
    if (thread > 0) {
      TestReactor sender(kHolder + thread);
      for (uint32_t i = 1; i <= kMessages; ++i) {
        sender.host.send_foreign(word_, end_.generation, message(thread, i));
        if (i % 5 == 0) sender.step(0);
      }
      // Nothing is under way any more.
      ASSERT_TRUE(sender.run_until([&] { return sender.queued_total() == 0; }));
      // Relaxed: only ends the others' loops.
      sent.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    uint32_t own = 0;
    ASSERT_TRUE(holder_.run_until([&] {
      if (own < kMessages) holder_.send(end_, message(0, ++own));
      EXPECT_LE(holder_.queued_bytes(end_), expected[0].size()) << "its own bytes only";
      peer_->pump();
      // Relaxed: as above.
      return peer_->received.size() == bytes && sent.load(std::memory_order_relaxed) == kSenders;
    }));
    EXPECT_EQ(holder_.queued_bytes(end_), 0u);
    EXPECT_EQ(holder_.queued_total(), 0);
  });
  // Whole packets of three senders, each sender's in order.
  std::string got[1 + kSenders];
  for (size_t at = 0; at + kHeaderBytes <= peer_->received.size();) {
    PacketHeader header;
    const auto* const wire = reinterpret_cast<const uint8_t*>(peer_->received.data() + at);
    ASSERT_EQ(parse_header(wire, PacketLimits{}, header), HeaderStatus::ok);
    const size_t length = kHeaderBytes + header.payload_bytes;
    ASSERT_LE(header.message_id >> 24, kSenders);
    got[header.message_id >> 24] += peer_->received.substr(at, length);
    at += length;
  }
  for (uint32_t sender = 0; sender <= kSenders; ++sender) EXPECT_TRUE(got[sender] == expected[sender]) << sender;
}

TEST_F(ForeignSendTest, waits_with_the_holder_when_the_peer_does_not_read) {
  peer_->reading = false;
  TestReactor sender(kHolder + 1);
  const std::string bytes = packet_bytes(kPacketOneWay, 1, std::string(50'000, 'f'));
  size_t sent = 0;
  for (int i = 0; i < 200; ++i) {
    sender.host.send_foreign(word_, end_.generation, bytes);
    holder_.send(end_, bytes);
    sent += 2 * bytes.size();
    sender.step(0);
    holder_.step(0);
  }
  const uint32_t own = holder_.queued_bytes(end_);
  EXPECT_GT(own, 0u);
  EXPECT_LE(own, 200 * bytes.size());
  peer_->reading = true;
  ASSERT_TRUE(holder_.run_until([&] {
    sender.step(0);
    peer_->pump();
    return peer_->received.size() == sent;
  }));
  EXPECT_EQ(holder_.queued_bytes(end_), 0u);
}

TEST_F(ForeignSendTest, is_dropped_when_the_session_is_gone) {
  TestReactor sender(kHolder + 1);
  ASSERT_TRUE(holder_.close(end_, CloseCode::kConnectionReset, false));
  ASSERT_TRUE(holder_.run_until([&] { return holder_.host.count(kEventClose) == 1; }));
  sender.host.send_foreign(word_, end_.generation, message(1, 1));
  sender.host.send_foreign(word_, end_.generation, message(1, 7));
  ASSERT_TRUE(holder_.run_until([&] {
    sender.step(0);
    return holder_.engine->counters().messages_discarded == 1;
  }));
  EXPECT_EQ(sender.engine->counters().messages_discarded, 1u) << "the large one is not even copied";
  EXPECT_TRUE(sender.run_until([&] { return sender.queued_total() == 0; }));
}

TEST_F(ForeignSendTest, counts_what_finds_no_reactor) {
  constexpr uint32_t kNobody = kHolder + 2;
  TestReactor sender(kHolder + 1);
  for (uint32_t i = 1; i <= 3; ++i) {
    sender.host.send_foreign(kNobody << kSlotBits | end_.slot, end_.generation, message(1, i));
  }
  sender.engine->flush();
  EXPECT_EQ(sender.engine->counters().messages_discarded, 3u);
  EXPECT_EQ(sender.queued_total(), 0) << "its segment is its own again";
}

}  // namespace
}  // namespace msgtrans
