// A stream of packets that comes in pieces, and the engine's framer over it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "loops/packet_stream.h"
#include "protocol/packet_framer.h"

namespace msgtrans::loops {

struct FragmentedStream {
  PacketStream stream;
  std::vector<uint32_t> fragments;
};

// Pieces of 1 byte to twice `mean_bytes` less 1, so that these are the mean.
inline FragmentedStream fragmented_stream(PacketStream stream, uint32_t mean_bytes) {
  FragmentedStream made{std::move(stream), {}};
  RandomNumbers random{20261128};
  for (size_t left = made.stream.bytes.size(); left > 0;) {
    const auto bytes = static_cast<uint32_t>(std::min<size_t>(left, 1 + random.below(2 * mean_bytes - 1)));
    made.fragments.push_back(bytes);
    left -= bytes;
  }
  return made;
}

// The engine's framer over one growing read: reads on behind the incomplete tail, which it moves to the front when the
// room behind it ends. How the engine itself keeps tails is session/inbound_reader.h; this is the codec's part of it.
class FramerReader {
 public:
  FramerReader(size_t frame_bytes, size_t fragment_bytes_max)
      : buffer_(std::max(kReadBytes, 2 * (frame_bytes + fragment_bytes_max))) {}

  template <typename Tally>
  void read(const uint8_t* fragment, size_t bytes, Tally& tally) {
    if (buffer_.size() - end_ < bytes) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    std::memcpy(buffer_.data() + end_, fragment, bytes);
    end_ += bytes;
    PacketFramer framer(buffer_.data() + begin_, end_ - begin_, limits_);
    Frame frame;
    while (framer.next(frame) == FramerStatus::frame) tally.add(frame.header);
    begin_ += framer.consumed_bytes();
    if (begin_ == end_) begin_ = end_ = 0;
  }

 private:
  static constexpr size_t kReadBytes = 64 * 1024;

  std::vector<uint8_t> buffer_;
  PacketLimits limits_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace msgtrans::loops
