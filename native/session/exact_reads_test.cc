// Reading a session packet by packet, behind a large one: no payload of the next large one is copied, however the stream
// is cut and whatever small packets lie between, and many small ones are soon read together again.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "session/inbound_reader_fixture.h"

namespace msgtrans {
namespace {

using Outcome = InboundReader::Outcome;

class ExactReadsTest : public InboundReaderFixture {
 protected:
  static std::string large(uint32_t id, size_t payload_bytes, const std::string& ext = "") {
    return packet_bytes(kPacketOneWay, id, std::string(payload_bytes, static_cast<char>('a' + id % 26)), ext);
  }

  // Reads as the engine does when epoll has spoken: until nothing is left, however often that takes.
  void read_all() {
    InboundReader::Result result;
    do {
      result = read();
      ASSERT_EQ(result.outcome, Outcome::kRead);
    } while (result.bytes > 0);
  }

  // The first large packet of the session, whose head may be copied.
  void read_first() {
    peer_->send(large(1, InboundReader::kExactBytesMin));
    read_all();
    ASSERT_EQ(messages_, 1u);
    delivered_.clear();
    messages_ = 0;
    first_copies_ = counters_->payload_copies;
  }

  void expect_read_without_copies(const std::string& stream, const std::string& what) {
    EXPECT_TRUE(delivered_ == stream) << what;
    EXPECT_EQ(counters_->payload_copies, first_copies_) << what;
    EXPECT_FALSE(InboundReader::has_partial_packet(*session_)) << what;
    delivered_.clear();
  }

  uint64_t first_copies_ = 0;
};

TEST_F(ExactReadsTest, copies_nothing_of_large_packets_after_the_first_whatever_their_size) {
  read_first();
  std::string stream;
  for (const size_t bytes : {8'192, 70'000, 8'176, 65'536, 1'048'576, 8'192, 2'000'000, 65'535}) {
    stream += large(static_cast<uint32_t>(bytes), bytes, bytes == 70'000 ? "ext header" : "");
  }
  // All at once, as far as the socket takes it: each read has more than it wants.
  peer_->send(stream);
  for (int i = 0; i < 10'000 && delivered_.size() < stream.size(); ++i) {
    peer_->pump();
    ASSERT_EQ(read().outcome, Outcome::kRead);
  }
  expect_read_without_copies(stream, "at once");
  // One by one: between two of them the socket is empty, so that none has its header read with the one before.
  for (const size_t bytes : {8'192, 65'536, 100'000}) {
    const std::string one = large(7, bytes);
    peer_->send(one);
    read_all();
    expect_read_without_copies(one, "one of " + std::to_string(bytes));
  }
}

TEST_F(ExactReadsTest, copies_nothing_wherever_the_stream_is_cut) {
  const std::string stream = large(2, 8'200) + packet_bytes(kPacketRequest, 3, "small", "ext") +
                             packet_bytes(kPacketOneWay, 4, "") + large(5, 8'190, "ext header");
  for (size_t cut = 1; cut < stream.size(); ++cut) {
    if (cut == 1) read_first();
    peer_->send(stream.substr(0, cut));
    read_all();
    peer_->send(stream.substr(cut));
    read_all();
    expect_read_without_copies(stream, "cut at " + std::to_string(cut));
    ASSERT_EQ(session_->remainder, nullptr) << "a quiet session keeps no memory";
    if (HasFailure()) return;
  }
  EXPECT_GT(counters_->straddle_copies, 0u) << "the small one was cut, too";
}

TEST_F(ExactReadsTest, finds_the_same_packets_in_any_mixture_of_sizes_and_cuts) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random); };
  constexpr size_t kSizes[] = {1, 20, 2'100, 8'192, 9'000, 70'000, 300'000};
  for (int round = 0; round < 100; ++round) {
    std::string stream;
    for (uint32_t id = 1; id <= 20; ++id) {
      stream += large(id, below(kSizes[below(std::size(kSizes))]), std::string(below(2) * below(300), 'e'));
    }
    for (size_t at = 0; at < stream.size();) {
      const size_t bytes = std::min(1 + below(kSizes[below(std::size(kSizes))]), stream.size() - at);
      peer_->send(stream.substr(at, bytes));
      at += bytes;
      for (size_t reads = below(5); reads > 0; --reads) ASSERT_EQ(read().outcome, Outcome::kRead);
    }
    for (int i = 0; i < 10'000 && delivered_.size() < stream.size(); ++i) {
      peer_->pump();
      ASSERT_EQ(read().outcome, Outcome::kRead);
    }
    ASSERT_TRUE(delivered_ == stream) << "round " << round;
    ASSERT_FALSE(InboundReader::has_partial_packet(*session_));
    delivered_.clear();
  }
}

TEST_F(ExactReadsTest, asks_to_be_called_again_only_when_there_may_be_more) {
  read_first();
  peer_->send(large(2, 65'536) + packet_bytes(kPacketOneWay, 3, "small"));
  std::vector<bool> calls;
  do calls.push_back(read().goes_on);
  while (calls.back());
  EXPECT_EQ(calls, (std::vector<bool>{true, true, false})) << "the header; the payload and the next header; the small one";
  EXPECT_EQ(messages_, 2u);
  EXPECT_FALSE(read().goes_on);
}

TEST_F(ExactReadsTest, reads_many_packets_at_once_again_after_a_few_small_ones) {
  read_first();
  std::string stream;
  for (uint32_t id = 1; id <= 500; ++id) stream += packet_bytes(kPacketOneWay, id, "small");
  peer_->send(stream);
  const uint64_t syscalls = counters_->syscalls;
  read_all();
  EXPECT_TRUE(delivered_ == stream);
  EXPECT_LE(counters_->syscalls - syscalls, InboundReader::kExactReads + 3u) << "the header, the rest, and that there is no more";
}

TEST_F(ExactReadsTest, tells_that_the_peer_stopped_behind_a_header) {
  read_first();
  peer_->send(large(2, 65'536).substr(0, kHeaderBytes));
  read_all();
  EXPECT_TRUE(InboundReader::has_partial_packet(*session_));
  peer_->shut(SHUT_WR);
  EXPECT_EQ(read().outcome, Outcome::kEndOfFile);
  EXPECT_TRUE(InboundReader::has_partial_packet(*session_));
}

TEST_F(ExactReadsTest, says_so_when_there_is_no_slice_for_the_packet_that_a_header_announces) {
  make({{1, 1, 4, 1}, 2, 4096}, {});
  read_first();
  const Slice only = pool_->acquire(500'000);
  const std::string before = packet_bytes(kPacketOneWay, 2, "before");
  peer_->send(before + large(3, 500'000).substr(0, 99));
  EXPECT_EQ(read().outcome, Outcome::kRead) << "a header";
  EXPECT_EQ(read().outcome, Outcome::kNoBuffer);
  EXPECT_EQ(delivered_, before) << "what came before it is delivered";
  pool_->release(only.id);
}

}  // namespace
}  // namespace msgtrans
