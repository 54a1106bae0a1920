#include "programs/reply_ledger.h"

namespace msgtrans {
namespace {

// Ids run from 1 to 2^32 - 1, so that this many requests later an id comes again.
constexpr uint64_t kIdPeriod = 0xffff'ffff;

// How many requests after `oldest` the id `id` was given out, both above 0.
uint64_t distance_of(uint32_t id, uint32_t oldest) {
  return id >= oldest ? id - oldest : kIdPeriod - oldest + id;
}

}  // namespace

uint64_t ReplyLedger::accept_unusual(SessionProgress& session, uint32_t session_index,
                                     const PacketHeader& header, const uint8_t* payload,
                                     const ReplyExpectation& expected) {
  if (header.packet_type != kPacketResponse || header.message_id == 0) {
    ++totals_.corrupted;
    return 0;
  }
  const uint64_t distance = distance_of(header.message_id, session.oldest_id);
  if (distance >= session.outstanding()) {
    // Not awaited: either it was answered before, or nobody ever asked.
    if (kIdPeriod - distance <= session.answered) {
      ++totals_.duplicated;
    } else {
      ++totals_.corrupted;
    }
    return 0;
  }
  if (distance == 0) {
    const uint64_t sequence = accept_oldest(session, header, payload, expected);
    while (early_.erase({session_index, session.answered + 1}) == 1) advance(session);
    return sequence;
  }
  const uint64_t sequence = session.answered + 1 + distance;
  if (!early_.insert({session_index, sequence}).second) {
    ++totals_.duplicated;
    return 0;
  }
  ++totals_.reordered;
  ++totals_.delivered;
  // Its counter is not judged, since nothing says in which order the server took the requests.
  const bool intact = expected.kind == ReplyKind::forward
                          ? forward_intact(session, sequence, header, payload, expected)
                          : counter_reply_genuine(session, sequence, header, payload, expected);
  if (!intact) ++totals_.corrupted;
  return sequence;
}

// Each counter is judged against the one before it, so that one skipped count is one corrupted reply and not
// all that follow. A reply that is wrong in another way says nothing about the counter.
void ReplyLedger::follow_counter(SessionProgress& session, uint64_t sequence, const PacketHeader& header,
                                 const uint8_t* payload, const ReplyExpectation& expected) {
  if (expected.kind != ReplyKind::counter) return;
  if (!counter_reply_genuine(session, sequence, header, payload, expected)) return;
  session.counter_lag = sequence - load_64(payload);
}

void ReplyLedger::session_lost(SessionProgress& session, uint32_t session_index) {
  uint64_t unanswered = session.outstanding();
  const auto first = early_.lower_bound({session_index, 0});
  const auto last = early_.upper_bound({session_index, UINT64_MAX});
  for (auto answered = first; answered != last; ++answered) --unanswered;
  early_.erase(first, last);
  totals_.unacknowledged_at_close += unanswered;
  while (session.outstanding() != 0) advance(session);
}

}  // namespace msgtrans
