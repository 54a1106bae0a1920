// What a server knows of one session that sends one-way messages. Pure; one thread.
#pragma once

#include <cstdint>

#include "programs/stream_content.h"

namespace msgtrans {

class SinkRecord {
 public:
  // Takes one message. A message that is too short, out of sequence or damaged is a fault; the next is judged
  // against it, so that one message missing is one fault and not all that follow.
  void take(const uint8_t* payload, uint32_t bytes) {
    ++total_.received;
    if (bytes < kStreamPayloadBytesMin) {
      ++total_.faults;
      return;
    }
    const uint32_t sequence = load_32(payload + kStreamSequenceOffset);
    total_.token_sum += load_64(payload);
    if (sequence != next_sequence_) ++total_.faults;
    next_sequence_ = sequence + 1;
    if (sequence % kStreamCheckedShare == 0 && !filler_intact(payload, kStreamFillerOffset, bytes)) {
      ++total_.faults;
    }
  }

  // Everything so far.
  const Acknowledgement& total() const { return total_; }

 private:
  Acknowledgement total_;
  uint32_t next_sequence_ = 0;
};

}  // namespace msgtrans
