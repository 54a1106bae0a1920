// Accounts for every request and judges every reply, as scenarios/harness/CONTROL.md defines it. Pure; one
// thread.
//
// The requests of a session are numbered from 1 (their *sequence*). Replies have to come in that order.
// `answered` counts the requests answered without a gap; a reply that overtakes waits in a small set until
// the gap closes.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "programs/request_content.h"
#include "protocol/packet_header.h"

namespace msgtrans {

enum class ReplyKind : uint8_t { counter, forward };

// What the replies of a load look like.
struct ReplyExpectation {
  ReplyKind kind = ReplyKind::counter;
  uint8_t biz_type = 0;
  uint32_t request_payload_bytes = 0;
  const uint8_t* request_payload = nullptr;  // All of it, token excepted; for `forward`.
};

// Where one session stands.
struct SessionProgress {
  uint64_t key = 0;          // See session_key().
  uint64_t sent = 0;         // Sequence of the newest request.
  uint64_t answered = 0;     // All requests up to this sequence are answered.
  uint64_t counter_lag = 0;  // The sequence less the counter that its reply must carry.
  uint32_t next_id = 1;
  uint32_t oldest_id = 1;  // Message id of request `answered + 1`.

  uint64_t outstanding() const { return sent - answered; }
};

struct LedgerTotals {
  uint64_t sent = 0;
  uint64_t delivered = 0;
  uint64_t unacknowledged_at_close = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t corrupted = 0;

  uint64_t lost() const { return sent - delivered - unacknowledged_at_close; }

  LedgerTotals& operator+=(const LedgerTotals& other) {
    sent += other.sent;
    delivered += other.delivered;
    unacknowledged_at_close += other.unacknowledged_at_close;
    duplicated += other.duplicated;
    reordered += other.reordered;
    corrupted += other.corrupted;
    return *this;
  }
};

struct RequestIdentity {
  uint32_t message_id;
  uint64_t token;
};

class ReplyLedger {
 public:
  // Counts one more request of the session and gives what makes it unique.
  RequestIdentity begin_request(SessionProgress& session) {
    ++totals_.sent;
    ++session.sent;
    const uint32_t id = session.next_id;
    session.next_id = next_message_id(id);
    return {id, request_token(session.key, session.sent)};
  }

  // Judges one received packet. Gives the sequence of the request it answers, 0 when it answers none.
  uint64_t accept(SessionProgress& session, uint32_t session_index, const PacketHeader& header,
                  const uint8_t* payload, const ReplyExpectation& expected) {
    if (header.message_id != session.oldest_id || session.answered == session.sent ||
        header.packet_type != kPacketResponse || !early_.empty()) [[unlikely]] {
      return accept_unusual(session, session_index, header, payload, expected);
    }
    return accept_oldest(session, header, payload, expected);
  }

  // A packet that cannot even be parsed.
  void count_unreadable() { ++totals_.corrupted; }

  // The connection ended while requests were out: they are accounted for, and will not be answered.
  void session_lost(SessionProgress& session, uint32_t session_index);

  const LedgerTotals& totals() const { return totals_; }

 private:
  uint64_t accept_oldest(SessionProgress& session, const PacketHeader& header, const uint8_t* payload,
                         const ReplyExpectation& expected) {
    const uint64_t sequence = session.answered + 1;
    if (!content_intact(session, sequence, header, payload, expected)) [[unlikely]] {
      ++totals_.corrupted;
      follow_counter(session, sequence, header, payload, expected);
    }
    ++totals_.delivered;
    advance(session);
    // The counter of the handler stands still for a forwarded request.
    session.counter_lag += expected.kind == ReplyKind::forward ? 1u : 0u;
    return sequence;
  }

  static void advance(SessionProgress& session) {
    ++session.answered;
    session.oldest_id = next_message_id(session.oldest_id);
  }

  static bool content_intact(const SessionProgress& session, uint64_t sequence, const PacketHeader& header,
                             const uint8_t* payload, const ReplyExpectation& expected) {
    if (expected.kind == ReplyKind::forward)
      return forward_intact(session, sequence, header, payload, expected);
    return counter_reply_genuine(session, sequence, header, payload, expected) &&
           load_64(payload) == sequence - session.counter_lag;
  }

  static bool counter_reply_genuine(const SessionProgress& session, uint64_t sequence,
                                    const PacketHeader& header, const uint8_t* payload,
                                    const ReplyExpectation& expected) {
    return header.payload_bytes == kCounterReplyBytes && header.biz_type == expected.biz_type &&
           load_64(payload + 8) == request_token(session.key, sequence) &&
           counter_reply_filler_intact(payload);
  }

  static bool forward_intact(const SessionProgress& session, uint64_t sequence, const PacketHeader& header,
                             const uint8_t* payload, const ReplyExpectation& expected) {
    return header.payload_bytes == expected.request_payload_bytes && header.biz_type == expected.biz_type &&
           load_64(payload) == request_token(session.key, sequence) &&
           std::memcmp(payload + kTokenBytes, expected.request_payload + kTokenBytes,
                       header.payload_bytes - kTokenBytes) == 0;
  }

  uint64_t accept_unusual(SessionProgress& session, uint32_t session_index, const PacketHeader& header,
                          const uint8_t* payload, const ReplyExpectation& expected);
  static void follow_counter(SessionProgress& session, uint64_t sequence, const PacketHeader& header,
                             const uint8_t* payload, const ReplyExpectation& expected);

  LedgerTotals totals_;
  // Requests answered before an older one: (session index, sequence). Bounded by the requests in flight.
  std::set<std::pair<uint32_t, uint64_t>> early_;
};

}  // namespace msgtrans
