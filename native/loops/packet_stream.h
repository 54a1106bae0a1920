// Packets one behind the other, as they come from a socket: always the same ones, with what a reader must find in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "loops/random_numbers.h"
#include "protocol/packet_header.h"

namespace msgtrans::loops {

// What a reader made of packets: how many, and every field of each of them, its place in the sum included.
class PacketTally {
 public:
  void add(const PacketHeader& header) {
    const uint64_t fields = uint64_t{header.payload_bytes} << 32 | header.message_id;
    const uint64_t others = uint64_t{header.flags} << 32 | uint64_t{header.ext_header_bytes} << 16 |
                            uint64_t{header.packet_type} << 8 | header.biz_type;
    sum_ += (fields ^ (others << 7)) + packets_;
    ++packets_;
  }

  uint64_t packets() const { return packets_; }
  uint64_t sum() const { return sum_; }
  bool operator==(const PacketTally&) const = default;

 private:
  uint64_t packets_ = 0;
  uint64_t sum_ = 0;
};

inline PacketHeader random_header(RandomNumbers& random, uint32_t message_id, uint32_t payload_bytes) {
  PacketHeader header;
  header.message_id = message_id;
  header.payload_bytes = payload_bytes;
  header.packet_type = static_cast<uint8_t>(random.below(kPacketResponse + 1));
  header.biz_type = static_cast<uint8_t>(random.below(256));
  header.flags = random.below(4) == 0 ? kFlagHighPriority : 0;
  return header;
}

struct PacketStream {
  std::vector<uint8_t> bytes;
  PacketTally tally;
};

// As many packets of one size as fit `bytes_about`, at least 16 of them. Payloads are zeros: nobody looks at them.
inline PacketStream packet_stream(uint32_t payload_bytes, size_t bytes_about) {
  constexpr size_t kPacketsMin = 16;
  const size_t frame_bytes = size_t{kHeaderBytes} + payload_bytes;
  const size_t packets = bytes_about / frame_bytes < kPacketsMin ? kPacketsMin : bytes_about / frame_bytes;
  RandomNumbers random{20260923};
  PacketStream stream;
  stream.bytes.resize(packets * frame_bytes);
  for (size_t index = 0; index < packets; ++index) {
    const PacketHeader header = random_header(random, static_cast<uint32_t>(index + 1), payload_bytes);
    encode_header(stream.bytes.data() + index * frame_bytes, header);
    stream.tally.add(header);
  }
  return stream;
}

}  // namespace msgtrans::loops
