// A reader, the pool and the batch that it fills, and one session over a pair of sockets.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "session/inbound_reader.h"
#include "session/recording_host.h"
#include "session/socket_peer.h"

namespace msgtrans {

class InboundReaderFixture : public testing::Test {
 protected:
  void SetUp() override { make({}, {}); }
  void TearDown() override {
    reader_->end_turn();
    batch_->clear();
    reader_->forget_partial_packet(*session_);
    EXPECT_EQ(pool_->counters().slices_lent, 0u);
    pool_->check_invariants();
  }

  void make(const BufferPoolOptions& pool_options, const PacketLimits& limits) {
    batch_.reset();
    counters_ = std::make_unique<EngineCounters>();
    arena_ = std::make_unique<Arena>(Arena::Regions{kControlWords * kWordBytes, kDescriptorsMax * kDescriptorWords * kWordBytes,
                                                    4096, 4096, BufferPool::bytes_needed(pool_options)});
    ASSERT_TRUE(arena_->valid());
    pool_ = std::make_unique<BufferPool>(arena_->data() + arena_->pool_offset(), pool_options);
    directory_ = std::make_unique<SessionDirectory>(0);
    batch_ = std::make_unique<DeliveryBatch>(*arena_, *pool_, 0);
    reader_ = std::make_unique<InboundReader>(*pool_, *batch_, *directory_, *counters_, limits);
    int pair[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    session_ = std::make_unique<Session>();
    session_->fd.reset(pair[0]);
    session_->slot = directory_->claim(session_.get());
    session_->generation = 1;
    peer_ = std::make_unique<SocketPeer>(UniqueFd(pair[1]));
  }

  // One read, delivered at once.
  InboundReader::Result read() {
    const InboundReader::Result result = reader_->read(*session_, false);
    deliver();
    return result;
  }

  void deliver() {
    const auto* const descriptors = reinterpret_cast<const uint32_t*>(arena_->data() + arena_->descriptor_offset());
    for (size_t i = 0; i < batch_->handler_count(); ++i) {
      const uint32_t* const one = descriptors + i * kDescriptorWords;
      const SliceId id = one[kDescriptorSliceWord];
      const Slice slice = pool_->slice(id);
      const uint8_t* const base = slice.dedicated() ? slice.data : arena_->data();
      const uint32_t head_bytes = kHeaderBytes + (one[kDescriptorExtLength] & 0xFFFF);
      const uint8_t* const begin = base + one[kDescriptorPayloadOffset] - head_bytes;
      const size_t bytes = head_bytes + one[kDescriptorPayloadLength];
      ASSERT_GE(begin, slice.data);
      ASSERT_LE(begin + bytes, slice.data + pool_->filled(id)) << "a message lies in what was filled";
      delivered_.append(reinterpret_cast<const char*>(begin), bytes);
      ++messages_;
    }
    reader_->end_turn();
    batch_->clear();
  }

  std::unique_ptr<Arena> arena_;
  std::unique_ptr<BufferPool> pool_;
  std::unique_ptr<SessionDirectory> directory_;
  std::unique_ptr<EngineCounters> counters_;
  std::unique_ptr<DeliveryBatch> batch_;
  std::unique_ptr<InboundReader> reader_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<SocketPeer> peer_;
  std::string delivered_;
  size_t messages_ = 0;
};

}  // namespace msgtrans
