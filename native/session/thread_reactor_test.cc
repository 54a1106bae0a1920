#include "session/thread_reactor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "session/home_loop.h"
#include "session/recording_host.h"
#include "session/socket_peer.h"

namespace msgtrans {
namespace {

constexpr uint32_t kHome = 40;
constexpr uint32_t kThread = 41;

class ThreadReactorTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = std::make_unique<HomeLoop>(kHome);
    ASSERT_TRUE(home_->group.add_thread(home_->thread_options(kThread)));
    const SessionEngine::Opened opened = home_->group.listen(*SocketAddress::tcp("127.0.0.1", 0), 512, false);
    ASSERT_EQ(opened.error, 0);
    address_ = opened.address;
  }
  void TearDown() override { home_->end(); }

  std::unique_ptr<SocketPeer> dial() { return std::make_unique<SocketPeer>(open_connection(address_).fd); }

  std::unique_ptr<HomeLoop> home_;
  SocketAddress address_;
};

TEST_F(ThreadReactorTest, runs_on_a_thread_of_its_own_that_bears_its_name) {
  std::string name;
  uint64_t thread = 0;
  ASSERT_TRUE(home_->engine.call(kThread, [&](SessionEngine&) {
    std::ifstream("/proc/thread-self/comm") >> name;
    thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
  }));
  EXPECT_EQ(name, "msgtrans-41");
  EXPECT_NE(thread, std::hash<std::thread::id>{}(std::this_thread::get_id()));
}

TEST_F(ThreadReactorTest, is_refused_as_a_whole_when_the_kernel_has_no_descriptor) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd next(::dup(0));
  const rlimit none{static_cast<rlim_t>(next.get()), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(ThreadReactor::start(home_->thread_options(kThread + 1)), nullptr);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_NE(ThreadReactor::start(home_->thread_options(kThread + 1)), nullptr);
}

TEST_F(ThreadReactorTest, delivers_every_message_once_and_in_order_and_sends_every_answer) {
  constexpr size_t kPeers = 8;
  constexpr uint32_t kMessages = 2'000;
  std::map<uint64_t, uint32_t> next;
  size_t arrived = 0;
  home_->on_message = [&](HomeLoop::Handle from, std::string_view packet) {
    EXPECT_EQ(HomeLoop::message_id(packet), next[uint64_t{from.generation} << 32 | from.word]++);
    ++arrived;
    home_->send(from, packet);
  };
  std::vector<std::unique_ptr<SocketPeer>> peers;
  std::string sent;
  for (uint32_t i = 0; i < kMessages; ++i) sent += packet_bytes(kPacketOneWay, i, std::string(i % 700, 'x'));
  for (size_t i = 0; i < kPeers; ++i) peers.push_back(dial());
  for (auto& peer : peers) peer->send(sent);
  EXPECT_TRUE(home_->run_until([&] {
    size_t done = 0;
    for (auto& peer : peers) {
      peer->pump();
      done += peer->received.size() == sent.size() ? 1 : 0;
    }
    return done == kPeers;
  }));
  EXPECT_EQ(arrived, kPeers * kMessages);
  for (auto& peer : peers) EXPECT_TRUE(peer->received == sent);
  uint64_t written = 0;
  ASSERT_TRUE(home_->engine.call(kThread, [&](SessionEngine& engine) { written = engine.counters().messages_sent; }));
  EXPECT_EQ(written, kPeers * kMessages);
  EXPECT_EQ(home_->engine.counters().messages_sent, 0u) << "counted where it was written, and nowhere else";
}

