// Payloads that go to other reactors where they lie: who gives back, who copies, and who may end before.

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "session/socket_peer.h"
#include "session/test_reactor.h"

namespace msgtrans {
namespace {

constexpr uint32_t kRelay = 60;

// A reactor that gets packets on a socket and passes their payloads on, by `relay`, to sessions in process.
class EngineLendingTest : public testing::Test {
 protected:
  void SetUp() override {
    relay_ = std::make_unique<TestReactor>(kRelay);
    const SessionEngine::Opened opened = relay_->engine->listen(*SocketAddress::tcp("127.0.0.1", 0), 16);
    ASSERT_EQ(opened.error, 0);
    peer_ = std::make_unique<SocketPeer>(open_connection(opened.address).fd);
  }
  void TearDown() override {
    for (const auto& reactor : others_) {
      if (reactor != nullptr) end(*reactor);
    }
    if (relay_ != nullptr) end(*relay_);
  }
  static void end(TestReactor& reactor) {
    reactor.engine->check_invariants();
    reactor.engine->abandon();
  }

  TestReactor& add_other() {
    others_.push_back(std::make_unique<TestReactor>(kRelay + 1 + static_cast<uint32_t>(others_.size())));
    return *others_.back();
  }
  void step_all() {
    peer_->pump();
    if (relay_ != nullptr) relay_->step(0);
    for (const auto& other : others_) {
      if (other != nullptr) other->step(0);
    }
  }
  bool run_until(const std::function<bool()>& done) {
    const uint64_t end = monotonic_ns() + TestReactor::kPatienceNs;
    while (!done()) {
      if (monotonic_ns() > end) return false;
      step_all();
    }
    return true;
  }
  // Sessions from the relay to `other`; the relay's ends of them.
  std::vector<SessionEnd> connect(TestReactor& other, uint32_t count) {
    const SessionEngine::OpenedName listening = other.engine->listen_in_process("");
    const size_t before = relay_->host.count(kEventConnected);
    EXPECT_EQ(relay_->engine->connect_in_process(listening.name, count).error, 0);
    EXPECT_TRUE(run_until([&] { return relay_->host.count(kEventConnected) == before + count; }));
    std::vector<SessionEnd> ends;
    for (const Seen& one : relay_->host.seen) {
      if (one.kind == kEventConnected) ends.push_back({one.slot, one.generation});
    }
    ends.erase(ends.begin(), ends.end() - count);
    return ends;
  }
  // From the handler that `one` was given to.
  bool pass_on(TestReactor& from, const Seen& one, SessionEnd to, const std::string& ext = "") {
    std::string head = packet_bytes(kPacketOneWay, 9, "", ext);
    PacketHeader header;
    header.message_id = 9;
    header.biz_type = 63;
    header.ext_header_bytes = static_cast<uint16_t>(ext.size());
    header.payload_bytes = static_cast<uint32_t>(one.payload().size());
    encode_header(reinterpret_cast<uint8_t*>(head.data()), header);
    const iovec part{head.data(), head.size()};
    const auto bytes = static_cast<uint32_t>(head.size()) + header.payload_bytes;
    from.state(to).queued_bytes += bytes;
    const bool is_sent = from.engine->send_slice(from.engine->directory().word(to.slot), to.generation, &part, 1,
                                                 {one.slice, one.payload_offset, header.payload_bytes});
    if (!is_sent) from.state(to).queued_bytes -= bytes;
    return is_sent;
  }
  [[nodiscard]] static std::vector<std::string> payloads(const TestReactor& reactor) {
    std::vector<std::string> found;
    for (const Seen& one : reactor.host.seen) {
      if (one.kind == 0) found.push_back(one.payload());
    }
    return found;
  }
  static std::string pattern(size_t bytes, uint32_t seed) {
    std::string text(bytes, '\0');
    for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 31 + seed * 17 + (i >> 8));
    return text;
  }
  // What the relay still has lent, once it has looked.
  uint64_t slices_out(TestReactor& reactor) {
    reactor.engine->pool().drain_returns();
    return reactor.engine->pool().counters().slices_lent;
  }

