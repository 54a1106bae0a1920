// Sends batches of requests: many packets, one system call. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "programs/generator_commands.h"
#include "programs/session_group.h"

namespace msgtrans {

class RequestSender {
 public:
  // Makes `group` ready for `load`: its packet, what its replies look like, and room for time stamps.
  // `in_flight_max` is per session.
  void prepare(SessionGroup& group, const LoadShape& load, uint32_t in_flight_max);

  // Sends up to `count` more messages on a session at `now_ns`. `intended_ns` is kept for the open loop. What
  // the socket does not take is queued; one-way messages end with the first block that it does not take
  // whole, the rest is for when it does. `failed` leaves errno; the messages count as sent.
  WriteOutcome send(SessionGroup& group, uint32_t session_index, uint64_t count, uint64_t now_ns,
                    uint64_t intended_ns);

  // Asks the receiver of one-way messages what it has got so far.
  static WriteOutcome send_fence(SessionGroup& group, uint32_t session_index, uint64_t now_ns);
  // A fence that makes a broadcaster begin to tick, or end.
  static WriteOutcome send_switch(SessionGroup& group, uint32_t session_index, uint64_t now_ns, bool begin);

 private:
  static WriteOutcome send_request(SessionGroup& group, uint32_t session_index, uint64_t now_ns,
                                   std::span<const uint8_t> payload);
  WriteOutcome send_block(SessionGroup& group, uint32_t session_index, size_t count, const SendStamp& stamp);

  static constexpr size_t kBlockBytes = 128 * 1024;

  // Copies of the packet, back to back, in which only id and token change from batch to batch.
  std::vector<uint8_t> block_;
  size_t packet_bytes_ = 0;
  size_t block_packets_ = 0;
  bool one_way_ = false;
  bool stops_when_full_ = false;
};

}  // namespace msgtrans
