#include "protocol/packet_header.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace msgtrans {
namespace {

using Bytes = std::array<uint8_t, kHeaderBytes>;

constexpr PacketLimits kDefaultLimits;

Bytes encoded(const PacketHeader& header) {
  Bytes bytes{};
  encode_header(bytes.data(), header);
  return bytes;
}

HeaderStatus status_of(const Bytes& bytes, const PacketLimits& limits = kDefaultLimits) {
  PacketHeader header;
  return parse_header(bytes.data(), limits, header);
}

Bytes with_byte(uint32_t offset, uint8_t value) {
  Bytes bytes = encoded({});
  bytes[offset] = value;
  return bytes;
}

TEST(PacketHeader, encodes_every_field_at_its_place) {
  PacketHeader header;
  header.packet_type = kPacketRequest;
  header.biz_type = 0xAB;
  header.message_id = 0x01020304;
  header.ext_header_bytes = 0x0506;
  header.payload_bytes = 0x0708090A;
  header.flags = kFlagHighPriority | kFlagHasRouteTag;
  const Bytes expected{1, 0, 1, 0xAB, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0A, 0, 6};
  EXPECT_EQ(encoded(header), expected);
}

TEST(PacketHeader, parses_what_it_encodes) {
  std::mt19937_64 random(20);
  const PacketLimits limits{UINT32_MAX, kExtHeaderBytesMax};
  for (int round = 0; round < 10000; ++round) {
    PacketHeader header;
    header.packet_type = static_cast<uint8_t>(random() % 3);
    header.biz_type = static_cast<uint8_t>(random());
    header.message_id = static_cast<uint32_t>(random());
    header.ext_header_bytes = static_cast<uint16_t>(random());
    header.payload_bytes = static_cast<uint32_t>(random());
    header.flags = static_cast<uint16_t>(random()) & static_cast<uint16_t>(~kFlagFragmented);
    const Bytes bytes = encoded(header);
    PacketHeader parsed;
    ASSERT_EQ(parse_header(bytes.data(), limits, parsed), HeaderStatus::ok);
    EXPECT_EQ(encoded(parsed), bytes);
    EXPECT_EQ(parsed.message_id, header.message_id);
    EXPECT_EQ(parsed.frame_bytes(), uint64_t{16} + header.ext_header_bytes + header.payload_bytes);
    EXPECT_EQ(parsed.payload_offset(), 16u + header.ext_header_bytes);
  }
}

TEST(PacketHeader, parses_at_any_alignment) {
  PacketHeader header;
  header.message_id = 77;
  std::vector<uint8_t> memory(kHeaderBytes + 8);
  for (size_t shift = 0; shift < 8; ++shift) {
    encode_header(memory.data() + shift, header);
    PacketHeader parsed;
    ASSERT_EQ(parse_header(memory.data() + shift, kDefaultLimits, parsed), HeaderStatus::ok);
    EXPECT_EQ(parsed.message_id, 77u);
  }
}

TEST(PacketHeader, rejects_each_malformed_field_with_its_own_status) {
  EXPECT_EQ(status_of(with_byte(kVersionOffset, 0)), HeaderStatus::version_unknown);
  EXPECT_EQ(status_of(with_byte(kVersionOffset, 2)), HeaderStatus::version_unknown);
  EXPECT_EQ(status_of(with_byte(kCompressionOffset, kCompressionZstd)),
            HeaderStatus::compression_unsupported);
  EXPECT_EQ(status_of(with_byte(kCompressionOffset, kCompressionZlib)),
            HeaderStatus::compression_unsupported);
  EXPECT_EQ(status_of(with_byte(kCompressionOffset, 3)), HeaderStatus::compression_unknown);
  EXPECT_EQ(status_of(with_byte(kCompressionOffset, 255)), HeaderStatus::compression_unknown);
  EXPECT_EQ(status_of(with_byte(kPacketTypeOffset, 3)), HeaderStatus::packet_type_unknown);
  EXPECT_EQ(status_of(with_byte(kPacketTypeOffset, 255)), HeaderStatus::packet_type_unknown);
  EXPECT_EQ(status_of(with_byte(kReservedOffset + 1, 1)), HeaderStatus::fragmented);
  EXPECT_EQ(status_of(with_byte(kReservedOffset + 1, 7)), HeaderStatus::fragmented);
}

TEST(PacketHeader, ignores_reserved_bits_without_a_name) {
  EXPECT_EQ(status_of(with_byte(kReservedOffset, 0xFF)), HeaderStatus::ok);
  EXPECT_EQ(status_of(with_byte(kReservedOffset + 1, 0xFE)), HeaderStatus::ok);
}

TEST(PacketHeader, accepts_the_unset_message_id) {
  PacketHeader parsed;
  parsed.message_id = 5;
  EXPECT_EQ(parse_header(encoded({}).data(), kDefaultLimits, parsed), HeaderStatus::ok);
  EXPECT_EQ(parsed.message_id, 0u);
}

TEST(PacketHeader, applies_both_limits_to_the_byte) {
  PacketHeader header;
  header.payload_bytes = 100;
  header.ext_header_bytes = 10;
  EXPECT_EQ(status_of(encoded(header), {100, 10}), HeaderStatus::ok);
  EXPECT_EQ(status_of(encoded(header), {99, 10}), HeaderStatus::payload_too_large);
  EXPECT_EQ(status_of(encoded(header), {100, 9}), HeaderStatus::ext_header_too_large);
}

TEST(PacketHeader, rejects_huge_lengths_by_default) {
  PacketHeader header;
  for (const uint32_t bytes : {kPayloadBytesMaxDefault + 1, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
    header.payload_bytes = bytes;
    EXPECT_EQ(status_of(encoded(header)), HeaderStatus::payload_too_large) << bytes;
  }
}

TEST(PacketHeader, fast_path_and_classification_agree_on_random_headers) {
  std::mt19937_64 random(21);
  const PacketLimits limits{1 << 20, 1 << 10};
  int refused = 0;
  for (int round = 0; round < 200000; ++round) {
    Bytes bytes = encoded({});
    // Only some bytes are random, so that every rule is the first to be broken now and then.
    for (int change = 0; change < 3; ++change)
      bytes[random() % kHeaderBytes] = static_cast<uint8_t>(random());
    const HeaderStatus slow = classify_header(bytes.data(), limits);
    ASSERT_EQ(status_of(bytes, limits), slow);
    refused += slow == HeaderStatus::ok ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 199000);
}

TEST(PacketHeader, names_code_and_value_of_a_refusal) {
  const Bytes version = with_byte(kVersionOffset, 9);
  EXPECT_STREQ(header_error_code(status_of(version)), "ERR_MSGTRANS_PROTOCOL_VERSION");
  EXPECT_EQ(rejected_value(version.data(), status_of(version)), 9u);
  const Bytes compression = with_byte(kCompressionOffset, 2);
  EXPECT_STREQ(header_error_code(status_of(compression)), "ERR_MSGTRANS_PROTOCOL_COMPRESSION");
  EXPECT_EQ(rejected_value(compression.data(), status_of(compression)), 2u);
  const Bytes type = with_byte(kPacketTypeOffset, 4);
  EXPECT_STREQ(header_error_code(status_of(type)), "ERR_MSGTRANS_PROTOCOL_PACKET_TYPE");
  EXPECT_EQ(rejected_value(type.data(), status_of(type)), 4u);
  const Bytes fragmented = with_byte(kReservedOffset + 1, 3);
  EXPECT_STREQ(header_error_code(status_of(fragmented)), "ERR_MSGTRANS_PROTOCOL_FRAGMENTED");
  EXPECT_EQ(rejected_value(fragmented.data(), status_of(fragmented)), 3u);
  PacketHeader header;
  header.payload_bytes = 0x80000001;
  const Bytes large = encoded(header);
  EXPECT_STREQ(header_error_code(status_of(large)), "ERR_MSGTRANS_PAYLOAD_TOO_LARGE");
  EXPECT_EQ(rejected_value(large.data(), status_of(large)), 0x80000001u);
  header.payload_bytes = 0;
  header.ext_header_bytes = 500;
  const Bytes ext = encoded(header);
  const HeaderStatus ext_status = status_of(ext, {0, 499});
  EXPECT_STREQ(header_error_code(ext_status), "ERR_MSGTRANS_EXT_HEADER_TOO_LARGE");
  EXPECT_EQ(rejected_value(ext.data(), ext_status), 500u);
  EXPECT_STREQ(header_error_code(HeaderStatus::ok), "");
}

TEST(PacketHeader, message_ids_wrap_to_one) {
  EXPECT_EQ(next_message_id(1), 2u);
  EXPECT_EQ(next_message_id(0xFFFFFFFE), 0xFFFFFFFFu);
  EXPECT_EQ(next_message_id(0xFFFFFFFF), 1u);
}

struct Vector {
  const char* what;
  uint8_t packet_type;
  uint8_t biz_type;
  uint32_t message_id;
  uint16_t ext_header_bytes;
  uint32_t payload_bytes;
  Bytes bytes;
};

TEST(PacketHeader, agrees_with_the_vectors_of_the_wire_format) {
  const Vector vectors[] = {
      {"one-way, empty", 0, 0, 1, 0, 0, {1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
      {"one-way, text", 0, 5, 42, 0, 11, {1, 0, 0, 5, 0, 0, 0, 42, 0, 0, 0, 0, 0, 11, 0, 0}},
      {"request", 1, 10, 100, 0, 4, {1, 0, 1, 10, 0, 0, 0, 100, 0, 0, 0, 0, 0, 4, 0, 0}},
      {"response", 2, 10, 100, 0, 4, {1, 0, 2, 10, 0, 0, 0, 100, 0, 0, 0, 0, 0, 4, 0, 0}},
      {"ext header", 0, 0, 7, 9, 4, {1, 0, 0, 0, 0, 0, 0, 7, 0, 9, 0, 0, 0, 4, 0, 0}},
      {"largest biz type",
       0,
       255,
       0xDEADBEEF,
       0,
       0,
       {1, 0, 0, 255, 0xDE, 0xAD, 0xBE, 0xEF, 0, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (const Vector& vector : vectors) {
    PacketHeader header;
    ASSERT_EQ(parse_header(vector.bytes.data(), kDefaultLimits, header), HeaderStatus::ok) << vector.what;
    EXPECT_EQ(header.packet_type, vector.packet_type) << vector.what;
    EXPECT_EQ(header.biz_type, vector.biz_type) << vector.what;
    EXPECT_EQ(header.message_id, vector.message_id) << vector.what;
    EXPECT_EQ(header.ext_header_bytes, vector.ext_header_bytes) << vector.what;
    EXPECT_EQ(header.payload_bytes, vector.payload_bytes) << vector.what;
    EXPECT_EQ(encoded(header), vector.bytes) << vector.what;
  }
}

}  // namespace
}  // namespace msgtrans
