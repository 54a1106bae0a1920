#include "programs/reply_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace msgtrans {
namespace {

struct Reply {
  PacketHeader header;
  std::vector<uint8_t> payload;
};

// Two sessions and a server that answers correctly until a test changes a reply.
class ReplyLedgerTest : public testing::Test {
 protected:
  ReplyLedgerTest() : request_(kRequestBytes) {
    write_filler(request_.data(), kTokenBytes, kRequestBytes);
    for (uint32_t index = 0; index < 2; ++index) sessions_[index].key = session_key(1, 2, index);
    expected_.request_payload_bytes = kRequestBytes;
    expected_.request_payload = request_.data();
  }

  Reply ask(uint32_t index = 0) {
    const RequestIdentity identity = ledger_.begin_request(sessions_[index]);
    Reply reply;
    reply.header.packet_type = kPacketResponse;
    reply.header.message_id = identity.message_id;
    if (expected_.kind == ReplyKind::forward) {
      reply.payload = request_;
      store_64(reply.payload.data(), identity.token);
    } else {
      reply.payload.resize(kCounterReplyBytes);
      write_counter_reply(reply.payload.data(), ++counters_[index], identity.token);
    }
    reply.header.payload_bytes = static_cast<uint32_t>(reply.payload.size());
    return reply;
  }

  uint64_t hear(const Reply& reply, uint32_t index = 0) {
    return ledger_.accept(sessions_[index], index, reply.header, reply.payload.data(), expected_);
  }

  void expect_totals(uint64_t delivered, uint64_t lost, uint64_t duplicated, uint64_t reordered,
                     uint64_t corrupted) {
    const LedgerTotals& totals = ledger_.totals();
    EXPECT_EQ(totals.delivered, delivered);
    EXPECT_EQ(totals.lost(), lost);
    EXPECT_EQ(totals.duplicated, duplicated);
    EXPECT_EQ(totals.reordered, reordered);
    EXPECT_EQ(totals.corrupted, corrupted);
  }

  static constexpr uint32_t kRequestBytes = 100;

