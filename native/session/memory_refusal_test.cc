// What happens when the allocator refuses. This file replaces the array forms of `operator new` of the test program,
// which is what chunks of write queues and heads of straddling packets are made with.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "io/write_queue.h"
#include "session/engine_fixture.h"

namespace {

// Array allocations of at least this many bytes are refused. One thread: the test's.
size_t refused_bytes_min = SIZE_MAX;

void* allocate(size_t bytes) noexcept {
  return bytes >= refused_bytes_min ? nullptr : std::malloc(bytes > 0 ? bytes : 1);
}

class Refusal {
 public:
  explicit Refusal(size_t bytes_min) { refused_bytes_min = bytes_min; }
  ~Refusal() { refused_bytes_min = SIZE_MAX; }
  Refusal(const Refusal&) = delete;
  Refusal& operator=(const Refusal&) = delete;
};

}  // namespace

void* operator new[](size_t bytes) {
  void* const memory = allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace msgtrans {
namespace {

using MemoryRefusalTest = EngineFixture;

TEST_F(MemoryRefusalTest, leaves_a_write_queue_as_it_was) {
  WriteQueue queue;
  const std::vector<uint8_t> bytes(100'000, 1);
  ASSERT_TRUE(queue.append(bytes.data(), 5'000));
  {
    const Refusal refusal(1'000);
    EXPECT_FALSE(queue.append(bytes.data(), bytes.size()));
  }
  EXPECT_EQ(queue.bytes(), 5'000u);
  EXPECT_TRUE(queue.append(bytes.data(), bytes.size()));
  EXPECT_EQ(queue.bytes(), 105'000u);
}

TEST_F(MemoryRefusalTest, closes_a_session_whose_leftovers_find_no_memory_and_sends_nothing_behind_the_gap) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  const std::string large = packet_bytes(kPacketOneWay, 1, std::string(12 << 20, 'l'));
  host_->on_seen = [&, to = handle](const Seen& one) {
    if (one.kind != 0) return;
    {
      const Refusal refusal(1 << 20);
      send(to, large);
    }
    // Room again, in the kernel too: what follows the gap must not be written all the same.
    std::string drained(large.size(), '\0');
    for (int i = 0; i < 100; ++i) (void)receive_bytes(peers_[0].fd(), drained.data(), drained.size());
    send(to, packet_bytes(kPacketOneWay, 2, std::string(300'000, 'n')));
  };
  peer.send(packet_bytes(kPacketOneWay, 9, "go"));
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kOutOfMemory);
  EXPECT_EQ(queued_total(), 0);
  SocketPeer& end = peers_[0];
  end.reading = true;
  ASSERT_TRUE(run_until([&] { return end.gone(); }));
  EXPECT_EQ(end.received.find('n'), std::string::npos);
}

TEST_F(MemoryRefusalTest, closes_a_session_that_ended_when_its_answers_find_no_memory) {
  const auto [peer, handle] = join(listen_tcp());
  peer.reading = false;
  host_->on_seen = [&](const Seen& one) {
    if (one.kind != 0) return;
    engine_->close_session(one.slot, one.generation, CloseCode::kOrderly, true);
    const Refusal refusal(1 << 20);
    send({one.slot, one.generation}, packet_bytes(kPacketOneWay, 1, std::string(12 << 20, 'l')));
  };
  peer.send(packet_bytes(kPacketOneWay, 9, "go"));
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kOutOfMemory) << "not orderly: an accepted message is lost";
}

TEST_F(MemoryRefusalTest, closes_a_session_whose_straddling_packet_finds_no_memory) {
  const auto [peer, handle] = join(listen_unix());
  const Refusal refusal(2'048);
  peer.send(packet_bytes(kPacketOneWay, 1, "whole") + packet_bytes(kPacketOneWay, 2, "half").substr(0, 18));
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_EQ(close_code(), CloseCode::kBufferBudget);
  EXPECT_EQ(host_->count(0), 1u) << "what was whole is delivered";
}

}  // namespace
}  // namespace msgtrans
