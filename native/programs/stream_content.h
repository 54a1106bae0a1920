// The content of one-way messages and of what acknowledges them, as scenarios/harness/CONTROL.md fixes it.
// Pure; any thread.
//
//   message          0-7 token, 8-11 sequence from 0 (u32, wraps), 12-... filler
//   acknowledgement  0-7 messages received, 8-15 sum of their tokens (wraps), 16-23 faults seen, 24-63 filler
//
// All integers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "programs/request_content.h"

namespace msgtrans {

inline constexpr uint32_t kStreamSequenceOffset = 8;
inline constexpr uint32_t kStreamFillerOffset = 12;
inline constexpr uint32_t kStreamPayloadBytesMin = kStreamFillerOffset;
inline constexpr uint32_t kAcknowledgementBytes = 64;
inline constexpr uint32_t kAcknowledgementFillerOffset = 24;
// The filler of one message in this many, by sequence, is read by the receiver.
inline constexpr uint32_t kStreamCheckedShare = 64;

inline uint32_t load_32(const uint8_t* data) {
  uint32_t value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

inline void store_32(uint8_t* data, uint32_t value) {
  std::memcpy(data, &value, sizeof value);
}

// True when the bytes [from, to) of a payload are the filler. It repeats every 256 bytes, so that after the
// first 256 each byte equals the one that far before it: one comparison of memory with itself.
inline bool filler_intact(const uint8_t* payload, size_t from, size_t to) {
  constexpr size_t kPeriod = 256;
  const size_t first_end = to - from < kPeriod ? to : from + kPeriod;
  uint32_t difference = 0;
  for (size_t index = from; index < first_end; ++index) {
    difference |= static_cast<uint32_t>(payload[index] ^ filler_byte(index));
  }
  return difference == 0 && std::memcmp(payload + from, payload + first_end, to - first_end) == 0;
}

struct Acknowledgement {
  uint64_t received = 0;
  uint64_t token_sum = 0;
  uint64_t faults = 0;
};

// Writes the 64 bytes of an acknowledgement.
inline void write_acknowledgement(uint8_t* payload, const Acknowledgement& value) {
  std::memcpy(payload, kCounterReplyFiller.data(), kAcknowledgementBytes);
  store_64(payload, value.received);
  store_64(payload + 8, value.token_sum);
  store_64(payload + 16, value.faults);
}

// False when `payload` is no acknowledgement.
inline bool read_acknowledgement(const uint8_t* payload, uint32_t bytes, Acknowledgement& value) {
  if (bytes != kAcknowledgementBytes) return false;
  if (std::memcmp(payload + kAcknowledgementFillerOffset,
                  kCounterReplyFiller.data() + kAcknowledgementFillerOffset,
                  kAcknowledgementBytes - kAcknowledgementFillerOffset) != 0) {
    return false;
  }
  value = {load_64(payload), load_64(payload + 8), load_64(payload + 16)};
  return true;
}

static_assert(kAcknowledgementBytes == kCounterReplyBytes, "both replies have the same filler");

}  // namespace msgtrans
