#include "programs/stream_ledger.h"

#include <gtest/gtest.h>

#include <array>

namespace msgtrans {
namespace {

// One session and a receiver whose words the test chooses.
struct SessionUnderTest {
  SessionUnderTest() { session.key = 77; }

  void send(uint64_t count) {
    for (uint64_t index = 0; index < count; ++index) requests.begin_request(session);
  }

  // What a faultless receiver says after `received` messages.
  Acknowledgement after(uint64_t received) const {
    Acknowledgement truth{received, 0, 0};
    for (uint64_t sequence = 1; sequence <= received; ++sequence) {
      truth.token_sum += request_token(session.key, sequence);
    }
    return truth;
  }

  bool say(const Acknowledgement& value, uint8_t packet_type = kPacketOneWay, uint32_t message_id = 9) {
    std::array<uint8_t, kAcknowledgementBytes> payload{};
    write_acknowledgement(payload.data(), value);
    PacketHeader header;
    header.packet_type = packet_type;
    header.message_id = message_id;
    header.payload_bytes = kAcknowledgementBytes;
    return ledger.accept(session, stream, header, payload.data());
  }

  const LedgerTotals& totals() const { return ledger.totals(); }

  SessionProgress session;
  StreamProgress stream;
  ReplyLedger requests;
  StreamLedger ledger;
};

TEST(StreamLedger, follows_acknowledgements_and_ends_with_the_fence) {
  SessionUnderTest under;
  under.send(10);
  EXPECT_FALSE(under.say(under.after(4)));
  EXPECT_EQ(under.session.answered, 4u);
  EXPECT_FALSE(under.say(under.after(8)));
  under.stream.fence_id = 21;
  EXPECT_TRUE(under.say(under.after(10), kPacketResponse, 21));
  EXPECT_EQ(under.session.outstanding(), 0u);
  EXPECT_EQ(under.stream.fence_id, 0u);
  EXPECT_EQ(under.totals().delivered, 10u);
  EXPECT_EQ(under.totals().duplicated + under.totals().reordered + under.totals().corrupted, 0u);
}

TEST(StreamLedger, a_fence_may_say_what_is_known_already) {
  SessionUnderTest under;
  under.send(4);
  under.say(under.after(4));
  under.stream.fence_id = 3;
  EXPECT_TRUE(under.say(under.after(4), kPacketResponse, 3));
  EXPECT_EQ(under.totals().duplicated, 0u);
}

TEST(StreamLedger, a_message_that_came_twice_is_duplicated) {
  SessionUnderTest under;
  under.send(4);
  Acknowledgement said = under.after(4);
  ++said.received;
  said.token_sum += request_token(under.session.key, 4);
  under.say(said);
  EXPECT_EQ(under.session.outstanding(), 0u);
  EXPECT_EQ(under.totals().duplicated, 1u);
  EXPECT_EQ(under.totals().corrupted, 1u) << "and the sum is not that of the messages sent";
  under.send(4);
  said.received += 4;
  for (uint64_t sequence = 5; sequence <= 8; ++sequence) {
    said.token_sum += request_token(under.session.key, sequence);
  }
  under.say(said);
  EXPECT_EQ(under.session.outstanding(), 0u);
  EXPECT_EQ(under.totals().duplicated, 2u) << "one more than was ever sent, seen again";
}

TEST(StreamLedger, a_lost_message_stays_outstanding) {
  SessionUnderTest under;
  under.send(4);
  Acknowledgement said = under.after(3);
  said.faults = 1;
  under.stream.fence_id = 5;
  EXPECT_TRUE(under.say(said, kPacketResponse, 5));
  EXPECT_EQ(under.session.outstanding(), 1u);
  EXPECT_EQ(under.totals().delivered, 3u);
  EXPECT_EQ(under.totals().corrupted, 1u);
}

TEST(StreamLedger, a_foreign_token_is_one_corrupted_message) {
  SessionUnderTest under;
  under.send(8);
  Acknowledgement said = under.after(4);
  said.token_sum += 1;
  under.say(said);
  EXPECT_EQ(under.totals().corrupted, 1u);
  said = under.after(8);
  said.token_sum += 1;
  under.say(said);
  EXPECT_EQ(under.totals().corrupted, 1u) << "the messages after it are right";
  EXPECT_EQ(under.totals().delivered, 8u);
}

TEST(StreamLedger, faults_of_the_receiver_are_corrupted_messages) {
  SessionUnderTest under;
  under.send(8);
  Acknowledgement said = under.after(4);
  said.faults = 3;
  under.say(said);
  said = under.after(8);
  said.faults = 5;
  under.say(said);
  EXPECT_EQ(under.totals().corrupted, 5u);
}

TEST(StreamLedger, what_no_receiver_says_is_corrupted_and_changes_nothing) {
  SessionUnderTest under;
  under.send(8);
  under.say(under.after(4));
  EXPECT_FALSE(under.say(under.after(3))) << "going back";
  EXPECT_FALSE(under.say(under.after(5), kPacketRequest));
  EXPECT_FALSE(under.say(under.after(5), kPacketResponse, 1)) << "no fence is out";
  under.stream.fence_id = 2;
  EXPECT_FALSE(under.say(under.after(5), kPacketResponse, 1)) << "another fence";
  PacketHeader header;
  header.payload_bytes = 8;
  const std::array<uint8_t, 8> payload{};
  EXPECT_FALSE(under.ledger.accept(under.session, under.stream, header, payload.data()));
  EXPECT_EQ(under.totals().corrupted, 5u);
  EXPECT_EQ(under.session.answered, 4u);
  EXPECT_EQ(under.stream.fence_id, 2u);
}

TEST(StreamLedger, an_acknowledgement_that_says_nothing_new_is_duplicated) {
  SessionUnderTest under;
  under.send(4);
  under.say(under.after(2));
  under.say(under.after(2));
  EXPECT_EQ(under.totals().duplicated, 1u);
}

}  // namespace
}  // namespace msgtrans
