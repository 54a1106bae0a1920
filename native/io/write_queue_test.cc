#include "io/write_queue.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "io/stream_socket.h"

namespace msgtrans {
namespace {

class WriteQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    ours_.reset(pair[0]);
    peer_.reset(pair[1]);
    // The kernel doubles this and has a minimum of its own: a few kilobytes, so that nearly every write is partial.
    const int bytes = 4096;
    ::setsockopt(ours_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  }

  bool append(const std::string& text) {
    return queue_.append(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }

  std::string read_available() {
    std::string all;
    char buffer[8192];
    for (ssize_t got; (got = receive_bytes(peer_.get(), buffer, sizeof(buffer))) > 0;) {
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }

  static std::string random_text(std::mt19937& random, size_t bytes) {
    std::string text(bytes, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    return text;
  }

  UniqueFd ours_;
  UniqueFd peer_;
  WriteQueue queue_;
};

TEST_F(WriteQueueTest, is_empty_until_something_is_appended) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(append(""));
  EXPECT_TRUE(queue_.empty());
  const WriteQueue::Result nothing = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(nothing.state, WriteQueue::Flush::kEmpty);
  EXPECT_EQ(nothing.syscalls, 0u);
  EXPECT_TRUE(append("abc"));
  EXPECT_EQ(queue_.bytes(), 3u);
}

TEST_F(WriteQueueTest, writes_in_order_with_one_system_call) {
  for (const char* text : {"one ", "two ", "three"}) ASSERT_TRUE(append(text));
  const WriteQueue::Result result = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(result.state, WriteQueue::Flush::kEmpty);
  EXPECT_EQ(result.sent, 13u);
  EXPECT_EQ(result.syscalls, 1u);
  EXPECT_EQ(read_available(), "one two three");
}

TEST_F(WriteQueueTest, keeps_order_over_partial_writes_of_any_size) {
  const auto seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::string expected;
  std::string received;
  size_t sent = 0;
  bool blocked = false;
  for (int round = 0; round < 400; ++round) {
    for (unsigned i = random() % 4; i > 0; --i) {
      const std::string text = random_text(random, random() % (random() % 20 == 0 ? 600'000 : 3'000));
      ASSERT_TRUE(append(text));
      expected += text;
    }
    const WriteQueue::Result result = queue_.flush(ours_.get(), SIZE_MAX);
    ASSERT_NE(result.state, WriteQueue::Flush::kFailed);
    blocked = blocked || result.state == WriteQueue::Flush::kBlocked;
    sent += result.sent;
    ASSERT_EQ(queue_.bytes(), expected.size() - sent);
    if (random() % 2 == 0) received += read_available();
  }
  while (!queue_.empty()) {
    received += read_available();
    ASSERT_NE(queue_.flush(ours_.get(), SIZE_MAX).state, WriteQueue::Flush::kFailed);
  }
  received += read_available();
  EXPECT_TRUE(blocked) << "the buffers were too large for this test to mean anything";
  EXPECT_TRUE(received == expected);
}

TEST_F(WriteQueueTest, says_blocked_when_the_kernel_is_full_and_goes_on_later) {
  ASSERT_TRUE(append(std::string(1 << 20, 'x')));
  const WriteQueue::Result full = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(full.state, WriteQueue::Flush::kBlocked);
  EXPECT_GT(full.sent, 0u);
  const WriteQueue::Result still = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(still.state, WriteQueue::Flush::kBlocked);
  EXPECT_EQ(still.sent, 0u);
  EXPECT_EQ(read_available().size(), full.sent);
  EXPECT_GT(queue_.flush(ours_.get(), SIZE_MAX).sent, 0u);
}

TEST_F(WriteQueueTest, writes_no_more_than_it_may_in_one_call) {
  const int bytes = 4 << 20;
  ::setsockopt(ours_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  ASSERT_TRUE(append(std::string(100'000, 'x')));
  const WriteQueue::Result limited = queue_.flush(ours_.get(), 10'000);
  EXPECT_EQ(limited.state, WriteQueue::Flush::kBlocked) << "not empty: the caller waits for writable";
  EXPECT_EQ(limited.sent, 10'000u);
  EXPECT_EQ(queue_.bytes(), 90'000u);
}

TEST_F(WriteQueueTest, reports_a_peer_that_went) {
  ASSERT_TRUE(append("abc"));
  peer_.reset();
  const WriteQueue::Result result = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(result.state, WriteQueue::Flush::kFailed);
  EXPECT_EQ(result.error, EPIPE);
  EXPECT_EQ(queue_.bytes(), 3u) << "what to do about it is the caller's";
}

TEST_F(WriteQueueTest, can_be_used_again_after_clear) {
  ASSERT_TRUE(append(std::string(1 << 20, 'x')));
  (void)queue_.flush(ours_.get(), SIZE_MAX);
  queue_.clear();
  EXPECT_TRUE(queue_.empty());
  (void)read_available();
  ASSERT_TRUE(append("again"));
  EXPECT_EQ(queue_.flush(ours_.get(), SIZE_MAX).state, WriteQueue::Flush::kEmpty);
  EXPECT_EQ(read_available(), "again");
}

// Memory that queues refer to: counts its holds, and can be lost.
class CountingOwner final : public BytesOwner {
 public:
  explicit CountingOwner(bool is_shared) : is_shared_(is_shared) {}
  bool is_intact(uint32_t token) override {
    ++asked;
    return token != lost;
  }
  bool is_sealed(uint32_t token) const override { return token == sealed; }
  void release(uint32_t token) override { released.push_back(token); }
  bool is_shared() const override { return is_shared_; }

  int asked = 0;
  uint32_t sealed = UINT32_MAX;
  uint32_t lost = UINT32_MAX;
  std::vector<uint32_t> released;

 private:
  bool is_shared_;
};

class MixedQueueTest : public WriteQueueTest {
 protected:
  // Owners outlive queues.
  void TearDown() override { queue_.clear(); }

  // Copied and referred entries in turn, and all their bytes.
  std::string fill() {
    std::string all;
    for (uint32_t i = 0; i < 6; ++i) {
      texts_[i] = std::string(5 + i, static_cast<char>('a' + i));
      all += texts_[i];
      if (i % 2 == 0) {
        EXPECT_TRUE(append(texts_[i]));
        continue;
      }
      BytesOwner& owner = i == 3 ? static_cast<BytesOwner&>(shared_) : alone_;
      EXPECT_TRUE(queue_.append_referred(bytes_of(i), texts_[i].size(), owner, i));
    }
    return all;
  }
  const uint8_t* bytes_of(uint32_t i) { return reinterpret_cast<const uint8_t*>(texts_[i].data()); }

  std::string texts_[6];
  CountingOwner alone_{false};
  CountingOwner shared_{true};
};

TEST_F(MixedQueueTest, keeps_the_order_of_copied_and_referred_bytes_at_every_partial_write) {
  const size_t total = std::string(fill()).size();
  queue_.clear();
  for (size_t first = 1; first <= total; ++first) {
    for (size_t step = 1; step <= total; step += 3) {
      alone_.released.clear();
      shared_.released.clear();
      const std::string all = fill();
      ASSERT_EQ(queue_.bytes(), all.size());
      ASSERT_EQ(queue_.own_bytes(), all.size() - texts_[3].size());
      WriteQueue::Result result = queue_.flush(ours_.get(), first);
      ASSERT_EQ(result.sent, first);
      std::string received = read_available();
      while (result.state == WriteQueue::Flush::kBlocked) {
        result = queue_.flush(ours_.get(), step);
        received += read_available();
      }
      ASSERT_EQ(result.state, WriteQueue::Flush::kEmpty);
      ASSERT_EQ(received, all) << first << " bytes, then " << step << " at a time";
      ASSERT_EQ(queue_.own_bytes(), 0u);
      ASSERT_EQ(alone_.released, (std::vector<uint32_t>{1, 5}));
      ASSERT_EQ(shared_.released, (std::vector<uint32_t>{3}));
    }
  }
}

TEST_F(MixedQueueTest, never_writes_bytes_that_their_owner_has_lost) {
  const std::string all = fill();
  ASSERT_EQ(queue_.flush(ours_.get(), 7).sent, 7u);
  alone_.lost = 5;
  const WriteQueue::Result result = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(result.state, WriteQueue::Flush::kLost);
  EXPECT_EQ(result.sent, 0u);
  EXPECT_EQ(read_available(), all.substr(0, 7));
  queue_.clear();
  EXPECT_EQ(alone_.released, (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(shared_.released, (std::vector<uint32_t>{3}));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(MixedQueueTest, never_writes_sealed_bytes_that_were_changed) {
  shared_.sealed = 3;
  const std::string all = fill();
  const size_t before = texts_[0].size() + texts_[1].size() + texts_[2].size();
  ASSERT_EQ(queue_.flush(ours_.get(), before).sent, before);
  texts_[3].back() ^= 1;
  WriteQueue::Result result = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(result.state, WriteQueue::Flush::kChanged);
  EXPECT_EQ(result.sent, 0u);
  EXPECT_EQ(read_available(), all.substr(0, before));
  // Nobody asked for the others to be looked at.
  texts_[3].back() ^= 1;
  texts_[5].back() ^= 1;
  result = queue_.flush(ours_.get(), SIZE_MAX);
  EXPECT_EQ(result.state, WriteQueue::Flush::kEmpty);
  std::string rest = all.substr(before);
  rest.back() ^= 1;
  EXPECT_EQ(read_available(), rest);
}

TEST_F(MixedQueueTest, writes_sealed_bytes_a_little_at_a_time) {
  const std::string text = [] {
    std::string bytes(3 * ByteSeal::kChunkBytes + 5, 'x');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
    return bytes;
  }();
  alone_.sealed = 9;
  ASSERT_TRUE(queue_.append_referred(reinterpret_cast<const uint8_t*>(text.data()), text.size(), alone_, 9));
  std::string received;
  for (WriteQueue::Flush state = WriteQueue::Flush::kBlocked; state == WriteQueue::Flush::kBlocked;) {
    state = queue_.flush(ours_.get(), 10'007).state;
    received += read_available();
  }
  EXPECT_TRUE(received == text);
  EXPECT_EQ(alone_.released, (std::vector<uint32_t>{9}));
}

TEST_F(MixedQueueTest, looks_no_further_at_bytes_that_it_has_copied) {
  alone_.sealed = 1;
  const std::string all = fill();
  EXPECT_EQ(queue_.copy_referred(alone_, 1), texts_[1].size());
  texts_[1].assign(texts_[1].size(), '!');
  EXPECT_EQ(queue_.flush(ours_.get(), SIZE_MAX).state, WriteQueue::Flush::kEmpty);
  EXPECT_EQ(read_available(), all);
}

TEST_F(MixedQueueTest, copies_what_an_owner_takes_back) {
  const std::string all = fill();
  ASSERT_EQ(queue_.flush(ours_.get(), texts_[0].size() + 2).sent, texts_[0].size() + 2);
  EXPECT_EQ(queue_.copy_referred(alone_, 1), texts_[1].size() - 2);
  EXPECT_EQ(queue_.copy_referred(alone_, 1), 0u);
  EXPECT_EQ(queue_.copy_referred(shared_, 3), texts_[3].size());
  EXPECT_EQ(alone_.released, (std::vector<uint32_t>{1}));
  EXPECT_EQ(queue_.own_bytes(), queue_.bytes());
  texts_[1].assign(texts_[1].size(), '!');
  texts_[3].assign(texts_[3].size(), '!');
  EXPECT_EQ(queue_.flush(ours_.get(), SIZE_MAX).state, WriteQueue::Flush::kEmpty);
  EXPECT_EQ(read_available(), all);
}

TEST_F(MixedQueueTest, lets_go_of_what_it_refers_to_when_it_ends) {
  fill();
  {
    WriteQueue other;
    ASSERT_TRUE(other.append_referred(bytes_of(1), 3, alone_, 9));
  }
  EXPECT_EQ(alone_.released, (std::vector<uint32_t>{9}));
}

}  // namespace
}  // namespace msgtrans
