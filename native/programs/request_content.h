// The content of requests and replies as scenarios/harness/CONTROL.md fixes it. Pure; any thread.
//
//   request   0-7 token, 8-... filler
//   reply of the counter handler   0-7 counter (u64, little-endian), 8-15 the token as read, 16-63 filler
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace msgtrans {

inline constexpr uint32_t kTokenBytes = 8;
inline constexpr uint32_t kCounterReplyBytes = 64;
inline constexpr uint32_t kCounterReplyFillerOffset = 16;

constexpr uint8_t filler_byte(size_t index) {
  return static_cast<uint8_t>(index * 7 + 13);
}

inline void write_filler(uint8_t* payload, size_t from, size_t to) {
  for (size_t index = from; index < to; ++index) payload[index] = filler_byte(index);
}

inline uint64_t load_64(const uint8_t* data) {
  uint64_t value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

inline void store_64(uint8_t* data, uint64_t value) {
  std::memcpy(data, &value, sizeof value);
}

// The 64 filler bytes of a counter reply, of which the first 16 are overwritten.
inline constexpr std::array<uint8_t, kCounterReplyBytes> kCounterReplyFiller = [] {
  std::array<uint8_t, kCounterReplyBytes> bytes{};
  for (size_t index = 0; index < bytes.size(); ++index) bytes[index] = filler_byte(index);
  return bytes;
}();

// Writes the 64 bytes of a counter reply. `payload` may be where the token was read from.
inline void write_counter_reply(uint8_t* payload, uint64_t counter, uint64_t token) {
  store_64(payload, counter);
  store_64(payload + 8, token);
  std::memcpy(payload + kCounterReplyFillerOffset, kCounterReplyFiller.data() + kCounterReplyFillerOffset,
              kCounterReplyBytes - kCounterReplyFillerOffset);
}

// True when bytes 16-63 are the filler: six words, compared without a branch between them.
inline bool counter_reply_filler_intact(const uint8_t* payload) {
  uint64_t difference = 0;
  for (size_t offset = kCounterReplyFillerOffset; offset < kCounterReplyBytes; offset += 8) {
    difference |= load_64(payload + offset) ^ load_64(kCounterReplyFiller.data() + offset);
  }
  return difference == 0;
}

// The finaliser of MurmurHash3 (Austin Appleby): every input bit reaches every output bit.
constexpr uint64_t mix_64(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  value ^= value >> 33;
  return value;
}

// The token of request `sequence` of the session that `session_key` stands for.
constexpr uint64_t request_token(uint64_t session_key, uint64_t sequence) {
  return mix_64(session_key + sequence * 0x9e3779b97f4a7c15ULL);
}

// The key of session `session_index` of a group; `group_hash` keeps equal seeds of two groups apart.
constexpr uint64_t session_key(uint64_t seed, uint64_t group_hash, uint64_t session_index) {
  return mix_64(mix_64(seed ^ 0x6d73677472616e73ULL) + group_hash) ^ mix_64(~session_index);
}

}  // namespace msgtrans
