// The engine's codec as the loops drive it: all the headers or packets of a span, and one header written. What is found
// goes to a tally with `add(header)`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/packet_framer.h"

namespace msgtrans::loops {

// Headers without packets, one behind the other: what judging one costs.
struct EngineParse {
  template <typename Tally>
  void operator()(const uint8_t* data, size_t bytes, Tally& tally) const {
    PacketHeader header;
    for (size_t offset = 0; offset + kHeaderBytes <= bytes; offset += kHeaderBytes) {
      if (parse_header(data + offset, limits, header) != HeaderStatus::ok) return;
      tally.add(header);
    }
  }
  PacketLimits limits;
};

struct EngineFrames {
  template <typename Tally>
  void operator()(const uint8_t* data, size_t bytes, Tally& tally) const {
    PacketFramer framer(data, bytes, limits);
    Frame frame;
    while (framer.next(frame) == FramerStatus::frame) tally.add(frame.header);
  }
  PacketLimits limits;
};

struct EngineWrite {
  bool operator()(uint8_t* data, size_t, const PacketHeader& header, const uint8_t*) const {
    encode_header(data, header);
    return true;
  }
};

}  // namespace msgtrans::loops