TEST_F(ThreadReactorTest, stops_reading_while_home_is_behind_by_every_block_and_still_answers_calls) {
  std::string sent;
  uint32_t messages = 0;
  for (; sent.size() < 24'000'000; ++messages) sent += packet_bytes(kPacketOneWay, messages, std::string(1'000, 'x'));
  uint32_t arrived = 0;
  home_->on_message = [&](HomeLoop::Handle, std::string_view packet) {
    EXPECT_EQ(HomeLoop::message_id(packet), arrived++);
  };
  const std::unique_ptr<SocketPeer> peer = dial();
  peer->send(sent);
  const ThreadReactor& thread = *home_->group.threads().front();
  const uint64_t end = monotonic_ns() + HomeLoop::kPatienceNs;
  while (thread.engine().blocks_lent() < kDeliveryBlocks && monotonic_ns() < end) peer->pump();
  EXPECT_EQ(thread.engine().blocks_lent(), kDeliveryBlocks);
  const auto bytes_read = [&] {
    uint64_t bytes = 0;
    EXPECT_TRUE(home_->engine.call(kThread, [&](SessionEngine& engine) { bytes = engine.counters().bytes_received; }));
    return bytes;
  };
  const uint64_t before = bytes_read();
  for (int i = 0; i < 50; ++i) peer->pump();
  EXPECT_EQ(bytes_read(), before);
  EXPECT_FALSE(peer->unsent.empty()) << "the socket pushes back";
  EXPECT_TRUE(home_->run_until([&] {
    peer->pump();
    return arrived == messages;
  }));
}

TEST_F(ThreadReactorTest, begins_an_end_only_when_the_answers_to_what_came_before_it_are_there) {
  home_->on_message = [&](HomeLoop::Handle from, std::string_view packet) { home_->send(from, packet); };
  const std::string request = packet_bytes(kPacketRequest, 7, "last words");
  const std::unique_ptr<SocketPeer> peer = dial();
  peer->send(request);
  peer->shut(SHUT_WR);
  // The thread reads the request and the end, while home does nothing but ask: each call is a pass over the sockets.
  uint64_t bytes = 0;
  for (int passes = 0; passes < 5; passes += bytes == request.size() ? 1 : 0) {
    ASSERT_TRUE(home_->engine.call(kThread, [&](SessionEngine& engine) { bytes = engine.counters().bytes_received; }));
  }
  EXPECT_TRUE(home_->run_until([&] {
    peer->pump();
    return peer->gone();
  }));
  EXPECT_EQ(peer->received, request);
  EXPECT_EQ(peer->error, 0);
}

TEST_F(ThreadReactorTest, hears_of_a_reset_of_a_session_that_home_has_paused) {
  HomeLoop::Handle handle{};
  uint32_t close_code = UINT32_MAX;
  home_->on_event = [&](const uint32_t* event) {
    if (event[kEventKind] == kEventAccepted) handle = {event[kEventSlotWord], event[kEventGeneration]};
    if (event[kEventKind] == kEventClose) close_code = event[kEventA];
  };
  const std::unique_ptr<SocketPeer> peer = dial();
  ASSERT_TRUE(home_->run_until([&] { return handle.generation != 0; }));
  home_->engine.set_paused(handle.word, handle.generation, true);
  // A call follows the command over the same link.
  ASSERT_TRUE(home_->engine.call(kThread, [](SessionEngine&) {}));
  peer->reset();
  ASSERT_TRUE(home_->run_until([&] { return close_code != UINT32_MAX; }));
  EXPECT_EQ(static_cast<CloseCode>(close_code), CloseCode::kConnectionReset);
}

// Slices of the thread that home has beyond their delivery, and what they must hold.
struct Kept {
  LentSlice slice;
  std::string_view payload;
  char fill;

  [[nodiscard]] bool is_whole() const {
    return std::all_of(payload.begin(), payload.end(), [this](char byte) { return byte == fill; });
  }
};

char fill_of(uint32_t id) { return static_cast<char>('a' + id % 26); }

std::string filled_packets(uint32_t count, size_t bytes) {
  std::string packets;
  for (uint32_t i = 0; i < count; ++i) packets += packet_bytes(kPacketOneWay, i, std::string(bytes, fill_of(i)));
  return packets;
}

uint64_t slices_out(HomeLoop& home) {
  uint64_t lent = 0;
  EXPECT_TRUE(home.engine.call(kThread, [&](SessionEngine& engine) {
    engine.pool().drain_returns();
    engine.pool().check_invariants();
    lent = engine.pool().counters().slices_lent;
  }));
  return lent;
}

TEST_F(ThreadReactorTest, does_not_read_into_what_is_kept_until_it_is_given_back) {
  constexpr uint32_t kMessages = 400;
  std::vector<Kept> kept;
  uint32_t arrived = 0;
  for (const size_t bytes : {size_t{20'000}, size_t{60'000}, size_t{300'000}, size_t{2'000'000}}) {
    const uint32_t messages = bytes > 1'000'000 ? 20 : kMessages;
    arrived = 0;
    home_->on_message = [&](HomeLoop::Handle, std::string_view packet) {
      EXPECT_EQ(HomeLoop::message_id(packet), arrived);
      // Twice: the holders are independent of each other.
      for (int i = 0; arrived % 50 == 7 && i < 2; ++i) {
        LentSlice slice = home_->engine.keep(home_->slice_word, false);
        ASSERT_TRUE(slice.valid());
        kept.push_back({std::move(slice), packet.substr(kHeaderBytes), fill_of(arrived)});
      }
      ++arrived;
    };
    const std::unique_ptr<SocketPeer> peer = dial();
    peer->send(filled_packets(messages, bytes));
    ASSERT_TRUE(home_->run_until([&] {
      peer->pump();
      return arrived == messages;
    }));
    ASSERT_FALSE(kept.empty());
    for (const Kept& one : kept) EXPECT_TRUE(one.is_whole()) << bytes;
    EXPECT_TRUE(home_->run_until([&] { return slices_out(*home_) <= kept.size(); }));
    EXPECT_GE(slices_out(*home_), 1u);
    // From another thread, as it may be.
    std::thread([&] { kept.clear(); }).join();
    EXPECT_TRUE(home_->run_until([&] { return slices_out(*home_) == 0; }));
  }
}

TEST_F(ThreadReactorTest, reads_on_though_home_keeps_whatever_it_gets) {
  // Small ones, which lie in the slices that sockets are read into.
  constexpr uint32_t kMessages = 20'000;
  std::vector<Kept> kept;
  uint32_t arrived = 0;
  uint32_t refused = 0;
  home_->on_message = [&](HomeLoop::Handle, std::string_view packet) {
    EXPECT_EQ(HomeLoop::message_id(packet), arrived);
    LentSlice slice = home_->engine.keep(home_->slice_word, false);
    if (slice.valid()) {
      kept.push_back({std::move(slice), packet.substr(kHeaderBytes), fill_of(arrived)});
    } else {
      ++refused;
    }
    ++arrived;
  };
  const std::unique_ptr<SocketPeer> peer = dial();
  peer->send(filled_packets(kMessages, 1'000));
  EXPECT_TRUE(home_->run_until([&] {
    peer->pump();
    return arrived == kMessages;
  }));
  EXPECT_GT(kept.size(), 0u);
  EXPECT_GT(refused, 0u) << "the caller copies";
  uint64_t misses = 0;
  EXPECT_TRUE(home_->engine.call(kThread, [&](SessionEngine& engine) { misses = engine.pool().counters().refused; }));
  EXPECT_EQ(misses, 0u);
  for (const Kept& one : kept) EXPECT_TRUE(one.is_whole());
}

TEST_F(ThreadReactorTest, ends_while_home_keeps_its_slices) {
  std::vector<Kept> kept;
  for (int round = 0; round < 10; ++round) {
    const std::unique_ptr<SocketPeer> peer = dial();
    home_->on_message = [&](HomeLoop::Handle, std::string_view packet) {
      LentSlice slice = home_->engine.keep(home_->slice_word, false);
      const char fill = fill_of(HomeLoop::message_id(packet));
      if (slice.valid()) kept.push_back({std::move(slice), packet.substr(kHeaderBytes), fill});
    };
    peer->send(filled_packets(40, round % 2 == 0 ? 30'000 : 1'500'000));
    const size_t before = kept.size();
    ASSERT_TRUE(home_->run_until([&] {
      peer->pump();
      return kept.size() > before;
    }));
    for (int i = 0; i < round; ++i) home_->step();
    TearDown();
    SetUp();
  }
  for (const Kept& one : kept) EXPECT_TRUE(one.is_whole());
  std::thread([&] { kept.clear(); }).join();
}

TEST_F(ThreadReactorTest, stops_under_traffic_with_blocks_at_home) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<SocketPeer>> peers;
    std::string packets;
    for (uint32_t i = 0; i < 500; ++i) packets += packet_bytes(kPacketOneWay, i, std::string(3'000, 'x'));
    home_->on_message = [&](HomeLoop::Handle from, std::string_view packet) { home_->send(from, packet); };
    for (int i = 0; i < 3; ++i) peers.push_back(dial());
    for (auto& peer : peers) peer->send(packets);
    for (int i = 0; i < round; ++i) home_->step();
    TearDown();
    // Whoever was connected hears of it.
    const uint64_t end = monotonic_ns() + HomeLoop::kPatienceNs;
    for (auto& peer : peers) {
      while (!peer->gone() && monotonic_ns() < end) peer->pump();
      EXPECT_TRUE(peer->gone());
    }
    SetUp();
  }
}

}  // namespace
}  // namespace msgtrans
