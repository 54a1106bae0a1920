// Accounts for one-way messages from what their receiver says of them (scenarios/harness/CONTROL.md). Pure;
// one thread.
//
// An acknowledgement is cumulative: how many messages of the session arrived, the sum of their tokens, and
// how many were not as they should be. The tokens of the same messages are added up here, so that a foreign
// message, a lost one and one that came twice each change the sum or the number.
#pragma once

#include <cstdint>

#include "programs/reply_ledger.h"
#include "programs/stream_content.h"
#include "protocol/packet_header.h"

namespace msgtrans {

// What the acknowledgements of one session have said so far.
struct StreamProgress {
  Acknowledgement said;
  uint64_t token_sum = 0;  // Of the messages acknowledged, as they were sent.
  uint32_t fence_id = 0;   // Message id of the fence that is out; 0 without one.
};

class StreamLedger {
 public:
  // Judges one packet of a receiver. `answered` of the session moves on to the newest message acknowledged.
  // True when it was the answer to the session's fence.
  bool accept(SessionProgress& session, StreamProgress& stream, const PacketHeader& header,
              const uint8_t* payload);

  // What was judged here: delivered, duplicated and corrupted. What was sent is in the ReplyLedger of the
  // group.
  const LedgerTotals& totals() const { return totals_; }

 private:
  void judge(SessionProgress& session, StreamProgress& stream, const Acknowledgement& now);

  LedgerTotals totals_;
};

}  // namespace msgtrans
