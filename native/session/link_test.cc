// The way between two reactors: order, room, turns, and ends in every order. Some records own a descriptor, so that one
// that nobody handled and nobody freed is seen.
#include "session/link.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "base/monotonic_clock.h"
#include "session/handed_socket.h"
#include "session/link_receiver.h"
#include "session/link_sender.h"
#include "sync/stress_testing.h"

namespace msgtrans {
namespace {

constexpr uint32_t kFrom = 242;
constexpr uint32_t kTo = 243;

std::shared_ptr<LentSegments> make_segments() {
  return std::make_shared<LentSegments>(
      std::make_shared<Arena>(Arena::Regions{kControlWords * kWordBytes, 32, 32, size_t{kSegmentBytes} * kRingSegments, 4096}));
}

// What became of every record.
struct Ledger {
  explicit Ledger(uint32_t count) : delivered(count), returned(count), undelivered(count) {
    for (uint32_t i = 0; i < count; i += kOwningOneIn) owned.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  static constexpr uint32_t kOwningOneIn = 16;
  std::vector<std::atomic<uint32_t>> delivered, returned, undelivered;
  std::vector<int> owned;  // by the records

  // The number of a record is its word.
  [[nodiscard]] LinkRecord record(uint32_t i) const {
    if (i % kOwningOneIn != 0) return {LinkKind::kMemDrained, i, 0, 0, 0, 0};
    auto* const socket = new HandedSocket(UniqueFd(owned[i / kOwningOneIn]), nullptr);
    return {LinkKind::kSocket, i, 0, 0, reinterpret_cast<uint64_t>(socket), 0};
  }
  static void note(std::vector<std::atomic<uint32_t>>& fate, const LinkRecord& record) {
    // Relaxed: counts, read when the threads are joined.
    fate[record.word].fetch_add(1, std::memory_order_relaxed);
    dispose(record);
  }
  [[nodiscard]] size_t still_owned() const {
    const auto is_open = [](int fd) { return ::fcntl(fd, F_GETFD) != -1; };
    return static_cast<size_t>(std::count_if(owned.begin(), owned.end(), is_open));
  }
  [[nodiscard]] uint32_t fates(uint32_t i) const {
    // Relaxed: as above.
    return delivered[i].load(std::memory_order_relaxed) + returned[i].load(std::memory_order_relaxed) +
           undelivered[i].load(std::memory_order_relaxed);
  }
};

struct Producer final : LinkSender::Observer {
  Producer(uint32_t number, Ledger& kept)
      : ledger(kept), port(std::make_shared<ReactorPort>(number)), sender(port, make_segments(), *this) {}
  void on_undeliverable(uint32_t, const LinkRecord& record) override { Ledger::note(ledger.undelivered, record); }
  void answer_doorbell() {
    port->doorbell().take([this](uint32_t from) { sender.on_room(from); });
  }
  Ledger& ledger;
  std::shared_ptr<ReactorPort> port;
  LinkSender sender;
};

struct Consumer final : LinkReceiver::Handler {
  explicit Consumer(Ledger& kept, uint32_t number = kTo)
      : ledger(kept), port(std::make_shared<ReactorPort>(number)), receiver(port, *this) {
    ReactorPorts::add(port);
  }
  ~Consumer() { close(); }
  LinkReceiver::Outcome on_record(Link& link, const LinkRecord& record, uint64_t& cursor) override {
    --room;
    if (again && again(record, cursor)) return LinkReceiver::Outcome::kAgain;
    order.push_back(record.word);
    sources.push_back(link.from.get());
    Ledger::note(ledger.delivered, record);
    return LinkReceiver::Outcome::kDone;
  }
  void on_rung(uint32_t) override {}
  void on_link(const std::shared_ptr<Link>& link) override { announced.push_back(link->from.get()); }
  bool has_room() override { return room > 0; }
  bool receive(int at_most = 1'000'000) {
    room = at_most;
    return receiver.receive();
  }
  void close() {
    if (is_closed) return;
    is_closed = true;
    ReactorPorts::remove(port->number());
    receiver.close([this](const LinkRecord& record) { Ledger::note(ledger.returned, record); });
  }

