#include "programs/stream_reader.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <vector>

#include "base/unique_fd.h"
#include "programs/output_queue.h"
#include "protocol/packet_framer.h"

namespace msgtrans {
namespace {

struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    near.reset(fds[0]);
    far.reset(fds[1]);
    // The smallest the kernel grants, so that writes are short.
    const int bytes = 4096;
    ::setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  UniqueFd near;
  UniqueFd far;
};

std::vector<uint8_t> packet_of(uint32_t id, uint32_t payload_bytes) {
  PacketHeader header;
  header.message_id = id;
  header.payload_bytes = payload_bytes;
  std::vector<uint8_t> bytes(header.frame_bytes());
  encode_header(bytes.data(), header);
  for (size_t index = kHeaderBytes; index < bytes.size(); ++index)
    bytes[index] = static_cast<uint8_t>(index * 31 + id);
  return bytes;
}

TEST(StreamReader, gives_whole_packets_of_every_size_however_they_arrive) {
  std::mt19937 random(40);
  SocketPair pair;
  StreamReader reader(1024);  // Packets above 512 bytes are large.
  StreamRemainder remainder;
  std::vector<uint8_t> stream;
  std::vector<std::vector<uint8_t>> sent;
  for (uint32_t id = 1; id <= 300; ++id) {
    sent.push_back(packet_of(id, static_cast<uint32_t>(random() % (id % 10 == 0 ? 5000 : 300))));
    stream.insert(stream.end(), sent.back().begin(), sent.back().end());
  }
  size_t written = 0;
  size_t next = 0;
  while (next < sent.size()) {
    const size_t bytes = std::min<size_t>(1 + random() % 1500, stream.size() - written);
    const ssize_t taken = send_now(pair.near.get(), stream.data() + written, bytes);
    ASSERT_GE(taken, 0);
    written += static_cast<size_t>(taken);
    std::span<uint8_t> arrived;
    if (reader.read(pair.far.get(), remainder, arrived) != ReadOutcome::data) continue;
    PacketFramer framer(arrived.data(), arrived.size(), PacketLimits{});
    Frame frame;
    while (framer.next(frame) == FramerStatus::frame) {
      ASSERT_LT(next, sent.size());
      ASSERT_EQ(frame.bytes, sent[next].size());
      ASSERT_EQ(std::memcmp(arrived.data() + frame.offset, sent[next].data(), frame.bytes), 0);
      ++next;
    }
    // What the caller does to the bytes must not reach what is kept.
    std::memset(arrived.data(), 0xFF, framer.consumed_bytes());
    StreamReader::keep_tail(remainder, arrived, framer.tail_bytes(),
                            static_cast<size_t>(framer.tail_frame_bytes()));
  }
  EXPECT_EQ(remainder.bytes, 0u);
}

TEST(StreamReader, never_reads_past_a_large_packet) {
  SocketPair pair;
  StreamReader reader(1024);
  StreamRemainder remainder;
  const std::vector<uint8_t> large = packet_of(1, 2000);
  ASSERT_EQ(send_now(pair.near.get(), large.data(), 100), 100);
  std::span<uint8_t> arrived;
  ASSERT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::data);
  StreamReader::keep_tail(remainder, arrived, 100, large.size());
  std::vector<uint8_t> rest(large.begin() + 100, large.end());
  rest.insert(rest.end(), large.begin(), large.begin() + 50);
  ASSERT_EQ(send_now(pair.near.get(), rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  ASSERT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::data);
  EXPECT_EQ(arrived.size(), large.size());
  EXPECT_EQ(std::memcmp(arrived.data(), large.data(), large.size()), 0);
  ASSERT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::data);
  EXPECT_EQ(arrived.size(), 50u);
}

TEST(StreamReader, tells_waiting_from_the_end_and_keeps_what_it_holds) {
  SocketPair pair;
  StreamReader reader(1024);
  StreamRemainder remainder;
  std::span<uint8_t> arrived;
  EXPECT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::waiting);
  const uint8_t byte = 1;
  StreamReader::keep_tail(remainder, {&byte, 1}, 1, 0);
  EXPECT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::waiting);
  EXPECT_EQ(remainder.bytes, 1u);
  pair.near.reset();
  EXPECT_EQ(reader.read(pair.far.get(), remainder, arrived), ReadOutcome::ended);
  EXPECT_EQ(reader.read(-1, remainder, arrived), ReadOutcome::failed);
}

TEST(OutputQueue, keeps_order_over_short_writes) {
  SocketPair pair;
  OutputQueue queue;
  std::vector<uint8_t> sent(300000);
  for (size_t index = 0; index < sent.size(); ++index)
    sent[index] = static_cast<uint8_t>(index * 7 + index / 256);
  bool was_full = false;
  for (size_t offset = 0; offset < sent.size(); offset += 10000) {
    was_full |= queue.write(pair.near.get(), sent.data() + offset, 10000) == WriteOutcome::some;
  }
  EXPECT_TRUE(was_full);
  std::vector<uint8_t> received;
  std::vector<uint8_t> buffer(7000);
  while (received.size() < sent.size()) {
    const ssize_t count = ::recv(pair.far.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) received.insert(received.end(), buffer.begin(), buffer.begin() + count);
    if (queue.empty()) {
      ASSERT_GT(count, 0) << "bytes were lost";
      continue;
    }
    ASSERT_NE(queue.flush(pair.near.get()), WriteOutcome::failed);
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(received, sent);
}

TEST(OutputQueue, reports_a_gone_peer_without_a_signal) {
  SocketPair pair;
  pair.far.reset();
  OutputQueue queue;
  const uint8_t byte = 0;
  EXPECT_EQ(queue.write(pair.near.get(), &byte, 1), WriteOutcome::failed);
}

}  // namespace
}  // namespace msgtrans