  ReplyLedger ledger_;
  SessionProgress sessions_[2];
  uint64_t counters_[2] = {0, 0};
  std::vector<uint8_t> request_;
  ReplyExpectation expected_;
};

TEST_F(ReplyLedgerTest, correct_replies_leave_nothing_to_complain_about) {
  for (uint64_t sequence = 1; sequence <= 100; ++sequence) {
    EXPECT_EQ(hear(ask(0), 0), sequence);
    EXPECT_EQ(hear(ask(1), 1), sequence);
  }
  expect_totals(200, 0, 0, 0, 0);
  EXPECT_EQ(ledger_.totals().sent, 200u);
}

TEST_F(ReplyLedgerTest, an_unanswered_request_is_lost) {
  hear(ask());
  ask();
  expect_totals(1, 1, 0, 0, 0);
}

TEST_F(ReplyLedgerTest, a_second_answer_is_duplicated) {
  const Reply reply = ask();
  hear(reply);
  EXPECT_EQ(hear(reply), 0u);
  expect_totals(1, 0, 1, 0, 0);
}

TEST_F(ReplyLedgerTest, an_overtaking_answer_is_reordered_and_nothing_is_lost) {
  const Reply first = ask();
  const Reply second = ask();
  const Reply third = ask();
  EXPECT_EQ(hear(third), 3u);
  EXPECT_EQ(hear(second), 2u);
  EXPECT_EQ(sessions_[0].answered, 0u);
  EXPECT_EQ(hear(first), 1u);
  EXPECT_EQ(sessions_[0].answered, 3u);
  EXPECT_EQ(hear(ask()), 4u);
  expect_totals(4, 0, 0, 2, 0);
}

TEST_F(ReplyLedgerTest, an_overtaking_answer_twice_is_also_duplicated) {
  ask();
  const Reply second = ask();
  hear(second);
  EXPECT_EQ(hear(second), 0u);
  expect_totals(1, 1, 1, 1, 0);
}

TEST_F(ReplyLedgerTest, an_id_nobody_used_is_corrupted) {
  Reply reply = ask();
  reply.header.message_id = 500;
  EXPECT_EQ(hear(reply), 0u);
  reply.header.message_id = 0;
  EXPECT_EQ(hear(reply), 0u);
  expect_totals(0, 1, 0, 0, 2);
}

TEST_F(ReplyLedgerTest, a_packet_that_is_no_response_is_corrupted) {
  Reply reply = ask();
  reply.header.packet_type = kPacketRequest;
  EXPECT_EQ(hear(reply), 0u);
  expect_totals(0, 1, 0, 0, 1);
}

TEST_F(ReplyLedgerTest, a_reply_of_another_session_is_corrupted) {
  const Reply of_first = ask(0);
  ask(1);
  EXPECT_EQ(hear(of_first, 1), 1u);
  expect_totals(1, 1, 0, 0, 1);
}

TEST_F(ReplyLedgerTest, every_changed_byte_of_a_counter_reply_is_corrupted) {
  for (size_t offset = 0; offset < kCounterReplyBytes; ++offset) {
    Reply reply = ask();
    reply.payload[offset] ^= 0x10;
    hear(reply);
    // The reply after one with a wrong counter is judged against that counter: let it be the wrong one's
    // successor.
    if (offset < 8) sessions_[0].counter_lag = 0;
    EXPECT_EQ(ledger_.totals().corrupted, offset + 1) << offset;
  }
  hear(ask());
  EXPECT_EQ(ledger_.totals().corrupted, kCounterReplyBytes);
}

TEST_F(ReplyLedgerTest, every_changed_byte_of_a_forwarded_reply_is_corrupted) {
  expected_.kind = ReplyKind::forward;
  EXPECT_EQ(hear(ask()), 1u);
  for (size_t offset = 0; offset < kRequestBytes; ++offset) {
    Reply reply = ask();
    reply.payload[offset] ^= 1;
    hear(reply);
    EXPECT_EQ(ledger_.totals().corrupted, offset + 1) << offset;
  }
}

TEST_F(ReplyLedgerTest, wrong_lengths_and_biz_types_are_corrupted) {
  Reply shorter = ask();
  shorter.header.payload_bytes = 63;
  hear(shorter);
  Reply other = ask();
  other.header.biz_type = 1;
  hear(other);
  expected_.kind = ReplyKind::forward;
  Reply longer = ask();
  longer.header.payload_bytes = kRequestBytes + 1;
  hear(longer);
  expect_totals(3, 0, 0, 0, 3);
}

TEST_F(ReplyLedgerTest, one_skipped_count_is_one_corrupted_reply) {
  hear(ask());
  counters_[0] += 1;
  for (int count = 0; count < 5; ++count) hear(ask());
  expect_totals(6, 0, 0, 0, 1);
}

TEST_F(ReplyLedgerTest, a_repeated_count_is_corrupted) {
  hear(ask());
  counters_[0] -= 1;
  hear(ask());
  expect_totals(2, 0, 0, 0, 1);
}

TEST_F(ReplyLedgerTest, forwarded_requests_leave_the_counter_where_it_is) {
  hear(ask());
  expected_.kind = ReplyKind::forward;
  hear(ask());
  expected_.kind = ReplyKind::counter;
  hear(ask());
  expect_totals(3, 0, 0, 0, 0);
}

TEST_F(ReplyLedgerTest, a_lost_session_accounts_for_its_open_requests_once) {
  const Reply first = ask();
  ask();
  const Reply third = ask();
  hear(first);
  hear(third);
  ledger_.session_lost(sessions_[0], 0);
  EXPECT_EQ(ledger_.totals().unacknowledged_at_close, 1u);
  EXPECT_EQ(sessions_[0].outstanding(), 0u);
  expect_totals(2, 0, 0, 1, 0);
}

TEST_F(ReplyLedgerTest, ids_wrap_and_are_still_told_apart) {
  SessionProgress& session = sessions_[0];
  session.sent = session.answered = 0xFFFF'FFFDu;
  session.next_id = session.oldest_id = 0xFFFF'FFFE;
  counters_[0] = 0xFFFF'FFFDu;
  std::vector<Reply> replies;
  for (int count = 0; count < 5; ++count) replies.push_back(ask());
  EXPECT_EQ(replies[2].header.message_id, 1u);
  std::swap(replies[1], replies[2]);
  for (const Reply& reply : replies) hear(reply);
  hear(replies[0]);
  expect_totals(5, 0, 1, 1, 0);
}

TEST(RequestContent, tokens_differ_between_groups_sessions_and_sequences) {
  std::vector<uint64_t> tokens;
  for (uint64_t group = 0; group < 4; ++group) {
    for (uint64_t session = 0; session < 50; ++session) {
      for (uint64_t sequence = 1; sequence <= 50; ++sequence) {
        tokens.push_back(request_token(session_key(7, group, session), sequence));
      }
    }
  }
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::unique(tokens.begin(), tokens.end()), tokens.end());
}

TEST(RequestContent, filler_follows_its_formula) {
  EXPECT_EQ(filler_byte(8), 69);
  EXPECT_EQ(filler_byte(63), (63 * 7 + 13) & 0xff);
  std::vector<uint8_t> payload(80, 0);
  write_filler(payload.data(), 8, 80);
  EXPECT_EQ(payload[7], 0);
  for (size_t index = 8; index < 80; ++index) EXPECT_EQ(payload[index], (index * 7 + 13) & 0xff);
}

}  // namespace
}  // namespace msgtrans
