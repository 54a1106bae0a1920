#include "session/outbound_writer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "session/batch_layout.h"
#include "session/socket_peer.h"

namespace msgtrans {
namespace {

class OutboundWriterTest : public testing::Test, private OutboundWriter::Observer {
 protected:
  struct Line {
    std::unique_ptr<Session> session;
    SocketPeer peer;
  };

  void SetUp() override { ASSERT_TRUE(arena_.valid()); }

  Line& open_line(int send_buffer_bytes = 0) {
    int pair[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    auto session = std::make_unique<Session>();
    session->fd.reset(pair[0]);
    session->phase = Phase::kOpen;
    session->slot = directory_.claim(session.get());
    session->generation = 1;
    if (send_buffer_bytes > 0) {
      ::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(send_buffer_bytes));
    }
    lines_.push_back({std::move(session), SocketPeer(UniqueFd(pair[1]))});
    return lines_.back();
  }

  uint32_t& queued_bytes(const Line& line) { return directory_.state(line.session->slot).queued_bytes; }
  void take_ring() {
    foreign_.clear();
    writer_.take_ring(foreign_);
  }

  void put(uint32_t slot, uint32_t generation, const std::string& bytes, uint32_t messages) {
    auto* const control = reinterpret_cast<uint32_t*>(arena_.data());
    const size_t at = (control[kControlRingUsed] + kRunAlignment - 1) / kRunAlignment * kRunAlignment;
    ASSERT_LE(at + kRunWords * kWordBytes + bytes.size(), kRingBytes);
    auto* const run = reinterpret_cast<uint32_t*>(arena_.data() + arena_.ring_offset() + at);
    run[kRunSlotWord] = directory_.word(slot);
    run[kRunGeneration] = generation;
    run[kRunBytes] = static_cast<uint32_t>(bytes.size());
    run[kRunMessages] = messages;
    std::memcpy(run + kRunWords, bytes.data(), bytes.size());
    control[kControlRingUsed] = static_cast<uint32_t>(at + kRunWords * kWordBytes + bytes.size());
  }
  void send(const Line& line, const std::string& bytes) {
    queued_bytes(line) += static_cast<uint32_t>(bytes.size());
    put(line.session->slot, 1, bytes, 1);
  }

  void on_write_progress(Session&) override { ++progress_; }
  void on_write_blocked(Session&) override { ++blocked_; }
  void on_write_failed(Session& session, int error) override {
    failure_ = error;
    ++failures_;
    writer_.discard(session);
    session.write_failed = true;
  }
  void on_write_queue_refused(Session&) override { ADD_FAILURE() << "memory was refused"; }
  void on_write_lost(Session& session, CloseCode code) override {
    lost_ = code;
    writer_.discard(session);
    session.write_failed = true;
  }