  std::unique_ptr<TestReactor> relay_;
  std::vector<std::unique_ptr<TestReactor>> others_;
  std::unique_ptr<SocketPeer> peer_;
};

TEST_F(EngineLendingTest, passes_payloads_on_without_copying_and_gets_their_slices_back) {
  TestReactor& other = add_other();
  const SessionEnd to = connect(other, 1).front();
  relay_->host.on_seen = [&](const Seen& one) {
    if (one.kind == 0) {
      EXPECT_TRUE(pass_on(*relay_, one, to, "ext"));
    }
  };
  std::vector<std::string> expected;
  for (const size_t bytes : {size_t{16'384}, size_t{65'536}, size_t{1'000'000}, size_t{3'000'000}}) {
    const uint64_t copies = relay_->engine->counters().payload_copies;
    expected.push_back(pattern(bytes, static_cast<uint32_t>(bytes)));
    peer_->send(packet_bytes(kPacketOneWay, 1, expected.back()));
    ASSERT_TRUE(run_until([&] { return payloads(other).size() == expected.size(); }));
    // What came with the header of a large packet is copied into the packet's own slice, once.
    EXPECT_LE(relay_->engine->counters().payload_copies, copies + 1) << bytes;
    EXPECT_EQ(other.engine->counters().payload_copies, 0u);
  }
  EXPECT_EQ(payloads(other), expected);
  const Seen& last = other.host.seen.back();
  EXPECT_EQ(last.packet.substr(kHeaderBytes, last.ext_bytes), "ext");
  EXPECT_TRUE(run_until([&] { return slices_out(*relay_) == 0; }));
  EXPECT_EQ(relay_->queued_bytes(to), 0u);
  EXPECT_EQ(relay_->engine->bytes_under_way(), 0u);
}

TEST_F(EngineLendingTest, shows_nobody_a_payload_while_its_handler_may_write_to_it) {
  TestReactor& other = add_other();
  const SessionEnd to = connect(other, 1).front();
  const std::string payload = pattern(40'000, 1);
  bool is_handled = false;
  relay_->host.on_seen = [&](const Seen& one) {
    if (one.kind != 0) return;
    EXPECT_TRUE(pass_on(*relay_, one, to));
    relay_->send(to, packet_bytes(kPacketOneWay, 2, "after it"));
    relay_->engine->flush();
    for (int i = 0; i < 3; ++i) other.step(0);
    EXPECT_TRUE(payloads(other).empty()) << "the handler has not returned";
    is_handled = true;
  };
  peer_->send(packet_bytes(kPacketOneWay, 1, payload));
  ASSERT_TRUE(run_until([&] { return payloads(other).size() == 2; }));
  EXPECT_TRUE(is_handled);
  EXPECT_EQ(payloads(other), (std::vector<std::string>{payload, "after it"})) << "in the order in which they were sent";
}

TEST_F(EngineLendingTest, shows_others_what_it_posts_though_the_receiver_has_ended) {
  TestReactor& other = add_other();
  const SessionEnd to = connect(other, 1).front();
  const SessionEnd to_another = connect(add_other(), 1).front();
  TestReactor& another = *others_.back();
  relay_->host.on_seen = [&](const Seen& one) {
    if (one.kind != 0) return;
    // Between two looks at it.
    others_.front()->engine->abandon();
    EXPECT_TRUE(pass_on(*relay_, one, to));
    relay_->send(to_another, packet_bytes(kPacketOneWay, 2, "goes on"));
  };
  peer_->send(packet_bytes(kPacketOneWay, 1, pattern(40'000, 1)));
  const uint64_t end = monotonic_ns() + TestReactor::kPatienceNs;
  while (another.host.count(0) == 0 && monotonic_ns() < end) {
    peer_->pump();
    relay_->step(0);
    another.step(0);
  }
  EXPECT_EQ(payloads(another), std::vector<std::string>{"goes on"});
  EXPECT_EQ(slices_out(*relay_), 0u);
}

TEST_F(EngineLendingTest, copies_what_somebody_here_has_for_longer) {
  TestReactor& other = add_other();
  const SessionEnd to = connect(other, 1).front();
  SliceId retained = kNoSlice;
  relay_->host.on_seen = [&](const Seen& one) {
    if (one.kind != 0) return;
    EXPECT_TRUE(pass_on(*relay_, one, to));
    retained = one.slice & kSliceIdMask;
    relay_->engine->pool().add_reference(retained);
  };
  const std::string payload = pattern(60'000, 2);
  peer_->send(packet_bytes(kPacketOneWay, 1, payload));
  const uint64_t before = relay_->engine->counters().payload_copies;
  ASSERT_TRUE(run_until([&] { return retained != kNoSlice; }));
  // As a user may, from the next turn on.
  const Slice slice = relay_->engine->pool().slice(retained);
  std::fill(slice.data, slice.data + slice.bytes, '!');
  ASSERT_TRUE(run_until([&] { return payloads(other).size() == 1; }));
  EXPECT_EQ(payloads(other).front(), payload);
  EXPECT_GE(relay_->engine->counters().payload_copies, before + 1);
  relay_->engine->pool().release(retained);
  EXPECT_TRUE(run_until([&] { return slices_out(*relay_) == 0; }));
}

TEST_F(EngineLendingTest, lets_a_receiver_write_only_when_it_is_the_last_that_has_the_payload) {
  TestReactor& one = add_other();
  TestReactor& two = add_other();
  const SessionEnd to_one = connect(one, 1).front();
  const SessionEnd to_two = connect(two, 1).front();
  relay_->host.on_seen = [&](const Seen& seen) {
    if (seen.kind != 0) return;
    EXPECT_TRUE(pass_on(*relay_, seen, to_one));
    EXPECT_TRUE(pass_on(*relay_, seen, to_two));
  };
  std::vector<bool> may_write;
  const auto look = [&](TestReactor& reactor) {
    reactor.host.on_seen = [&](const Seen& seen) {
      if (seen.kind == 0) may_write.push_back(reactor.engine->may_expose(seen.slice));
    };
  };
  look(one);
  look(two);
  const std::string payload = pattern(100'000, 3);
  peer_->send(packet_bytes(kPacketOneWay, 1, payload));
  const uint64_t end = monotonic_ns() + TestReactor::kPatienceNs;
  while (relay_->host.count(0) == 0 && monotonic_ns() < end) {
    peer_->pump();
    relay_->step(0);
  }
  relay_->step(0);
  while (one.host.count(0) == 0 && monotonic_ns() < end) one.step(0);
  while (two.host.count(0) == 0 && monotonic_ns() < end) two.step(0);
  EXPECT_EQ(may_write, (std::vector<bool>{false, true})) << "the first shares it with the second, which is alone then";
  EXPECT_EQ(payloads(one), payloads(two));
  EXPECT_EQ(payloads(one), std::vector<std::string>{payload});
}

TEST_F(EngineLendingTest, passes_on_what_was_passed_on_to_sockets_and_sessions_in_process) {
  TestReactor& middle = add_other();
  TestReactor& last = add_other();
  const SessionEnd to_middle = connect(middle, 1).front();
  const SessionEngine::OpenedName listening = last.engine->listen_in_process("");
  EXPECT_EQ(middle.engine->connect_in_process(listening.name, 1).error, 0);
  const SessionEngine::Opened opened = middle.engine->listen(*SocketAddress::tcp("127.0.0.1", 0), 16);
  SocketPeer slow(open_connection(opened.address).fd);
  ASSERT_TRUE(run_until([&] { return middle.host.count(kEventConnected) == 1 && middle.host.count(kEventAccepted) == 2; }));
  const Seen* const connected = middle.host.find(kEventConnected);
  const SessionEnd to_last{connected->slot, connected->generation};
  SessionEnd to_socket;
  for (const Seen& seen : middle.host.seen) {
    if (seen.kind == kEventAccepted) to_socket = {seen.slot, seen.generation};
  }
  relay_->host.on_seen = [&](const Seen& seen) {
    if (seen.kind == 0) {
      EXPECT_TRUE(pass_on(*relay_, seen, to_middle));
    }
  };
  // To the socket every second time; what it does not take stays where it lies.
  uint32_t passed = 0;
  std::vector<std::string> to_peer;
  middle.host.on_seen = [&](const Seen& seen) {
    if (seen.kind != 0) return;
    const bool is_for_socket = passed++ % 2 == 1;
    EXPECT_TRUE(pass_on(middle, seen, is_for_socket ? to_socket : to_last));
    if (is_for_socket) to_peer.push_back(seen.payload());
  };
  std::vector<std::string> sent;
  std::string packets;
  for (uint32_t i = 0; i < 8; ++i) {
    sent.push_back(pattern(900'000 + i, i));
    packets += packet_bytes(kPacketOneWay, i, sent.back());
  }
  peer_->send(packets);
  ASSERT_TRUE(run_until([&] { return passed == 8 && payloads(last).size() == 4; }));
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(payloads(last)[i] == sent[2 * i]);
  EXPECT_EQ(middle.engine->counters().payload_copies, 0u);
  EXPECT_GT(slices_out(*relay_), 0u) << "the slow socket has them still";
  size_t expected = 0;
  for (const std::string& one : to_peer) expected += kHeaderBytes + one.size();
  ASSERT_TRUE(run_until([&] {
    slow.pump();
    return slow.received.size() == expected;
  }));
  size_t at = 0;
  for (const std::string& one : to_peer) {
    EXPECT_TRUE(slow.received.substr(at + kHeaderBytes, one.size()) == one);
    at += kHeaderBytes + one.size();
  }
  EXPECT_TRUE(run_until([&] { return slices_out(*relay_) == 0; }));
}

TEST_F(EngineLendingTest, keeps_its_read_slices_for_reading_when_receivers_do_nothing) {
  TestReactor& other = add_other();
  const SessionEnd to = connect(other, 1).front();
  uint32_t lent = 0;
  uint32_t copied = 0;
  relay_->host.on_seen = [&](const Seen& one) {
    if (one.kind == 0) ++(pass_on(*relay_, one, to) ? lent : copied);
  };
  const std::string packet = packet_bytes(kPacketOneWay, 1, pattern(20'000, 4));
  std::string packets;
  for (int i = 0; i < 300; ++i) packets += packet;
  peer_->send(packets);
  const uint64_t end = monotonic_ns() + TestReactor::kPatienceNs;
  while (lent + copied < 300 && monotonic_ns() < end) {
    peer_->pump();
    relay_->step(0);
  }
  EXPECT_GT(lent, 0u);
  EXPECT_EQ(lent + copied, 300u);
  EXPECT_EQ(relay_->engine->pool().counters().refused, 0u);
  ASSERT_TRUE(run_until([&] { return payloads(other).size() == lent; }));
  EXPECT_TRUE(run_until([&] { return slices_out(*relay_) == 0; }));
}

TEST_F(EngineLendingTest, ends_in_any_order_with_payloads_under_way_and_in_hand) {
  for (int order = 0; order < 6; ++order) {
    TestReactor& other = add_other();
    const SessionEnd to = connect(other, 1).front();
    relay_->host.on_seen = [&](const Seen& one) {
      if (one.kind == 0) {
        EXPECT_TRUE(pass_on(*relay_, one, to));
      }
    };
    std::vector<LentSlice> kept;
    std::vector<std::string_view> seen;
    other.host.on_seen = [&](const Seen& one) {
      if (one.kind != 0) return;
      kept.push_back(other.engine->keep(one.slice, false));
      ASSERT_TRUE(kept.back().valid());
      seen.emplace_back(reinterpret_cast<const char*>(kept.back().slice().data) + one.payload_offset, one.payload().size());
    };
    const std::string payload = pattern(order % 2 == 0 ? 60'000 : 2'000'000, 5);
    peer_->send(packet_bytes(kPacketOneWay, 1, payload));
    ASSERT_TRUE(run_until([&] { return kept.size() == 1; }));
    // Another that the receiver never looks at.
    peer_->send(packet_bytes(kPacketOneWay, 2, payload));
    ASSERT_TRUE([&] {
      const uint64_t end = monotonic_ns() + TestReactor::kPatienceNs;
      while (relay_->host.count(0) < 2 && monotonic_ns() < end) {
        peer_->pump();
        relay_->step(0);
      }
      return relay_->host.count(0) == 2;
    }());
    relay_->step(0);
    if (order % 3 == 0) {
      end(*relay_);
      relay_ = nullptr;
      EXPECT_EQ(seen.front(), payload) << "it outlives the reactor that received it";
      std::thread([&] { kept.clear(); }).join();
    } else if (order % 3 == 1) {
      end(*others_.back());
      others_.back() = nullptr;
      EXPECT_EQ(seen.front(), payload);
      kept.clear();
      relay_->step(0);
      EXPECT_EQ(slices_out(*relay_), 0u) << "what was under way came back, too";
    } else {
      end(*relay_);
      relay_ = nullptr;
      end(*others_.back());
      others_.back() = nullptr;
      EXPECT_EQ(seen.front(), payload);
    }
    kept.clear();
    if (others_.back() != nullptr) end(*others_.back());
    others_.clear();
    if (relay_ != nullptr) end(*relay_);
    relay_ = nullptr;
    peer_ = nullptr;
    SetUp();
  }
}

}  // namespace
}  // namespace msgtrans
