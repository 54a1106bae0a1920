#include "programs/limit_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "io/stream_socket.h"
#include "programs/endpoint.h"
#include "programs/limit_reply_batch.h"
#include "programs/limit_session_table.h"
#include "programs/request_content.h"

namespace msgtrans {
namespace {

void append_request(std::vector<uint8_t>& stream, uint32_t id, uint32_t payload_bytes,
                    uint8_t type = kPacketRequest, uint16_t ext_header_bytes = 0) {
  PacketHeader header;
  header.packet_type = type;
  header.message_id = id;
  header.biz_type = 9;
  header.payload_bytes = payload_bytes;
  header.ext_header_bytes = ext_header_bytes;
  const size_t start = stream.size();
  stream.resize(start + header.frame_bytes());
  encode_header(stream.data() + start, header);
  uint8_t* payload = stream.data() + start + header.payload_offset();
  write_filler(payload, 0, payload_bytes);
  if (payload_bytes >= kTokenBytes) store_64(payload, 1000 + id);
}

// Answers a whole stream with one batch, as the server does with one read.
std::vector<uint8_t> answer(std::vector<uint8_t> stream, LimitHandler handler) {
  std::vector<uint8_t> spill;
  LimitReplyBatch replies(stream, spill);
  PacketFramer framer(stream.data(), stream.size(), PacketLimits{});
  Frame frame;
  uint64_t counter = 0;
  while (framer.next(frame) == FramerStatus::frame) {
    if (frame.header.packet_type != kPacketRequest) continue;
    handler == LimitHandler::forward ? replies.forward(frame) : replies.answer(frame, ++counter);
  }
  return {replies.bytes().begin(), replies.bytes().end()};
}

void expect_counter_replies(const std::vector<uint8_t>& bytes, const std::vector<uint32_t>& ids) {
  ASSERT_EQ(bytes.size(), ids.size() * 80);
  PacketFramer framer(bytes.data(), bytes.size(), PacketLimits{});
  Frame frame;
  for (size_t index = 0; index < ids.size(); ++index) {
    ASSERT_EQ(framer.next(frame), FramerStatus::frame);
    const uint8_t* payload = bytes.data() + frame.payload_offset();
    EXPECT_EQ(frame.header.packet_type, kPacketResponse);
    EXPECT_EQ(frame.header.message_id, ids[index]);
    EXPECT_EQ(frame.header.biz_type, 9);
    EXPECT_EQ(load_64(payload), index + 1);
    EXPECT_EQ(load_64(payload + 8), 1000 + ids[index]);
    EXPECT_TRUE(counter_reply_filler_intact(payload));
  }
}

TEST(LimitReplyBatch, answers_requests_longer_than_the_reply_in_place) {
  std::vector<uint8_t> stream;
  append_request(stream, 1, 64);
  append_request(stream, 2, 500);
  append_request(stream, 3, 64, kPacketRequest, 20);
  expect_counter_replies(answer(stream, LimitHandler::counter), {1, 2, 3});
}

TEST(LimitReplyBatch, answers_requests_shorter_than_the_reply_without_overwriting_later_ones) {
  std::vector<uint8_t> stream;
  std::vector<uint32_t> ids;
  for (uint32_t id = 1; id <= 50; ++id) {
    append_request(stream, id, id % 3 == 0 ? 200 : 8);
    ids.push_back(id);
  }
  expect_counter_replies(answer(stream, LimitHandler::counter), ids);
}

TEST(LimitReplyBatch, closes_the_gap_of_a_dropped_packet) {
  std::vector<uint8_t> stream;
  append_request(stream, 1, 64);
  append_request(stream, 2, 30, kPacketOneWay);
  append_request(stream, 3, 64);
  expect_counter_replies(answer(stream, LimitHandler::counter), {1, 3});
  std::vector<uint8_t> expected;
  append_request(expected, 1, 64, kPacketResponse);
  append_request(expected, 3, 64, kPacketResponse);
  EXPECT_EQ(answer(stream, LimitHandler::forward), expected);
}

TEST(LimitReplyBatch, forwards_a_packet_with_everything_it_carries) {
  std::vector<uint8_t> stream;
  append_request(stream, 7, 33, kPacketRequest, 5);
  std::vector<uint8_t> expected;
  append_request(expected, 7, 33, kPacketResponse, 5);
  EXPECT_EQ(answer(stream, LimitHandler::forward), expected);
}

TEST(LimitSessionTable, a_stale_id_is_not_found_after_its_slot_is_used_again) {
  LimitSessionTable table;
  const uint64_t first = table.open(UniqueFd(), {LimitHandler::counter});
  table.find(first)->counter = 5;
  table.close(first);
  EXPECT_EQ(table.find(first), nullptr);
  const uint64_t second = table.open(UniqueFd(), {LimitHandler::forward});
  EXPECT_EQ(static_cast<uint32_t>(second), static_cast<uint32_t>(first)) << "the slot is used again";
  EXPECT_NE(second, first);
  EXPECT_EQ(table.find(first), nullptr);
  ASSERT_NE(table.find(second), nullptr);
  EXPECT_EQ(table.find(second)->counter, 0u) << "a session begins with a fresh record";
  EXPECT_EQ(table.find(second)->service.handler, LimitHandler::forward);
  EXPECT_EQ(table.find((second & 0xFFFF'FFFF'0000'0000) | 99), nullptr);
  EXPECT_EQ(table.open_sessions(), 1u);
}

// A server whose loop is turned by the test itself.
class LimitServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ControlError error;
    const std::optional<std::string> url =
        server_.listen("tcp://127.0.0.1:0", {LimitHandler::counter}, error);
    ASSERT_TRUE(url) << error.message;
    OpenedSocket opened = open_connection(*parse_endpoint(*url));
    client_ = std::move(opened.fd);
    server_.turn();
    ASSERT_EQ(server_.open_sessions(), 1u);
  }

  void send(const std::vector<uint8_t>& bytes) {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  LimitServer server_;
  UniqueFd client_;
};

TEST_F(LimitServerTest, counts_and_drops_what_is_no_request) {
  std::vector<uint8_t> stream;
  append_request(stream, 1, 64, kPacketOneWay);
  append_request(stream, 2, 64, kPacketResponse);
  append_request(stream, 3, 64);
  send(stream);
  server_.turn();
  EXPECT_EQ(server_.counters().messages_received, 3u);
  EXPECT_EQ(server_.counters().messages_dropped, 2u);
  EXPECT_EQ(server_.counters().messages_sent, 1u);
}

TEST_F(LimitServerTest, closes_on_a_malformed_header_after_answering_what_came_before) {
  std::vector<uint8_t> stream;
  append_request(stream, 1, 64);
  append_request(stream, 2, 64);
  stream[80] = 9;
  send(stream);
  server_.turn();
  EXPECT_EQ(server_.counters().messages_sent, 1u);
  EXPECT_EQ(server_.counters().protocol_errors, 1u);
  EXPECT_EQ(server_.open_sessions(), 0u);
}

TEST_F(LimitServerTest, closes_on_a_request_without_a_token) {
  std::vector<uint8_t> stream;
  append_request(stream, 1, 7);
  send(stream);
  server_.turn();
  EXPECT_EQ(server_.counters().protocol_errors, 1u);
  EXPECT_EQ(server_.open_sessions(), 0u);
}

TEST_F(LimitServerTest, notices_that_the_peer_is_gone) {
  client_.reset();
  server_.turn();
  EXPECT_EQ(server_.open_sessions(), 0u);
}

TEST_F(LimitServerTest, acknowledges_one_way_messages_by_the_number_and_at_a_fence) {
  ControlError error;
  const std::optional<std::string> url = server_.listen("tcp://127.0.0.1:0", {LimitHandler::sink, 2}, error);
  ASSERT_TRUE(url) << error.message;
  client_ = std::move(open_connection(*parse_endpoint(*url)).fd);
  while (server_.counters().sessions_accepted < 2) server_.turn();
  std::vector<uint8_t> stream;
  for (uint32_t sequence = 0; sequence < 3; ++sequence) {
    append_request(stream, sequence + 1, 20, kPacketOneWay);
    store_32(stream.data() + stream.size() - 20 + kStreamSequenceOffset, sequence);
  }
  append_request(stream, 50, 8);
  append_request(stream, 51, 8, kPacketResponse);
  send(stream);
  while (server_.counters().messages_received < 5) server_.turn();
  EXPECT_EQ(server_.counters().messages_sent, 2u);
  EXPECT_EQ(server_.counters().messages_dropped, 1u) << "a response is nobody's";
  uint8_t replies[2 * 80];
  ASSERT_EQ(::recv(client_.get(), replies, sizeof replies, MSG_WAITALL), 2 * 80);
  Acknowledgement said;
  ASSERT_TRUE(read_acknowledgement(replies + kHeaderBytes, kAcknowledgementBytes, said));
  EXPECT_EQ(replies[kPacketTypeOffset], kPacketOneWay);
  EXPECT_EQ(said.received, 2u);
  EXPECT_EQ(said.token_sum, 1001u + 1002u);
  ASSERT_TRUE(read_acknowledgement(replies + 80 + kHeaderBytes, kAcknowledgementBytes, said));
  EXPECT_EQ(replies[80 + kPacketTypeOffset], kPacketResponse);
  EXPECT_EQ(replies[80 + kMessageIdOffset + 3], 50);
  EXPECT_EQ(said.received, 3u);
  EXPECT_EQ(said.faults, 0u);
}

TEST_F(LimitServerTest, ticks_from_the_switch_on_until_it_is_switched_off) {
  ControlError error;
  LimitService service{LimitHandler::broadcast};
  service.broadcast = {500, 2, 32};
  const std::optional<std::string> url = server_.listen("tcp://127.0.0.1:0", service, error);
  ASSERT_TRUE(url) << error.message;
  client_ = std::move(open_connection(*parse_endpoint(*url)).fd);
  while (server_.counters().sessions_accepted < 2) server_.turn();
  std::vector<uint8_t> stream;
  append_request(stream, 1, kInputBytes, kPacketOneWay);
  store_32(stream.data() + kHeaderBytes + kStreamSequenceOffset, 0);
  append_request(stream, 2, kSwitchBytes);
  store_32(stream.data() + stream.size() - 4, 1);
  send(stream);
  while (server_.counters().messages_sent < 4) server_.turn();
  stream.clear();
  append_request(stream, 3, kSwitchBytes);
  store_32(stream.data() + stream.size() - 4, 0);
  send(stream);
  while (server_.counters().messages_received < 3) server_.turn();
  const uint64_t frames = server_.counters().messages_sent - 2;
  std::vector<uint8_t> replies(2 * 80 + frames * 48);
  ASSERT_EQ(::recv(client_.get(), replies.data(), replies.size(), MSG_WAITALL),
            static_cast<ssize_t>(replies.size()));
  Acknowledgement said;
  ASSERT_TRUE(read_acknowledgement(replies.data() + kHeaderBytes, kAcknowledgementBytes, said));
  EXPECT_EQ(said.received, 1u);
  EXPECT_EQ(said.faults, 0u);
  for (uint64_t index = 0; index < frames; ++index) {
    const uint8_t* frame = replies.data() + 80 + index * 48;
    EXPECT_EQ(frame[kPacketTypeOffset], kPacketOneWay);
    const FrameContent content = read_frame(frame + kHeaderBytes);
    EXPECT_EQ(content.tick, index + 1);
    EXPECT_EQ(content.group, 0u);
    const uint64_t first_ns = read_frame(replies.data() + 80 + kHeaderBytes).intended_ns;
    EXPECT_EQ(content.intended_ns - first_ns, index * 2'000'000);
    EXPECT_TRUE(filler_intact(frame + kHeaderBytes, kFrameFillerOffset, 32));
  }
  EXPECT_EQ(replies[replies.size() - 80 + kPacketTypeOffset], kPacketResponse);
}

TEST_F(LimitServerTest, stops_ticking_when_the_last_player_has_left) {
  ControlError error;
  LimitService service{LimitHandler::broadcast};
  const std::optional<std::string> url = server_.listen("tcp://127.0.0.1:0", service, error);
  ASSERT_TRUE(url) << error.message;
  client_ = std::move(open_connection(*parse_endpoint(*url)).fd);
  while (server_.counters().sessions_accepted < 2) server_.turn();
  std::vector<uint8_t> stream;
  append_request(stream, 2, kSwitchBytes);
  store_32(stream.data() + stream.size() - 4, 1);
  send(stream);
  while (server_.counters().messages_sent < 3) server_.turn();
  client_.reset();
  while (server_.open_sessions() > 0) server_.turn();
  client_ = std::move(open_connection(*parse_endpoint(*url)).fd);
  while (server_.counters().sessions_accepted < 3) server_.turn();
  const uint64_t sent = server_.counters().messages_sent;
  stream.clear();
  append_request(stream, 3, kTokenBytes);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  send(stream);
  while (server_.counters().messages_sent == sent) server_.turn();
  uint8_t reply[80];
  ASSERT_EQ(::recv(client_.get(), reply, sizeof reply, MSG_WAITALL), 80);
  EXPECT_EQ(reply[kPacketTypeOffset], kPacketResponse) << "no frame comes before it";
}

TEST_F(LimitServerTest, says_why_it_cannot_listen) {
  ControlError error;
  EXPECT_FALSE(server_.listen("http://x", {LimitHandler::counter}, error));
  EXPECT_EQ(error.code, "ERR_LIMIT_INVALID_URL");
  EXPECT_FALSE(server_.listen("unix:///nonexistent/socket", {LimitHandler::counter}, error));
  EXPECT_EQ(error.code, "ERR_LIMIT_LISTEN_FAILED");
  EXPECT_NE(error.message.find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace msgtrans
