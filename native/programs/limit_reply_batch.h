// Turns the requests of one read into replies, in the memory in which they arrived. Pure; one thread.
//
// The replies are packed to the front of that memory. A reply that is longer than the request it answers
// would overwrite requests that are still to be read; from the first such reply on, the batch continues in
// `spill`.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "programs/stream_content.h"
#include "protocol/packet_framer.h"

namespace msgtrans {

class LimitReplyBatch {
 public:
  // `arrived` is what the frames point into; `spill` is lent for the life of the batch, its content is
  // replaced.
  LimitReplyBatch(std::span<uint8_t> arrived, std::vector<uint8_t>& spill)
      : base_(arrived.data()), spill_(spill) {
    spill_.clear();
  }

  // Passes the packet on as the response to itself.
  void forward(const Frame& frame) {
    base_[frame.offset + kPacketTypeOffset] = kPacketResponse;
    if (spilled_) {
      spill_.insert(spill_.end(), base_ + frame.offset, base_ + frame.offset + frame.bytes);
      return;
    }
    // Equal unless a packet before this one was dropped or answered shorter.
    if (bytes_ != frame.offset) std::memmove(base_ + bytes_, base_ + frame.offset, frame.bytes);
    bytes_ += frame.bytes;
  }

  // Answers with the 64 bytes of the counter handler.
  void answer(const Frame& frame, uint64_t counter) {
    const uint64_t token = load_64(base_ + frame.payload_offset());
    PacketHeader header = frame.header;
    header.packet_type = kPacketResponse;
    header.payload_bytes = kCounterReplyBytes;
    header.ext_header_bytes = 0;
    header.flags = 0;
    uint8_t* reply = room(frame);
    encode_header(reply, header);
    write_counter_reply(reply + kHeaderBytes, counter, token);
  }

  // Acknowledges one-way messages, in the place of the packet that asked for it: as a response to a fence,
  // else one way.
  void acknowledge(const Frame& frame, const Acknowledgement& total) {
    PacketHeader header;
    header.packet_type = frame.header.packet_type == kPacketRequest ? kPacketResponse : kPacketOneWay;
    header.message_id = frame.header.message_id;
    header.biz_type = frame.header.biz_type;
    header.payload_bytes = kAcknowledgementBytes;
    uint8_t* reply = room(frame);
    encode_header(reply, header);
    write_acknowledgement(reply + kHeaderBytes, total);
  }

  std::span<const uint8_t> bytes() const {
    return spilled_ ? std::span<const uint8_t>(spill_) : std::span<const uint8_t>(base_, bytes_);
  }

 private:
  uint8_t* room(const Frame& frame) {
    constexpr size_t kReplyBytes = kHeaderBytes + kCounterReplyBytes;
    if (!spilled_ && bytes_ + kReplyBytes <= frame.offset + frame.bytes) {
      bytes_ += kReplyBytes;
      return base_ + bytes_ - kReplyBytes;
    }
    if (!spilled_) {
      spilled_ = true;
      spill_.assign(base_, base_ + bytes_);
    }
    spill_.resize(spill_.size() + kReplyBytes);
    return spill_.data() + spill_.size() - kReplyBytes;
  }

  uint8_t* base_;
  std::vector<uint8_t>& spill_;
  size_t bytes_ = 0;
  bool spilled_ = false;
};

}  // namespace msgtrans