  Arena arena_{{kControlWords * kWordBytes, 32, 32, kRingBytes, 100'000}};
  SessionDirectory directory_{0};
  EngineCounters counters_;
  OutboundWriter writer_{arena_, directory_, counters_, *this, 0, false};
  std::vector<OutboundWriter::ForeignRuns> foreign_;
  std::deque<Line> lines_;
  int progress_ = 0;
  int blocked_ = 0;
  int failure_ = 0;
  int failures_ = 0;
  std::optional<CloseCode> lost_;
};

// Bytes of somebody else, of which each token is a hold.
class Lender final : public BytesOwner {
 public:
  bool is_intact(uint32_t token) override { return token != lost; }
  void release(uint32_t token) override { released.push_back(token); }
  bool is_shared() const override { return false; }

  uint32_t lost = UINT32_MAX;
  std::vector<uint32_t> released;
};

class BorrowingTest : public OutboundWriterTest {
 protected:
  // Lenders outlive queues.
  void TearDown() override {
    for (Line& line : lines_) writer_.discard(*line.session);
    EXPECT_EQ(writer_.queued_total(), 0u);
    EXPECT_EQ(writer_.held_total(), 0u);
  }

  void send_borrowed(const Line& line, std::string& header, std::string& payload, uint32_t token) {
    queued_bytes(line) += static_cast<uint32_t>(header.size() + payload.size());
    const iovec parts[] = {{header.data(), header.size()}, {nullptr, 0}, {payload.data(), payload.size()}};
    writer_.send_referred(*line.session, parts, 3, lender_, token);
  }

  Lender lender_;
};

TEST_F(OutboundWriterTest, takes_the_ring_whole_and_restarts_it) {
  Line& line = open_line();
  EXPECT_TRUE(writer_.ring_empty());
  send(line, "hello");
  EXPECT_FALSE(writer_.ring_empty());
  take_ring();
  EXPECT_TRUE(writer_.ring_empty());
  take_ring();
  line.peer.pump();
  EXPECT_EQ(line.peer.received, "hello");
  EXPECT_EQ(queued_bytes(line), 0u);
  EXPECT_EQ(counters_.messages_sent, 1u);
  EXPECT_EQ(counters_.bytes_sent, 5u);
}

TEST_F(OutboundWriterTest, writes_a_session_once_however_its_runs_are_interleaved) {
  std::string expected[3];
  for (int i = 0; i < 3; ++i) open_line();
  for (size_t i = 0; i < 60; ++i) {
    const std::string bytes = "run " + std::to_string(i) + ";";
    send(lines_[i % 3], bytes);
    expected[i % 3] += bytes;
  }
  take_ring();
  EXPECT_EQ(counters_.syscalls, 3u);
  for (size_t i = 0; i < 3; ++i) {
    lines_[i].peer.pump();
    EXPECT_EQ(lines_[i].peer.received, expected[i]);
  }
}

TEST_F(OutboundWriterTest, keeps_the_order_of_more_runs_than_one_call_takes) {
  std::string expected[2];
  for (int i = 0; i < 2; ++i) open_line();
  for (size_t i = 0; i < 2'500; ++i) {
    send(lines_[i % 2], std::to_string(i) + ",");
    expected[i % 2] += std::to_string(i) + ",";
  }
  take_ring();
  for (size_t i = 0; i < 2; ++i) {
    lines_[i].peer.pump();
    EXPECT_EQ(lines_[i].peer.received, expected[i]);
  }
}

TEST_F(OutboundWriterTest, writes_references_from_where_the_packets_lie) {
  Line& line = open_line();
  uint8_t* const slice = arena_.data() + arena_.pool_offset() + 1'000;
  std::memcpy(slice, "lying in a slice", 16);
  send(line, "before ");
  queued_bytes(line) += 16;
  const uint32_t words[2] = {static_cast<uint32_t>(slice - arena_.data()), 16};
  put(line.session->slot, 1, std::string(reinterpret_cast<const char*>(words), sizeof(words)), 1 | kRunReferenceBit);
  send(line, " after");
  take_ring();
  line.peer.pump();
  EXPECT_EQ(line.peer.received, "before lying in a slice after");
  EXPECT_EQ(counters_.messages_sent, 3u);
}

TEST_F(OutboundWriterTest, joins_references_that_lie_side_by_side) {
  Line& line = open_line();
  for (uint32_t i = 0; i < 1'000; ++i) {
    queued_bytes(line) += 16;
    const uint32_t words[2] = {static_cast<uint32_t>(arena_.pool_offset()) + i * 16, 16};
    put(line.session->slot, 1, std::string(reinterpret_cast<const char*>(words), sizeof(words)), 1 | kRunReferenceBit);
  }
  take_ring();
  EXPECT_EQ(counters_.syscalls, 1u);
  line.peer.pump();
  EXPECT_EQ(line.peer.received.size(), 16'000u);
}

TEST_F(OutboundWriterTest, queues_what_the_socket_does_not_take_and_charges_it) {
  Line& line = open_line(4'096);
  std::string expected;
  for (int round = 0; round < 10; ++round) {
    const std::string bytes(50'000, static_cast<char>('a' + round));
    send(line, bytes);
    expected += bytes;
    take_ring();
    EXPECT_TRUE(writer_.ring_empty()) << "the ring never waits for a socket";
    EXPECT_EQ(queued_bytes(line), line.session->queue.bytes());
    EXPECT_EQ(writer_.queued_total(), line.session->queue.bytes());
  }
  EXPECT_EQ(blocked_, 10);
  while (!line.session->queue.empty()) {
    line.peer.pump();
    writer_.flush_queue(*line.session);
    ASSERT_EQ(queued_bytes(line), line.session->queue.bytes());
  }
  line.peer.pump();
  EXPECT_TRUE(line.peer.received == expected);
  EXPECT_EQ(writer_.queued_total(), 0u);
  EXPECT_GT(progress_, 0);
}

TEST_F(OutboundWriterTest, keeps_order_over_random_sends_and_partial_writes) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::string expected[4];
  for (int i = 0; i < 4; ++i) open_line(i < 3 ? 4'096 : 0);
  for (int round = 0; round < 300; ++round) {
    for (size_t i = random() % 30; i > 0; --i) {
      const size_t to = random() % 4;
      const std::string bytes(random() % 2'000, static_cast<char>(random()));
      send(lines_[to], bytes);
      expected[to] += bytes;
    }
    take_ring();
    for (Line& line : lines_) {
      if (random() % 2 == 0) line.peer.pump();
      if (random() % 2 == 0 && !line.session->queue.empty()) writer_.flush_queue(*line.session);
    }
    uint64_t total = 0;
    for (const Line& line : lines_) {
      ASSERT_EQ(queued_bytes(line), line.session->queue.bytes());
      total += line.session->queue.bytes();
    }
    ASSERT_EQ(writer_.queued_total(), total);
  }
  for (size_t i = 0; i < 4; ++i) {
    Line& line = lines_[i];
    for (line.peer.pump(); !line.session->queue.empty(); line.peer.pump()) writer_.flush_queue(*line.session);
    EXPECT_TRUE(line.peer.received == expected[i]) << i;
  }
}

TEST_F(OutboundWriterTest, sends_large_parts_behind_what_is_queued) {
  Line& line = open_line(4'096);
  const std::string first(100'000, '1');
  send(line, first);
  take_ring();
  std::string head = "head";
  std::string body(300'000, '2');
  queued_bytes(line) += static_cast<uint32_t>(head.size() + body.size());
  const iovec parts[] = {{head.data(), head.size()}, {nullptr, 0}, {body.data(), body.size()}};
  writer_.send_parts(*line.session, parts, 3);
  for (line.peer.pump(); !line.session->queue.empty(); line.peer.pump()) writer_.flush_queue(*line.session);
  EXPECT_TRUE(line.peer.received == first + head + body);
  EXPECT_EQ(queued_bytes(line), 0u);
}

TEST_F(BorrowingTest, leaves_what_the_socket_does_not_take_with_its_lender) {
  Line& line = open_line(4'096);
  std::string header = "head";
  std::string payloads[3] = {std::string(300'000, '1'), std::string(70'000, '2'), std::string(1, '3')};
  for (uint32_t i = 0; i < 3; ++i) send_borrowed(line, header, payloads[i], i);
  EXPECT_EQ(counters_.payload_copies, 0u);
  EXPECT_TRUE(lender_.released.empty());
  EXPECT_EQ(queued_bytes(line), line.session->queue.bytes());
  EXPECT_EQ(writer_.held_total(), line.session->queue.bytes()) << "borrowed bytes count as queued";
  for (line.peer.pump(); !line.session->queue.empty(); line.peer.pump()) writer_.flush_queue(*line.session);
  EXPECT_TRUE(line.peer.received == header + payloads[0] + header + payloads[1] + header + payloads[2]);
  EXPECT_EQ(lender_.released, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(counters_.payload_copies, 0u);
}

TEST_F(BorrowingTest, gives_back_at_once_what_was_written_at_once) {
  Line& line = open_line();
  std::string header = "head";
  std::string payload(1'000, 'p');
  send_borrowed(line, header, payload, 4);
  EXPECT_EQ(lender_.released, (std::vector<uint32_t>{4}));
  EXPECT_EQ(queued_bytes(line), 0u);
  line.peer.pump();
  EXPECT_EQ(line.peer.received, header + payload);
}

TEST_F(BorrowingTest, gives_back_what_cannot_be_written) {
  Line& gone = open_line();
  gone.peer.close();
  std::string header = "head";
  std::string payload(100'000, 'p');
  send_borrowed(gone, header, payload, 5);
  EXPECT_EQ(failure_, EPIPE);
  EXPECT_EQ(lender_.released, (std::vector<uint32_t>{5}));
  Line& full = open_line(4'096);
  send_borrowed(full, header, payload, 6);
  full.peer.close();
  writer_.flush_queue(*full.session);
  EXPECT_EQ(lender_.released, (std::vector<uint32_t>{5, 6}));
}

TEST_F(BorrowingTest, writes_nothing_of_bytes_that_their_lender_has_lost) {
  Line& line = open_line(4'096);
  std::string header = "head";
  std::string payloads[2] = {std::string(300'000, '1'), std::string(300'000, '2')};
  for (uint32_t i = 0; i < 2; ++i) send_borrowed(line, header, payloads[i], i);
  lender_.lost = 1;
  for (int i = 0; i < 10'000 && !lost_; ++i) {
    line.peer.pump();
    writer_.flush_queue(*line.session);
  }
  EXPECT_EQ(lost_, CloseCode::kSendBufferLost);
  line.peer.pump();
  EXPECT_EQ(line.peer.received.find('2'), std::string::npos);
  const std::string all = header + payloads[0] + header;
  EXPECT_EQ(line.peer.received, all.substr(0, line.peer.received.size()));
  EXPECT_EQ(lender_.released.size(), 2u);
}

TEST_F(BorrowingTest, copies_what_a_lender_needs_back) {
  Line& line = open_line(4'096);
  std::string header = "head";
  std::string payloads[2] = {std::string(300'000, '1'), std::string(300'000, '2')};
  for (uint32_t i = 0; i < 2; ++i) send_borrowed(line, header, payloads[i], i);
  const std::string all = header + payloads[0] + header + payloads[1];
  writer_.copy_referred(line.session->slot, lender_, 1);
  writer_.copy_referred(line.session->slot, lender_, 1);
  writer_.copy_referred(line.session->slot + 1, lender_, 0);
  EXPECT_EQ(counters_.payload_copies, 1u);
  EXPECT_EQ(lender_.released, (std::vector<uint32_t>{1}));
  payloads[1].assign(payloads[1].size(), '!');
  lender_.lost = 1;
  for (line.peer.pump(); !line.session->queue.empty(); line.peer.pump()) writer_.flush_queue(*line.session);
  EXPECT_TRUE(line.peer.received == all);
}

TEST_F(OutboundWriterTest, discards_and_counts_runs_for_sessions_that_are_gone) {
  Line& closed = open_line();
  Line& failed = open_line();
  Line& live = open_line();
  closed.session->phase = Phase::kClosed;
  failed.session->write_failed = true;
  for (const Line* line : {&closed, &failed, &live}) send(*line, "x");
  put(live.session->slot, 2, "a generation that is not", 7);
  put(kSlotMask, 1, "a slot that is not", 3);
  take_ring();
  EXPECT_EQ(counters_.messages_discarded, 1u + 1u + 7u + 3u);
  EXPECT_EQ(queued_bytes(closed), 0u);
  EXPECT_EQ(queued_bytes(failed), 0u);
  live.peer.pump();
  EXPECT_EQ(live.peer.received, "x");
}

TEST_F(OutboundWriterTest, gives_up_the_rest_of_a_session_whose_write_fails_and_serves_the_others) {
  Line& gone = open_line();
  Line& live = open_line();
  gone.peer.close();
  for (int i = 0; i < 700; ++i) {
    send(gone, "lost");
    send(live, "kept");
  }
  take_ring();
  EXPECT_EQ(failure_, EPIPE);
  EXPECT_EQ(failures_, 1) << "the rest is not even tried";
  EXPECT_EQ(queued_bytes(gone), 0u);
  live.peer.pump();
  EXPECT_EQ(live.peer.received.size(), 700u * 4u);
  EXPECT_EQ(queued_bytes(live), 0u);
}

TEST_F(OutboundWriterTest, reports_a_queue_whose_peer_went) {
  Line& line = open_line(4'096);
  send(line, std::string(100'000, 'x'));
  take_ring();
  ASSERT_FALSE(line.session->queue.empty());
  line.peer.close();
  writer_.flush_queue(*line.session);
  EXPECT_EQ(failure_, EPIPE);
  EXPECT_EQ(queued_bytes(line), 0u);
  EXPECT_EQ(writer_.queued_total(), 0u);
}

}  // namespace
}  // namespace msgtrans
