#include "programs/sink_record.h"

#include <gtest/gtest.h>

#include <vector>

namespace msgtrans {
namespace {

std::vector<uint8_t> message(uint32_t sequence, uint64_t token, uint32_t bytes = 700) {
  std::vector<uint8_t> payload(bytes);
  write_filler(payload.data(), 0, bytes);
  store_64(payload.data(), token);
  store_32(payload.data() + kStreamSequenceOffset, sequence);
  return payload;
}

void take(SinkRecord& record, const std::vector<uint8_t>& payload) {
  record.take(payload.data(), static_cast<uint32_t>(payload.size()));
}

TEST(StreamContent, finds_every_damaged_byte_of_the_filler) {
  for (const uint32_t bytes : {12u, 13u, 267u, 268u, 269u, 1000u}) {
    std::vector<uint8_t> payload = message(0, 1, bytes);
    ASSERT_TRUE(filler_intact(payload.data(), kStreamFillerOffset, bytes)) << bytes;
    for (uint32_t at = kStreamFillerOffset; at < bytes; ++at) {
      payload[at] ^= 1;
      EXPECT_FALSE(filler_intact(payload.data(), kStreamFillerOffset, bytes)) << bytes << " at " << at;
      payload[at] ^= 1;
    }
  }
}

TEST(StreamContent, reads_back_an_acknowledgement_and_refuses_what_is_none) {
  std::vector<uint8_t> payload(kAcknowledgementBytes);
  write_acknowledgement(payload.data(), {1, UINT64_MAX, 3});
  Acknowledgement read;
  ASSERT_TRUE(read_acknowledgement(payload.data(), kAcknowledgementBytes, read));
  EXPECT_EQ(read.received, 1u);
  EXPECT_EQ(read.token_sum, UINT64_MAX);
  EXPECT_EQ(read.faults, 3u);
  EXPECT_FALSE(read_acknowledgement(payload.data(), kAcknowledgementBytes - 1, read));
  payload[63] ^= 1;
  EXPECT_FALSE(read_acknowledgement(payload.data(), kAcknowledgementBytes, read));
}

TEST(SinkRecord, adds_up_what_arrives_in_sequence) {
  SinkRecord record;
  for (uint32_t sequence = 0; sequence < 200; ++sequence) take(record, message(sequence, UINT64_MAX));
  EXPECT_EQ(record.total().received, 200u);
  EXPECT_EQ(record.total().token_sum, static_cast<uint64_t>(-200));
  EXPECT_EQ(record.total().faults, 0u);
}

TEST(SinkRecord, counts_a_missing_and_a_repeated_message_once_each) {
  SinkRecord record;
  for (const uint32_t sequence : {0u, 1u, 3u, 4u, 4u, 5u}) take(record, message(sequence, 1));
  EXPECT_EQ(record.total().received, 6u);
  EXPECT_EQ(record.total().faults, 2u);
}

TEST(SinkRecord, reads_the_filler_of_one_message_in_64) {
  SinkRecord record;
  for (uint32_t sequence = 0; sequence < 128; ++sequence) {
    std::vector<uint8_t> payload = message(sequence, 1);
    payload.back() ^= 0x80;
    take(record, payload);
  }
  EXPECT_EQ(record.total().faults, 2u);
}

TEST(SinkRecord, counts_a_message_that_is_too_short_as_a_fault) {
  SinkRecord record;
  take(record, std::vector<uint8_t>(kStreamPayloadBytesMin - 1));
  take(record, message(0, 5, kStreamPayloadBytesMin));
  EXPECT_EQ(record.total().received, 2u);
  EXPECT_EQ(record.total().faults, 1u);
  EXPECT_EQ(record.total().token_sum, 5u);
}

}  // namespace
}  // namespace msgtrans
