// Runs that refer to slices: what leaves at once, what waits in the slice, and when the slice is given back.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/batch_layout.h"
#include "session/outbound_writer.h"
#include "session/pinned_slices.h"
#include "session/socket_peer.h"

namespace msgtrans {
namespace {

class ZeroCopyTest : public testing::Test, private OutboundWriter::Observer {
 protected:
  struct Line {
    std::unique_ptr<Session> session;
    SocketPeer peer;
  };

  static BufferPoolOptions pool_options() {
    BufferPoolOptions options;
    options.tier_counts = {4, 4, 8, 2};
    options.read_slices_reserved = 2;
    options.dedicated_bytes_max = size_t{8} << 20;
    return options;
  }

  void SetUp() override { ASSERT_TRUE(arena_.valid()); }
  void TearDown() override {
    for (Line& line : lines_) writer_.discard(*line.session);
    EXPECT_EQ(pins_.bytes(), 0u);
    EXPECT_EQ(writer_.held_total(), 0u);
    EXPECT_EQ(writer_.queued_total(), 0u);
    pool_.check_invariants();
  }

  Line& open_line() {
    int pair[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    const int bytes = 4096;
    ::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    auto session = std::make_unique<Session>();
    session->fd.reset(pair[0]);
    session->phase = Phase::kOpen;
    session->slot = directory_.claim(session.get());
    session->generation = 1;
    lines_.push_back({std::move(session), SocketPeer(UniqueFd(pair[1]))});
    return lines_.back();
  }

  // A slice with bytes that no other has at their place.
  Slice filled_slice(size_t bytes, uint32_t seed) {
    const Slice slice = pool_.acquire(bytes);
    EXPECT_TRUE(slice.valid());
    for (size_t i = 0; i < slice.bytes; ++i) slice.data[i] = static_cast<uint8_t>(i * 31 + seed * 17 + (i >> 8));
    return slice;
  }
  // As reads take them, the reserved ones included.
  Slice read_slice(uint32_t seed) {
    const Slice slice = pool_.acquire_read_slice();
    EXPECT_FALSE(slice.dedicated());
    std::memset(slice.data, static_cast<int>('a' + seed), slice.bytes);
    return slice;
  }
  static std::string text(const Slice& slice, size_t offset, size_t bytes) {
    return {reinterpret_cast<const char*>(slice.data) + offset, bytes};
  }

  void send(const Line& line, const std::string& header, const Slice& slice, size_t offset, size_t bytes) {
    auto* const control = reinterpret_cast<uint32_t*>(arena_.data());
    const size_t at = (control[kControlRingUsed] + kRunAlignment - 1) / kRunAlignment * kRunAlignment;
    const size_t run_bytes = kRunSliceWords * kWordBytes + header.size();
    auto* const run = reinterpret_cast<uint32_t*>(arena_.data() + arena_.ring_offset() + at);
    run[kRunSlotWord] = directory_.word(line.session->slot);
    run[kRunGeneration] = 1;
    run[kRunBytes] = static_cast<uint32_t>(run_bytes);
    run[kRunMessages] = 1 | kRunSliceBit;
    run[kRunWords] = slice.id;
    const size_t base = slice.dedicated() ? 0 : static_cast<size_t>(slice.data - arena_.data());
    run[kRunWords + 1] = static_cast<uint32_t>(base + offset);
    run[kRunWords + 2] = static_cast<uint32_t>(bytes);
    std::memcpy(run + kRunWords + kRunSliceWords, header.data(), header.size());
    control[kControlRingUsed] = static_cast<uint32_t>(at + kRunWords * kWordBytes + run_bytes);
    directory_.state(line.session->slot).queued_bytes += static_cast<uint32_t>(header.size() + bytes);
  }
  OutboundWriter writer_over(PinnedSlices& pins) { return {arena_, directory_, counters_, *this, 0, false, &pins}; }
  void take_ring() {
    foreign_.clear();
    writer_.take_ring(foreign_);
    ASSERT_TRUE(foreign_.empty());
  }
  void drain() {
    for (bool any = true; any;) {
      any = false;
      for (Line& line : lines_) {
        line.peer.pump();
        if (line.session->queue.empty()) continue;
        writer_.flush_queue(*line.session);
        any = true;
      }
    }
    for (Line& line : lines_) line.peer.pump();
  }

  void on_write_progress(Session&) override {}
  void on_write_blocked(Session&) override {}
  void on_write_failed(Session&, int error) override { ADD_FAILURE() << error; }
  void on_write_queue_refused(Session&) override { ADD_FAILURE() << "memory was refused"; }
  void on_write_lost(Session&, CloseCode code) override {
    EXPECT_TRUE(is_loss_expected_) << "slices are never lost";
    lost_code_ = code;
  }

  Arena arena_{{kControlWords * kWordBytes, 32, 32, kRingBytes, BufferPool::bytes_needed(pool_options())}};
  BufferPool pool_{arena_.data() + arena_.pool_offset(), pool_options()};
  SessionDirectory directory_{0};
  EngineCounters counters_;
  PinnedSlices pins_{pool_};
  OutboundWriter writer_{arena_, directory_, counters_, *this, 0, false, &pins_};
  std::vector<OutboundWriter::ForeignRuns> foreign_;
  std::deque<Line> lines_;
  bool is_loss_expected_ = false;
  std::optional<CloseCode> lost_code_;
};

TEST_F(ZeroCopyTest, sends_headers_from_the_ring_and_payloads_from_slices_of_every_kind) {
  Line& line = open_line();
  std::string expected;
  std::vector<SliceId> slices;
  for (const size_t bytes : {900, 5000, 60'000, 900'000, 2'000'000}) {
    const Slice slice = filled_slice(bytes, static_cast<uint32_t>(bytes));
    const std::string header = "header of " + std::to_string(bytes);
    send(line, header, slice, 64, bytes - 64);
    expected += header + text(slice, 64, bytes - 64);
    slices.push_back(slice.id);
  }
  take_ring();
  // The turn's own references go; what waits keeps its own.
  for (const SliceId id : slices) pool_.release(id);
  drain();
  EXPECT_TRUE(line.peer.received == expected);
  EXPECT_EQ(counters_.messages_sent, 5u);
  EXPECT_EQ(counters_.bytes_sent, expected.size());
  EXPECT_EQ(counters_.payload_copies, 0u);
  EXPECT_EQ(pool_.counters().slices_lent, 0u);
}

TEST_F(ZeroCopyTest, one_slice_serves_many_sessions_and_counts_once) {
  constexpr size_t kLines = 50;
  for (size_t i = 0; i < kLines; ++i) open_line();
  const Slice slice = filled_slice(60'000, 7);
  for (const Line& line : lines_) send(line, "for " + std::to_string(line.session->slot), slice, 100, 50'000);
  take_ring();
  EXPECT_EQ(pool_.references(slice.id), 1 + kLines);
  EXPECT_EQ(pins_.bytes(), slice.bytes);
  EXPECT_GT(writer_.queued_total(), kLines * 30'000);
  EXPECT_LT(writer_.held_total(), slice.bytes + kLines * 100);
  const std::string payload = text(slice, 100, 50'000);
  pool_.release(slice.id);
  drain();
  for (const Line& line : lines_) {
    EXPECT_TRUE(line.peer.received == "for " + std::to_string(line.session->slot) + payload);
  }
  EXPECT_EQ(counters_.payload_copies, 0u);
  EXPECT_EQ(pool_.counters().slices_lent, 0u);
}

TEST_F(ZeroCopyTest, copies_what_is_too_small_for_its_slice) {
  Line& line = open_line();
  const Slice slice = filled_slice(60'000, 3);
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    send(line, "h", slice, static_cast<size_t>(i) * 1000, 1000);
    expected += "h" + text(slice, static_cast<size_t>(i) * 1000, 1000);
  }
  take_ring();
  EXPECT_EQ(pins_.bytes(), 0u);
  EXPECT_GT(counters_.payload_copies, 0u);
  pool_.release(slice.id);
  drain();
  EXPECT_TRUE(line.peer.received == expected);
}

TEST_F(ZeroCopyTest, keeps_a_large_slice_only_for_a_rest_that_is_worth_it) {
  const Slice common = filled_slice(60'000, 1);
  const Slice large = filled_slice(900'000, 2);
  EXPECT_TRUE(pins_.try_pin(common.id, 60'000, 1)) << "as much memory as for the rest of any other";
  EXPECT_FALSE(pins_.try_pin(large.id, 900'000, 16'000));
  EXPECT_TRUE(pins_.try_pin(large.id, 900'000, 17'000));
  EXPECT_TRUE(pins_.try_pin(large.id, 900'000, 1)) << "it is kept anyway";
  for (const SliceId id : {common.id, large.id, large.id}) pins_.release(id);
  for (const SliceId id : {common.id, large.id}) pool_.release(id);
}

TEST_F(ZeroCopyTest, leaves_read_slices_for_reading) {
  Line& line = open_line();
  std::vector<Slice> slices;
  std::string expected;
  for (uint32_t i = 0; i < 8; ++i) {
    slices.push_back(read_slice(i));
    send(line, "h", slices.back(), 0, 60'000);
    expected += "h" + text(slices.back(), 0, 60'000);
  }
  take_ring();
  EXPECT_EQ(pins_.bytes(), 0u) << "none is free, so none may be kept";
  for (const Slice& slice : slices) pool_.release(slice.id);
  EXPECT_EQ(pool_.counters().slices_lent, 0u);
  drain();
  EXPECT_TRUE(line.peer.received == expected);
}

TEST_F(ZeroCopyTest, copies_nothing_of_a_slice_that_is_kept_for_sending) {
  Line& line = open_line();
  std::vector<Slice> slices;
  std::string expected;
  // Little of a large slice, and the last of those that are for reading.
  slices.push_back(filled_slice(900'000, 1));
  for (uint32_t i = 0; i < 8; ++i) slices.push_back(read_slice(i));
  for (const Slice& slice : slices) {
    ASSERT_TRUE(pins_.keep(slice.id));
    send(line, "h", slice, 10, 900);
    expected += "h" + text(slice, 10, 900);
  }
  const Slice large = slices[0];
  for (size_t i = 0; i < 20; ++i) {
    send(line, "h", large, i * 1000, 1000);
    expected += "h" + text(large, i * 1000, 1000);
  }
  take_ring();
  EXPECT_TRUE(pins_.is_pinned(large.id));
  EXPECT_EQ(counters_.payload_copies, 0u);
  for (const Slice& slice : slices) {
    pins_.forget(slice.id);
    pool_.release(slice.id);
  }
  drain();
  EXPECT_TRUE(line.peer.received == expected);
  EXPECT_EQ(counters_.payload_copies, 0u);
  EXPECT_EQ(pool_.counters().slices_lent, 0u);
  // Forgotten, it is a slice like any other.
  const Slice again = filled_slice(900'000, 2);
  send(line, "h", again, 0, 900'000);
  send(line, "h", filled_slice(60'000, 3), 0, 1000);
  take_ring();
  EXPECT_EQ(counters_.payload_copies, 1u);
  writer_.discard(*line.session);
}

TEST_F(ZeroCopyTest, loses_a_session_of_which_sealed_bytes_were_changed) {
  for (const bool seals : {false, true}) {
    PinnedSlices pins(pool_, seals);
    OutboundWriter writer = writer_over(pins);
    Line& line = open_line();
    const Slice kept = filled_slice(900'000, 1);
    ASSERT_TRUE(pins.keep(kept.id));
    send(line, "h", kept, 0, 900'000);
    foreign_.clear();
    writer.take_ring(foreign_);
    lost_code_ = std::nullopt;
    is_loss_expected_ = true;
    kept.data[899'999] ^= 1;
    for (int i = 0; i < 1000 && !lost_code_ && !line.session->queue.empty(); ++i) {
      writer.flush_queue(*line.session);
      line.peer.pump();
    }
    EXPECT_EQ(lost_code_, seals ? std::optional(CloseCode::kSendBufferChanged) : std::nullopt);
    EXPECT_EQ(line.session->queue.empty(), !seals);
    writer.discard(*line.session);
    pins.forget(kept.id);
    pool_.release(kept.id);
  }
}

TEST_F(ZeroCopyTest, copies_what_waits_when_somebody_else_gets_the_slice) {
  Line& one = open_line();
  Line& two = open_line();
  const Slice slice = filled_slice(60'000, 5);
  send(one, "a", slice, 0, 60'000);
  send(two, "b", slice, 0, 60'000);
  const std::string payload = text(slice, 0, 60'000);
  take_ring();
  EXPECT_TRUE(pins_.is_pinned(slice.id));
  writer_.copy_pinned(slice.id);
  EXPECT_FALSE(pins_.is_pinned(slice.id));
  EXPECT_EQ(pool_.references(slice.id), 1u);
  EXPECT_EQ(writer_.held_total(), writer_.queued_total());
  EXPECT_EQ(counters_.payload_copies, 2u);
  std::memset(slice.data, '!', slice.bytes);
  pool_.release(slice.id);
  drain();
  EXPECT_TRUE(one.peer.received == "a" + payload);
  EXPECT_TRUE(two.peer.received == "b" + payload);
}

TEST_F(ZeroCopyTest, gives_slices_back_when_a_session_is_given_up) {
  Line& line = open_line();
  const Slice slice = filled_slice(60'000, 5);
  send(line, "a", slice, 0, 60'000);
  take_ring();
  pool_.release(slice.id);
  EXPECT_EQ(pool_.counters().slices_lent, 1u);
  writer_.discard(*line.session);
  EXPECT_EQ(pool_.counters().slices_lent, 0u);
  // A session that is gone by the time the ring is taken holds nothing either.
  const Slice other = filled_slice(60'000, 6);
  send(line, "a", other, 0, 60'000);
  line.session->write_failed = true;
  take_ring();
  EXPECT_EQ(counters_.messages_discarded, 1u);
  EXPECT_EQ(pool_.references(other.id), 1u);
  pool_.release(other.id);
}

}  // namespace
}  // namespace msgtrans
