#include "programs/stream_ledger.h"

#include <algorithm>

namespace msgtrans {

bool StreamLedger::accept(SessionProgress& session, StreamProgress& stream, const PacketHeader& header,
                          const uint8_t* payload) {
  const bool is_fence = header.packet_type == kPacketResponse;
  if (is_fence && (stream.fence_id == 0 || header.message_id != stream.fence_id)) {
    ++totals_.corrupted;
    return false;
  }
  if (is_fence) stream.fence_id = 0;
  Acknowledgement now;
  if (header.packet_type == kPacketRequest || !read_acknowledgement(payload, header.payload_bytes, now) ||
      now.received < stream.said.received || now.faults < stream.said.faults) {
    ++totals_.corrupted;
    return is_fence;
  }
  // A fence finds what an acknowledgement before it has said already; those come with something new.
  if (!is_fence && now.received == stream.said.received) {
    ++totals_.duplicated;
    return false;
  }
  judge(session, stream, now);
  return is_fence;
}

void StreamLedger::judge(SessionProgress& session, StreamProgress& stream, const Acknowledgement& now) {
  const uint64_t known = std::max(session.sent, stream.said.received);
  if (now.received > known) totals_.duplicated += now.received - known;
  const uint64_t newest = std::min(now.received, session.sent);
  while (session.answered < newest) {
    ++session.answered;
    ++totals_.delivered;
    stream.token_sum += request_token(session.key, session.answered);
  }
  totals_.corrupted += now.faults - stream.said.faults;
  if (now.token_sum != stream.token_sum) {
    ++totals_.corrupted;
    // The next one is judged against this one: one message that is wrong is one that is corrupted.
    stream.token_sum = now.token_sum;
  }
  stream.said = now;
}

}  // namespace msgtrans
