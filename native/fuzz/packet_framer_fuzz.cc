// The framer against itself and against a plain second reading of the wire format: framing a stream in one
// piece and in random splits must give the same packets and the same end, and every packet must lie within
// the stream.
//
// Input: bytes 0-3 seed the splits, bytes 4-5 choose the limits, the rest is the stream.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "protocol/packet_framer.h"

namespace {

using msgtrans::Frame;
using msgtrans::FramerStatus;
using msgtrans::HeaderStatus;
using msgtrans::PacketFramer;
using msgtrans::PacketHeader;
using msgtrans::PacketLimits;

struct Seen {
  size_t offset;
  size_t bytes;
  uint32_t message_id;
  uint32_t payload_bytes;
  uint16_t ext_header_bytes;

  bool operator==(const Seen&) const = default;
};

struct Reading {
  std::vector<Seen> packets;
  HeaderStatus error = HeaderStatus::ok;
  size_t consumed = 0;
  uint64_t tail_frame_bytes = 0;

  bool operator==(const Reading&) const = default;
};

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "packet_framer_fuzz: %s\n", what);
  std::abort();
}

uint32_t big_endian(const uint8_t* data, int bytes) {
  uint32_t value = 0;
  for (int index = 0; index < bytes; ++index) value = value << 8 | data[index];
  return value;
}

// Written from the table of the wire format, byte by byte, with nothing of the code under test.
Reading read_plainly(const uint8_t* data, size_t size, const PacketLimits& limits) {
  Reading reading;
  while (size - reading.consumed >= 16) {
    const uint8_t* header = data + reading.consumed;
    const uint32_t ext = big_endian(header + 8, 2);
    const uint32_t payload = big_endian(header + 10, 4);
    if (header[0] != 1) {
      reading.error = HeaderStatus::version_unknown;
    } else if (header[1] > 2) {
      reading.error = HeaderStatus::compression_unknown;
    } else if (header[1] != 0) {
      reading.error = HeaderStatus::compression_unsupported;
    } else if (header[2] > 2) {
      reading.error = HeaderStatus::packet_type_unknown;
    } else if ((header[15] & 1) != 0) {
      reading.error = HeaderStatus::fragmented;
    } else if (ext > limits.ext_header_bytes_max) {
      reading.error = HeaderStatus::ext_header_too_large;
    } else if (payload > limits.payload_bytes_max) {
      reading.error = HeaderStatus::payload_too_large;
    }
    if (reading.error != HeaderStatus::ok) return reading;
    const uint64_t total = uint64_t{16} + ext + payload;
    if (total > size - reading.consumed) {
      reading.tail_frame_bytes = total;
      return reading;
    }
    reading.packets.push_back({reading.consumed, static_cast<size_t>(total), big_endian(header + 4, 4),
                               payload, static_cast<uint16_t>(ext)});
    reading.consumed += static_cast<size_t>(total);
  }
  return reading;
}

void frame_span(const uint8_t* data, size_t size, size_t base, const PacketLimits& limits, Reading& reading) {
  PacketFramer framer(data, size, limits);
  Frame frame;
  while (framer.next(frame) == FramerStatus::frame) {
    require(frame.offset + frame.bytes <= size, "a packet reaches past the span");
    require(frame.payload_offset() + frame.header.payload_bytes == frame.offset + frame.bytes,
            "lengths disagree");
    reading.packets.push_back({base + frame.offset, frame.bytes, frame.header.message_id,
                               frame.header.payload_bytes, frame.header.ext_header_bytes});
  }
  require(framer.consumed_bytes() + framer.tail_bytes() == size, "bytes are unaccounted for");
  reading.consumed = base + framer.consumed_bytes();
  reading.error = framer.error();
  reading.tail_frame_bytes = framer.tail_frame_bytes();
}

Reading read_in_splits(const uint8_t* data, size_t size, const PacketLimits& limits, uint32_t seed) {
  Reading reading;
  size_t arrived = 0;
  // Begun once without bytes, so that an empty stream is read too.
  do {
    seed = seed * 1664525 + 1013904223;
    const size_t step = 1 + (seed >> 16) % 40;
    arrived = size - arrived < step ? size : arrived + step;
    const size_t kept = reading.consumed;
    // A copy of exactly the bytes there are: a read beyond them is seen by AddressSanitizer.
    const std::unique_ptr<uint8_t[]> span(new uint8_t[arrived - kept]);
    if (arrived != kept) std::memcpy(span.get(), data + kept, arrived - kept);
    frame_span(span.get(), arrived - kept, kept, limits, reading);
  } while (arrived < size && reading.error == HeaderStatus::ok);
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 6) return 0;
  const uint32_t seed = big_endian(data, 4);
  const PacketLimits limits{uint32_t{data[4]} << (data[4] % 24), uint32_t{data[5]} << (data[5] % 9)};
  data += 6;
  size -= 6;
  Reading whole;
  frame_span(data, size, 0, limits, whole);
  require(whole == read_plainly(data, size, limits), "differs from the plain reading");
  require(whole == read_in_splits(data, size, limits, seed), "splits change the result");
  return 0;
}
