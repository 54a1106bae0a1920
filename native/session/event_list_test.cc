#include "session/event_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace msgtrans {
namespace {

class EventListTest : public testing::Test {
 protected:
  Session& make_session() {
    auto session = std::make_unique<Session>();
    session->slot = directory_.claim(session.get());
    session->generation = 1;
    sessions_.push_back(std::move(session));
    return *sessions_.back();
  }
  std::vector<EventList::Written> write() {
    std::vector<EventList::Written> written;
    count_ = events_.write(directory_, written);
    EXPECT_LE(count_, kEventsMax);
    return written;
  }
  [[nodiscard]] uint32_t word(size_t index, size_t offset) const { return records_[index * kEventWords + offset]; }

  SessionDirectory directory_{3};
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<uint32_t> records_ = std::vector<uint32_t>(kEventsMax * kEventWords);
  EventList events_{records_.data()};
  uint32_t count_ = 0;
};

TEST_F(EventListTest, is_empty_until_something_is_marked) {
  EXPECT_TRUE(events_.empty());
  EXPECT_TRUE(write().empty());
  EXPECT_EQ(count_, 0u);
}

TEST_F(EventListTest, writes_the_events_of_a_session_together_in_the_order_of_its_life) {
  Session& session = make_session();
  session.origin = 17;
  session.close_code = CloseCode::kStalled;
  session.close_errno = 104;
  session.close_local = true;
  events_.mark(session, kPendingClose);
  events_.mark(session, kPendingDrain);
  events_.mark(session, kPendingOpen);
  const auto written = write();
  ASSERT_EQ(written.size(), 1u) << "a session stands in the list once";
  EXPECT_EQ(written[0].session, &session);
  EXPECT_EQ(written[0].events, kPendingOpen | kPendingDrain | kPendingClose);
  ASSERT_EQ(count_, 3u);
  EXPECT_EQ(word(0, kEventKind), kEventAccepted);
  EXPECT_EQ(word(0, kEventA), 17u);
  EXPECT_EQ(word(1, kEventKind), kEventDrain);
  EXPECT_EQ(word(2, kEventKind), kEventClose);
  EXPECT_EQ(word(2, kEventA), static_cast<uint32_t>(CloseCode::kStalled));
  EXPECT_EQ(word(2, kEventB), 104u);
  EXPECT_EQ(word(2, kEventC), 1u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(word(i, kEventSlotWord), slot_word(3, session.slot));
    EXPECT_EQ(word(i, kEventGeneration), 1u);
  }
  EXPECT_TRUE(events_.empty());
}

TEST_F(EventListTest, tells_connections_out_from_connections_in) {
  Session& session = make_session();
  session.outgoing = true;
  events_.mark(session, kPendingOpen);
  write();
  EXPECT_EQ(word(0, kEventKind), kEventConnected);
}

TEST_F(EventListTest, leaves_what_is_marked_later_to_the_next_delivery) {
  Session& session = make_session();
  events_.mark(session, kPendingOpen);
  write();
  events_.mark(session, kPendingClose);
  const auto written = write();
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(written[0].events, kPendingClose);
  EXPECT_EQ(count_, 1u);
}

TEST_F(EventListTest, merges_a_mark_that_is_made_twice) {
  Session& session = make_session();
  events_.mark(session, kPendingDrain);
  events_.mark(session, kPendingDrain);
  write();
  EXPECT_EQ(count_, 1u);
}

TEST_F(EventListTest, writes_failures_without_a_session_and_before_sessions) {
  events_.mark(make_session(), kPendingOpen);
  events_.add_failure(kEventConnectFailed, 4, 111, 0);
  events_.add_failure(kEventAcceptFailed, 5, 24, 9);
  EXPECT_EQ(write().size(), 1u);
  ASSERT_EQ(count_, 3u);
  EXPECT_EQ(word(0, kEventKind), kEventConnectFailed);
  EXPECT_EQ(word(0, kEventA), 4u);
  EXPECT_EQ(word(0, kEventB), 111u);
  EXPECT_EQ(word(1, kEventKind), kEventAcceptFailed);
  EXPECT_EQ(word(1, kEventC), 9u);
  EXPECT_EQ(word(2, kEventKind), kEventAccepted);
}

TEST_F(EventListTest, spreads_more_than_a_delivery_holds_over_several) {
  constexpr size_t kSessions = 3 * kEventsMax;
  for (size_t i = 0; i < kSessions; ++i) {
    Session& session = make_session();
    events_.mark(session, kPendingOpen);
    if (i % 2 == 0) events_.mark(session, kPendingClose);
  }
  for (uint32_t id = 0; id < kEventsMax + 10; ++id) events_.add_failure(kEventConnectFailed, id, 1, 0);
  std::vector<Session*> order;
  size_t total = 0;
  for (int deliveries = 0; !events_.empty(); ++deliveries) {
    ASSERT_LT(deliveries, 100);
    for (const auto& one : write()) order.push_back(one.session);
    total += count_;
  }
  EXPECT_EQ(total, kSessions + kSessions / 2 + kEventsMax + 10);
  ASSERT_EQ(order.size(), kSessions);
  for (size_t i = 0; i < kSessions; ++i) ASSERT_EQ(order[i], sessions_[i].get()) << "first in, first out";
}

TEST_F(EventListTest, takes_a_session_that_is_marked_again_behind_the_others) {
  Session& first = make_session();
  Session& second = make_session();
  events_.mark(first, kPendingOpen);
  write();
  events_.mark(second, kPendingOpen);
  events_.mark(first, kPendingDrain);
  const auto written = write();
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(written[0].session, &second);
  EXPECT_EQ(written[1].session, &first);
}

}  // namespace
}  // namespace msgtrans
