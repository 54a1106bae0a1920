// When a broadcast listener of the `limit` server ticks, and the frame it sends then. Pure; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "programs/frame_content.h"
#include "programs/interest_groups.h"
#include "protocol/packet_header.h"

namespace msgtrans {

struct BroadcastShape {
  double tick_hz = 60;
  uint32_t group_size = 50;
  uint32_t payload_bytes = 128;
};

class LimitBroadcaster {
 public:
  explicit LimitBroadcaster(const BroadcastShape& shape)
      : period_ns_(1e9 / shape.tick_hz), groups_(shape.group_size) {
    PacketHeader header;
    header.packet_type = kPacketOneWay;
    header.payload_bytes = shape.payload_bytes;
    packet_.resize(kHeaderBytes + shape.payload_bytes);
    encode_header(packet_.data(), header);
    write_filler(packet_.data() + kHeaderBytes, kFrameFillerOffset, shape.payload_bytes);
  }

  InterestGroups& groups() { return groups_; }

  // The first tick is one period from `now_ns`.
  void begin(uint64_t now_ns) {
    start_ns_ = now_ns;
    ticks_since_start_ = 0;
    ticking_ = true;
  }
  void end() { ticking_ = false; }

  // When the next tick is due; UINT64_MAX while it does not tick.
  uint64_t next_ns() const {
    if (!ticking_) return UINT64_MAX;
    // Multiplied, not summed: the rounding of one period would add up.
    return start_ns_ + static_cast<uint64_t>(static_cast<double>(ticks_since_start_ + 1) * period_ns_);
  }

  // Takes the tick that is due; frame() gives its packets.
  void take_tick() {
    intended_ns_ = next_ns();
    ++ticks_since_start_;
    ++tick_;
  }

  // The packet for `group` at the tick taken last, valid until the next call.
  const std::vector<uint8_t>& frame(uint32_t group) {
    write_frame(packet_.data() + kHeaderBytes, {intended_ns_, tick_, group});
    return packet_;
  }

 private:
  double period_ns_;
  InterestGroups groups_;
  std::vector<uint8_t> packet_;
  bool ticking_ = false;
  uint64_t start_ns_ = 0;
  uint64_t ticks_since_start_ = 0;
  uint64_t intended_ns_ = 0;
  uint32_t tick_ = 0;  // Goes on over pauses.
};

}  // namespace msgtrans
