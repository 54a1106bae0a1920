#include "protocol/packet_framer.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace msgtrans {
namespace {

constexpr PacketLimits kSmallLimits{4096, 256};

std::vector<uint8_t> packet(uint32_t message_id, uint16_t ext_header_bytes, uint32_t payload_bytes) {
  PacketHeader header;
  header.packet_type = kPacketRequest;
  header.message_id = message_id;
  header.ext_header_bytes = ext_header_bytes;
  header.payload_bytes = payload_bytes;
  std::vector<uint8_t> bytes(header.frame_bytes(), 0xEE);
  encode_header(bytes.data(), header);
  return bytes;
}

void append(std::vector<uint8_t>& stream, const std::vector<uint8_t>& bytes) {
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

// A span at the very end of its allocation, so that AddressSanitizer sees every byte read behind it.
struct ExactSpan {
  explicit ExactSpan(const uint8_t* data, size_t length) : memory(new uint8_t[length]), bytes(length) {
    if (length != 0) std::memcpy(memory.get(), data, length);
  }
  std::unique_ptr<uint8_t[]> memory;
  size_t bytes;
};

TEST(PacketFramer, gives_nothing_from_an_empty_span) {
  PacketFramer framer(nullptr, 0, kSmallLimits);
  Frame frame;
  EXPECT_EQ(framer.next(frame), FramerStatus::incomplete);
  EXPECT_EQ(framer.consumed_bytes(), 0u);
  EXPECT_EQ(framer.tail_bytes(), 0u);
  EXPECT_EQ(framer.tail_frame_bytes(), 0u);
  EXPECT_EQ(framer.error(), HeaderStatus::ok);
}

TEST(PacketFramer, gives_every_packet_with_its_places) {
  std::vector<uint8_t> stream;
  append(stream, packet(1, 0, 0));
  append(stream, packet(2, 5, 7));
  append(stream, packet(3, 0, 64));
  PacketFramer framer(stream.data(), stream.size(), kSmallLimits);
  Frame frame;
  ASSERT_EQ(framer.next(frame), FramerStatus::frame);
  EXPECT_EQ(frame.offset, 0u);
  EXPECT_EQ(frame.bytes, 16u);
  ASSERT_EQ(framer.next(frame), FramerStatus::frame);
  EXPECT_EQ(frame.offset, 16u);
  EXPECT_EQ(frame.bytes, 28u);
  EXPECT_EQ(frame.ext_header_offset(), 32u);
  EXPECT_EQ(frame.payload_offset(), 37u);
  EXPECT_EQ(frame.header.message_id, 2u);
  ASSERT_EQ(framer.next(frame), FramerStatus::frame);
  EXPECT_EQ(frame.offset, 44u);
  EXPECT_EQ(framer.next(frame), FramerStatus::incomplete);
  EXPECT_EQ(framer.consumed_bytes(), stream.size());
  EXPECT_EQ(framer.tail_bytes(), 0u);
}

TEST(PacketFramer, reports_the_tail_at_every_length_of_a_packet) {
  const std::vector<uint8_t> whole = packet(9, 3, 10);
  for (size_t length = 0; length < whole.size(); ++length) {
    const ExactSpan span(whole.data(), length);
    PacketFramer framer(span.memory.get(), span.bytes, kSmallLimits);
    Frame frame;
    ASSERT_EQ(framer.next(frame), FramerStatus::incomplete) << length;
    EXPECT_EQ(framer.tail_bytes(), length);
    EXPECT_EQ(framer.tail_frame_bytes(), length < kHeaderBytes ? 0u : whole.size()) << length;
    EXPECT_EQ(framer.next(frame), FramerStatus::incomplete) << "asking again changes nothing";
  }
}

TEST(PacketFramer, stops_at_a_refused_header_and_says_where) {
  std::vector<uint8_t> stream = packet(1, 0, 20);
  std::vector<uint8_t> bad = packet(2, 0, 0);
  bad[kVersionOffset] = 3;
  append(stream, bad);
  append(stream, packet(3, 0, 0));
  PacketFramer framer(stream.data(), stream.size(), kSmallLimits);
  Frame frame;
  ASSERT_EQ(framer.next(frame), FramerStatus::frame);
  EXPECT_EQ(framer.next(frame), FramerStatus::protocol_error);
  EXPECT_EQ(framer.error(), HeaderStatus::version_unknown);
  EXPECT_EQ(framer.consumed_bytes(), 36u);
  EXPECT_EQ(framer.next(frame), FramerStatus::protocol_error) << "never resynchronises";
  EXPECT_EQ(framer.status(), FramerStatus::protocol_error);
}

TEST(PacketFramer, refuses_an_oversized_packet_from_its_header_alone) {
  const std::vector<uint8_t> large = packet(1, 0, kSmallLimits.payload_bytes_max + 1);
  PacketFramer framer(large.data(), kHeaderBytes, kSmallLimits);
  Frame frame;
  EXPECT_EQ(framer.next(frame), FramerStatus::protocol_error);
  EXPECT_EQ(framer.error(), HeaderStatus::payload_too_large);
}

TEST(PacketFramer, does_not_overflow_at_the_largest_lengths) {
  PacketHeader header;
  header.ext_header_bytes = UINT16_MAX;
  header.payload_bytes = UINT32_MAX;
  uint8_t bytes[kHeaderBytes];
  encode_header(bytes, header);
  PacketFramer framer(bytes, sizeof bytes, {UINT32_MAX, UINT16_MAX});
  Frame frame;
  EXPECT_EQ(framer.next(frame), FramerStatus::incomplete);
  EXPECT_EQ(framer.tail_frame_bytes(), uint64_t{16} + UINT16_MAX + UINT32_MAX);
}

TEST(PacketFramer, any_split_gives_the_same_packets) {
  std::mt19937_64 random(22);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint8_t> stream;
    std::vector<uint32_t> sent;
    for (uint32_t id = 1; id <= 20; ++id) {
      append(stream, packet(id, static_cast<uint16_t>(random() % 20), static_cast<uint32_t>(random() % 200)));
      sent.push_back(id);
    }
    std::vector<uint8_t> carried;
    std::vector<uint32_t> received;
    for (size_t position = 0; position < stream.size();) {
      const size_t bytes = std::min<size_t>(1 + random() % 90, stream.size() - position);
      carried.insert(carried.end(), stream.begin() + static_cast<std::ptrdiff_t>(position),
                     stream.begin() + static_cast<std::ptrdiff_t>(position + bytes));
      position += bytes;
      const ExactSpan span(carried.data(), carried.size());
      PacketFramer framer(span.memory.get(), span.bytes, kSmallLimits);
      Frame frame;
      while (framer.next(frame) == FramerStatus::frame) received.push_back(frame.header.message_id);
      carried.erase(carried.begin(), carried.begin() + static_cast<std::ptrdiff_t>(framer.consumed_bytes()));
    }
    EXPECT_EQ(received, sent);
    EXPECT_TRUE(carried.empty());
  }
}

}  // namespace
}  // namespace msgtrans