  Ledger& ledger;
  std::shared_ptr<ReactorPort> port;
  LinkReceiver receiver;
  std::function<bool(const LinkRecord&, uint64_t&)> again;
  std::vector<uint32_t> order;
  std::vector<const ReactorPort*> sources;
  std::vector<const ReactorPort*> announced;
  int room = 0;
  bool is_closed = false;
};

TEST(LinkTest, shows_records_only_when_flushed_and_in_order) {
  Ledger ledger(3);
  Consumer consumer(ledger);
  Producer producer(kFrom, ledger);
  for (uint32_t i = 0; i < 3; ++i) producer.sender.post(kTo, ledger.record(i), 100);
  EXPECT_FALSE(consumer.receive());
  EXPECT_EQ(producer.sender.bytes_under_way(), 300u);
  producer.sender.flush();
  EXPECT_TRUE(consumer.receive());
  EXPECT_EQ(consumer.order, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(consumer.announced.size(), 1u);
  producer.sender.close();
}

TEST(LinkTest, shows_nothing_while_it_is_held_but_to_whom_it_is_told_to) {
  Ledger ledger(4);
  Consumer one(ledger);
  Consumer two(ledger, kTo + 1);
  Producer producer(kFrom, ledger);
  producer.sender.post(kTo, ledger.record(0));
  producer.sender.hold();
  producer.sender.post(kTo, ledger.record(1));
  producer.sender.post(kTo + 1, ledger.record(2));
  producer.sender.flush();
  EXPECT_FALSE(one.receive());
  EXPECT_FALSE(two.receive());
  producer.sender.flush_to(kTo + 1);
  producer.sender.flush_to(kFrom);
  EXPECT_FALSE(one.receive());
  EXPECT_TRUE(two.receive());
  producer.sender.release();
  producer.sender.post(kTo + 1, ledger.record(3));
  producer.sender.flush();
  EXPECT_TRUE(one.receive());
  EXPECT_TRUE(two.receive());
  EXPECT_EQ(one.order, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(two.order, (std::vector<uint32_t>{2, 3}));
  producer.sender.close();
}

TEST(LinkTest, finds_records_undeliverable_when_nobody_has_that_number) {
  Ledger ledger(1);
  Producer producer(kFrom, ledger);
  producer.sender.post(kTo, ledger.record(0), 100);
  EXPECT_EQ(ledger.undelivered[0], 1u);
  EXPECT_EQ(producer.sender.bytes_under_way(), 0u);
}

TEST(LinkTest, keeps_the_order_of_more_records_than_the_ring_holds) {
  constexpr uint32_t kCount = 5 * Link::kRecords + 7;
  Ledger ledger(kCount);
  Consumer consumer(ledger);
  Producer producer(kFrom, ledger);
  for (uint32_t i = 0; i < kCount; ++i) {
    producer.sender.post(kTo, ledger.record(i));
    if (i % 100 == 0) producer.sender.flush();
  }
  producer.sender.flush();
  for (int calls = 0; consumer.order.size() < kCount; ++calls) {
    ASSERT_LT(calls, 1'000) << "the producer is not told of the room";
    consumer.receive();
    producer.answer_doorbell();
  }
  for (uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(consumer.order[i], i);
  producer.sender.close();
}

// A multiple of what one turn takes, so that the ring is found empty when the turn is over.
TEST(LinkTest, hands_over_what_a_producer_left_that_did_not_fit) {
  for (const uint32_t count : {Link::kRecords, 2 * Link::kRecords, 2 * Link::kRecords + 1}) {
    Ledger ledger(count);
    Consumer consumer(ledger);
    {
      Producer producer(kFrom, ledger);
      for (uint32_t i = 0; i < count; ++i) producer.sender.post(kTo, ledger.record(i));
      producer.sender.close();
    }
    consumer.receive();
    for (int calls = 0; consumer.receiver.has_unhandled(); ++calls) {
      ASSERT_LT(calls, 1'000);
      consumer.receive();
    }
    ASSERT_EQ(consumer.order.size(), count);
    for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(consumer.order[i], i);
  }
}

TEST(LinkTest, gives_links_turns_so_that_a_busy_one_starves_none) {
  constexpr uint32_t kCount = 500;
  Ledger ledger(kCount + 2);
  Consumer consumer(ledger);
  Producer busy(kFrom, ledger);
  Producer quiet(kFrom - 1, ledger);
  for (uint32_t i = 0; i < kCount; ++i) busy.sender.post(kTo, ledger.record(i));
  busy.sender.flush();
  consumer.receive(10);
  quiet.sender.post(kTo, ledger.record(kCount));
  quiet.sender.flush();
  consumer.receive();
  EXPECT_NE(std::find(consumer.order.begin(), consumer.order.end(), kCount), consumer.order.end());
  EXPECT_LT(consumer.order.size(), kCount) << "of the busy one, only its turn";
  EXPECT_TRUE(consumer.receiver.has_unhandled());
  busy.sender.close();
  quiet.sender.close();
  for (int calls = 0; consumer.receiver.has_unhandled(); ++calls) {
    ASSERT_LT(calls, 100);
    consumer.receive();
  }
  EXPECT_EQ(consumer.order.size(), kCount + 1);
}

TEST(LinkTest, goes_on_with_a_record_that_was_only_begun) {
  Ledger ledger(4);
  Consumer consumer(ledger);
  Producer producer(kFrom, ledger);
  Producer other(kFrom - 1, ledger);
  for (uint32_t i = 0; i < 3; ++i) producer.sender.post(kTo, ledger.record(i));
  producer.sender.flush();
  int begun = 0;
  consumer.again = [&](const LinkRecord& record, uint64_t& cursor) {
    if (record.word != 1 || cursor == 3) return false;
    EXPECT_EQ(cursor, static_cast<uint64_t>(begun)) << "where it stopped";
    cursor = static_cast<uint64_t>(++begun);
    return true;
  };
  consumer.receive();
  EXPECT_EQ(consumer.order, (std::vector<uint32_t>{0}));
  other.sender.post(kTo, ledger.record(3));
  other.sender.flush();
  for (int calls = 0; consumer.order.size() < 4; ++calls) {
    ASSERT_LT(calls, 10);
    EXPECT_TRUE(consumer.receiver.has_unhandled());
    consumer.receive();
  }
  EXPECT_EQ(consumer.order, (std::vector<uint32_t>{0, 1, 2, 3})) << "it goes on before others have their turn";
  producer.sender.close();
  other.sender.close();
}

TEST(LinkTest, announces_the_next_reactor_with_a_number_after_the_last_record_of_the_one_before) {
  constexpr uint32_t kEach = 100;
  Ledger ledger(2 * kEach);
  Consumer consumer(ledger);
  Producer first(kFrom, ledger);
  for (uint32_t i = 0; i < kEach; ++i) first.sender.post(kTo, ledger.record(i));
  first.sender.close();
  Producer second(kFrom, ledger);
  for (uint32_t i = kEach; i < 2 * kEach; ++i) second.sender.post(kTo, ledger.record(i));
  second.sender.flush();
  for (int calls = 0; consumer.order.size() < 2 * kEach; ++calls) {
    ASSERT_LT(calls, 100);
    const size_t before = consumer.order.size();
    consumer.receive();
    for (size_t i = before + 1; i < consumer.order.size(); ++i) {
      ASSERT_EQ(consumer.sources[i], consumer.sources[before]) << "one reactor's records in one receive";
    }
  }
  EXPECT_EQ(consumer.announced, (std::vector<const ReactorPort*>{first.port.get(), second.port.get()}));
  for (uint32_t i = 0; i < 2 * kEach; ++i) ASSERT_EQ(consumer.order[i], i);
  second.sender.close();
}

TEST(LinkTest, reaches_the_next_reactor_with_a_number_at_once) {
  Ledger ledger(3);
  Producer producer(kFrom, ledger);
  {
    Consumer gone(ledger);
    producer.sender.post(kTo, ledger.record(0));
    producer.sender.flush();
    gone.receive();
    producer.sender.post(kTo, ledger.record(1));
  }
  Consumer next(ledger);
  producer.sender.post(kTo, ledger.record(2));
  producer.sender.flush();
  next.receive();
  EXPECT_EQ(ledger.undelivered[1], 1u) << "it was meant for the one that is gone";
  EXPECT_EQ(ledger.delivered[2], 1u) << "and this one for the next";
  producer.sender.close();
}

TEST(LinkTest, tells_a_producer_that_says_nothing_more_that_its_consumer_is_gone) {
  Ledger ledger(1);
  Producer producer(kFrom, ledger);
  {
    Consumer consumer(ledger);
    producer.sender.post(kTo, ledger.record(0), 100);
    producer.sender.flush();
  }
  EXPECT_EQ(ledger.returned[0], 1u);
  producer.answer_doorbell();
  EXPECT_EQ(producer.sender.bytes_under_way(), 0u);
}

TEST(LinkTest, gives_segments_back_that_nobody_read) {
  Ledger ledger(0);
  const auto segments = make_segments();
  struct Nobody final : LinkSender::Observer {
    void on_undeliverable(uint32_t, const LinkRecord&) override { ADD_FAILURE(); }
  } nobody;
  LinkSender sender(std::make_shared<ReactorPort>(kFrom), segments, nobody);
  Consumer consumer(ledger);
  ASSERT_EQ(segments->take_free(), 0u);
  segments->lend(0);
  sender.post(kTo, {LinkKind::kRuns, 0, 0, 0, 0, 0});
  sender.flush();
  segments->give_back(0);
  ASSERT_EQ(segments->take_free(), 1u) << "0 is lent";
  consumer.close();
  EXPECT_EQ(segments->take_free(), 0u);
  sender.close();
}

enum class First { kProducer, kConsumer, kBoth };

// One round: a producer and a consumer of which one ends before the other, or both whenever they like.
void end_in_a_race(First first, uint32_t round, std::mt19937& random) {
  const uint32_t count = 1 + static_cast<uint32_t>(random() % (3 * Link::kRecords));
  const uint32_t received_max = first == First::kProducer ? UINT32_MAX : static_cast<uint32_t>(random() % count);
  const auto stream = static_cast<uint32_t>(random());
  Ledger ledger(count);
  std::vector<uint32_t> order;
  std::atomic<uint32_t> has_begun{0};
  stress::run_together(2, [&](uint32_t thread) {
    std::mt19937 choices(stream + thread);
    if (thread == 0) {
      Consumer consumer(ledger);
      // Release: pairs with the acquire below; the port can be found.
      has_begun.store(1, std::memory_order_release);
      const uint64_t end = monotonic_ns() + 60'000'000'000;
      // With both at once nobody knows how much comes.
      const uint32_t receives_max = first == First::kBoth ? static_cast<uint32_t>(choices() % 100) : UINT32_MAX;
      for (uint32_t i = 0; i < receives_max && consumer.order.size() < std::min(count, received_max); ++i) {
        ASSERT_LT(monotonic_ns(), end) << "a record that never comes, round " << round;
        if (!consumer.receive(1 + static_cast<int>(choices() % 200))) std::this_thread::yield();
        stress::sometimes_yield(choices);
      }
      consumer.close();
      order = consumer.order;
      return;
    }
    // Acquire: pairs with the release above.
    while (has_begun.load(std::memory_order_acquire) == 0) std::this_thread::yield();
    Producer producer(kFrom, ledger);
    const uint32_t posted_max = first == First::kBoth ? static_cast<uint32_t>(choices() % count) : count;
    for (uint32_t i = 0; i < count; ++i) {
      if (i == posted_max) producer.sender.close();
      producer.sender.post(kTo, ledger.record(i), 1);
      if (choices() % 16 == 0) producer.sender.flush();
      if (choices() % 64 == 0) producer.answer_doorbell();
      stress::sometimes_yield(choices);
    }
    producer.sender.close();
    EXPECT_EQ(producer.sender.bytes_under_way(), 0u);
  });
  for (uint32_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i) << "round " << round;
  for (uint32_t i = 0; i < count; ++i) {
    // Both at once may leave some to nobody; they are freed with the link.
    ASSERT_LE(ledger.fates(i), 1u) << "record " << i << " of round " << round;
    if (first != First::kBoth) {
      ASSERT_EQ(ledger.fates(i), 1u) << "record " << i << " of round " << round;
    }
    if (first == First::kProducer) {
      ASSERT_EQ(ledger.delivered[i], 1u) << "record " << i << " of round " << round;
    }
  }
  ASSERT_EQ(ledger.still_owned(), 0u) << "round " << round;
}

class LinkEndsTest : public ::testing::TestWithParam<First> {};

TEST_P(LinkEndsTest, accounts_for_every_record_exactly_once) {
  const stress::Seed seed;
  std::mt19937 random = seed.stream(0);
  const uint64_t rounds = stress::stress_operations() / 100;
  for (uint32_t round = 0; round < rounds && !HasFatalFailure(); ++round) end_in_a_race(GetParam(), round, random);
}

INSTANTIATE_TEST_SUITE_P(Link, LinkEndsTest, ::testing::Values(First::kProducer, First::kConsumer, First::kBoth),
                         [](const auto& one) {
                           return one.param == First::kProducer   ? "producer_first"
                                  : one.param == First::kConsumer ? "consumer_first"
                                                                  : "both_at_once";
                         });

}  // namespace
}  // namespace msgtrans
