#include "session/inbound_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "session/inbound_reader_fixture.h"

namespace msgtrans {
namespace {

using Outcome = InboundReader::Outcome;

class InboundReaderTest : public InboundReaderFixture {};

TEST_F(InboundReaderTest, finds_the_same_packets_however_the_stream_is_split) {
  const std::string stream = packet_bytes(kPacketRequest, 1, "first") + packet_bytes(kPacketOneWay, 2, "") +
                             packet_bytes(kPacketRequest, 3, std::string(30, 'p'), "ext") +
                             packet_bytes(kPacketOneWay, 4, "last");
  for (size_t first = 1; first < stream.size(); ++first) {
    for (size_t second : {size_t{1}, size_t{15}, size_t{16}, stream.size()}) {
      delivered_.clear();
      for (size_t at = 0; at < stream.size();) {
        const size_t bytes = std::min(at == 0 ? first : second, stream.size() - at);
        peer_->send(stream.substr(at, bytes));
        at += bytes;
        ASSERT_EQ(read().outcome, Outcome::kRead);
      }
      ASSERT_EQ(delivered_, stream) << "split at " << first;
      ASSERT_FALSE(InboundReader::has_partial_packet(*session_));
      ASSERT_EQ(session_->remainder, nullptr) << "a quiet session keeps no memory";
    }
  }
}

TEST_F(InboundReaderTest, finds_the_same_large_packets_wherever_the_reads_end) {
  const std::string stream = packet_bytes(kPacketRequest, 1, std::string(5'000, 'a'), "ext header") +
                             packet_bytes(kPacketOneWay, 2, std::string(70'000, 'b')) +
                             packet_bytes(kPacketOneWay, 3, "small") + packet_bytes(kPacketOneWay, 4, "") +
                             packet_bytes(kPacketOneWay, 5, std::string(2'033, 'c'));
  for (const size_t step : {1'000u, 2'047u, 2'048u, 2'049u, 4'099u, 16'384u, 65'536u}) {
    delivered_.clear();
    for (size_t at = 0; at < stream.size(); at += step) {
      peer_->send(stream.substr(at, step));
      for (int i = 0; i < 8; ++i) ASSERT_EQ(read().outcome, Outcome::kRead);
    }
    ASSERT_TRUE(delivered_ == stream) << "steps of " << step;
  }
}

TEST_F(InboundReaderTest, counts_small_packets_that_are_completed_by_a_copy) {
  const std::string packet = packet_bytes(kPacketOneWay, 1, "payload");
  peer_->send(packet.substr(0, 10));
  (void)read();
  peer_->send(packet.substr(10));
  (void)read();
  EXPECT_EQ(counters_->straddle_copies, 0u) << "only a part of its header was copied";
  peer_->send(packet.substr(0, 20));
  (void)read();
  peer_->send(packet.substr(20));
  (void)read();
  EXPECT_EQ(counters_->straddle_copies, 1u);
  EXPECT_EQ(counters_->payload_copies, 0u) << "they are counted apart";
  EXPECT_EQ(messages_, 2u);
}

TEST_F(InboundReaderTest, refuses_oversized_lengths_before_anything_is_allocated) {
  for (const uint32_t length : {0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, kPayloadBytesMaxDefault + 1}) {
    make({}, {});
    std::string packet = packet_bytes(kPacketOneWay, 1, "");
    for (int i = 0; i < 4; ++i) packet[kPayloadBytesOffset + static_cast<size_t>(i)] = static_cast<char>(length >> (24 - 8 * i));
    peer_->send(packet);
    const InboundReader::Result result = reader_->read(*session_, false);
    EXPECT_EQ(result.outcome, Outcome::kProtocolError);
    EXPECT_EQ(result.status, HeaderStatus::payload_too_large);
    EXPECT_EQ(result.value, length);
    EXPECT_EQ(pool_->counters().slices_lent, 1u) << "the read slice alone";
    EXPECT_EQ(pool_->counters().dedicated_bytes, 0u);
    deliver();
  }
  make({}, {1'000, 10});
  peer_->send(packet_bytes(kPacketOneWay, 1, "", std::string(11, 'e')));
  EXPECT_EQ(read().status, HeaderStatus::ext_header_too_large);
}

TEST_F(InboundReaderTest, allocates_for_the_packet_not_for_what_the_peer_may_claim_next) {
  peer_->send(packet_bytes(kPacketOneWay, 1, std::string(1'000'000, 'x')).substr(0, 16));
  (void)read();
  EXPECT_EQ(pool_->counters().slices_lent, 1u);
  EXPECT_EQ(session_->assembly.bytes, kTierPayloadBytes[3] + kSliceHeadroomBytes);
  EXPECT_TRUE(InboundReader::has_partial_packet(*session_));
}

TEST_F(InboundReaderTest, never_reads_past_the_next_header_while_it_completes_a_large_packet) {
  const std::string first = packet_bytes(kPacketOneWay, 1, std::string(60'000, 'f'));
  const std::string second = packet_bytes(kPacketOneWay, 2, std::string(60'000, 's'));
  peer_->send(first.substr(0, 100));
  (void)read();
  const uint64_t copies = counters_->payload_copies;
  peer_->send(first.substr(100) + second);
  while (messages_ < 2) ASSERT_EQ(read().outcome, Outcome::kRead);
  EXPECT_TRUE(delivered_ == first + second);
  EXPECT_EQ(counters_->payload_copies, copies) << "the second payload went straight to its place";
}

TEST_F(InboundReaderTest, reads_on_when_every_read_slice_is_lent) {
  std::vector<Slice> taken;
  do taken.push_back(pool_->acquire_read_slice());
  while (!taken.back().dedicated());
  const std::string packet = packet_bytes(kPacketOneWay, 1, "patient");
  peer_->send(packet);
  EXPECT_EQ(read().outcome, Outcome::kRead);
  EXPECT_EQ(delivered_, packet);
  for (const Slice& slice : taken) pool_->release(slice.id);
}

TEST_F(InboundReaderTest, says_so_when_the_budget_for_large_packets_is_reached) {
  make({{1, 1, 4, 1}, 2, 4096}, {});
  const Slice only = pool_->acquire(500'000);
  peer_->send(packet_bytes(kPacketOneWay, 1, "before") + packet_bytes(kPacketOneWay, 2, std::string(500'000, 'x')).substr(0, 99));
  EXPECT_EQ(read().outcome, Outcome::kNoBuffer);
  EXPECT_EQ(delivered_, packet_bytes(kPacketOneWay, 1, "before")) << "what came before it is delivered";
  pool_->release(only.id);
}

TEST_F(InboundReaderTest, reports_the_end_and_the_error_of_a_socket) {
  EXPECT_EQ(read().outcome, Outcome::kRead) << "nothing to read is nothing special";
  peer_->send(packet_bytes(kPacketOneWay, 1, "abc").substr(0, 18));
  peer_->shut(SHUT_WR);
  EXPECT_EQ(read().outcome, Outcome::kRead);
  EXPECT_EQ(read().outcome, Outcome::kEndOfFile);
  EXPECT_TRUE(InboundReader::has_partial_packet(*session_));
  session_->fd.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const InboundReader::Result failed = read();
  EXPECT_EQ(failed.outcome, Outcome::kFailed);
  EXPECT_EQ(failed.error, ENOTSOCK);
}

TEST_F(InboundReaderTest, shows_no_byte_of_an_earlier_packet_in_what_it_calls_filled) {
  const std::string secret(40'000, 'S');
  peer_->send(packet_bytes(kPacketOneWay, 1, secret));
  (void)read();
  delivered_.clear();
  // Odd sizes, so that there are gaps; the same slice again, since it was released last.
  SliceId used = kNoSlice;
  for (uint32_t id = 2; id < 6; ++id) {
    peer_->send(packet_bytes(kPacketOneWay, id, "odd"));
    (void)reader_->read(*session_, false);
    const auto* const descriptors = reinterpret_cast<const uint32_t*>(arena_->data() + arena_->descriptor_offset());
    used = descriptors[kDescriptorSliceWord];
  }
  const Slice slice = pool_->slice(used);
  EXPECT_EQ(std::count(slice.data, slice.data + pool_->filled(used), 'S'), 0);
  EXPECT_GT(std::count(slice.data, slice.data + slice.bytes, 'S'), 0) << "the test must reuse the slice";
}

TEST_F(InboundReaderTest, reads_many_sessions_into_one_slice) {
  for (uint32_t id = 1; id <= 100; ++id) {
    peer_->send(packet_bytes(kPacketOneWay, id, std::string(100, 'q')));
    ASSERT_EQ(reader_->read(*session_, false).outcome, Outcome::kRead);
  }
  EXPECT_EQ(pool_->counters().slices_lent, 1u);
  deliver();
  EXPECT_EQ(messages_, 100u);
}

}  // namespace
}  // namespace msgtrans
