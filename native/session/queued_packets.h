// Packets of other threads that write queues refer to: what a socket did not take of them stays where it lies.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "io/write_queue.h"
#include "session/lent_packet.h"

namespace msgtrans {

class QueuedPackets final : public BytesOwner {
 public:
  static constexpr uint32_t kRefused = UINT32_MAX;

  QueuedPackets() = default;
  QueuedPackets(const QueuedPackets&) = delete;
  QueuedPackets& operator=(const QueuedPackets&) = delete;

  // Takes the packet over, until `release`. kRefused when there is no memory for another, and the packet is the caller's.
  [[nodiscard]] uint32_t add(std::unique_ptr<LentPacket>& packet) {
    if (free_.empty()) {
      try {
        // So that giving back needs no memory.
        free_.reserve(packets_.size() + 1);
        packets_.emplace_back();
      } catch (const std::bad_alloc&) {
        return kRefused;
      }
      free_.push_back(static_cast<uint32_t>(packets_.size() - 1));
    }
    const uint32_t token = free_.back();
    free_.pop_back();
    bytes_ += packet->memory.slice().bytes;
    packets_[token] = std::move(packet);
    return token;
  }

  // Nobody who had it could write to it, but for handlers that have not returned.
  bool is_intact(uint32_t) override { return true; }
  void release(uint32_t token) override {
    MSGTRANS_ASSERT(packets_[token] != nullptr);
    bytes_ -= packets_[token]->memory.slice().bytes;
    packets_[token] = nullptr;
    free_.push_back(token);
  }
  bool is_shared() const override { return true; }

  // Of the slices that are held.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<LentPacket>> packets_;  // by token
  std::vector<uint32_t> free_;
  uint64_t bytes_ = 0;
};

}  // namespace msgtrans
