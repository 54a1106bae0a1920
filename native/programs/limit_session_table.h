// The sessions of the `limit` server by slot and generation, as the engine's directory addresses them. One
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "programs/limit_broadcaster.h"
#include "programs/output_queue.h"
#include "programs/sink_record.h"
#include "programs/stream_reader.h"

namespace msgtrans {

enum class LimitHandler : uint8_t { counter, forward, sink, broadcast };

// What is done with the messages of a listener's sessions.
struct LimitService {
  LimitService(LimitHandler what = LimitHandler::counter, uint64_t every = 1)
      : handler(what), ack_every(every) {}

  LimitHandler handler;
  uint64_t ack_every;  // Sink: one acknowledgement after this many one-way messages of a session.
  BroadcastShape broadcast;
};

struct LimitSession {
  UniqueFd fd;
  LimitService service;
  uint64_t counter = 0;  // The application's record of the counter handler,
  SinkRecord sink;       // and of the sink and the broadcast.
  LimitBroadcaster* broadcaster = nullptr;  // Of its listener, which outlives it.
  uint32_t interest_group = 0;
  StreamRemainder remainder;
  OutputQueue output;
};

class LimitSessionTable {
 public:
  // Gives the id of a fresh session: generation (32 bits) | slot (32 bits), generations from 1.
  uint64_t open(UniqueFd fd, const LimitService& service) {
    uint32_t slot = static_cast<uint32_t>(slots_.size());
    if (free_.empty()) {
      slots_.push_back(std::make_unique<Slot>());
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Slot& opened = *slots_[slot];
    opened.session = LimitSession{std::move(fd), service, 0, {}, nullptr, 0, {}, {}};
    opened.open.store(true, std::memory_order_release);
    ++open_sessions_;
    return (uint64_t{opened.generation.load(std::memory_order_relaxed)} << 32) | slot;
  }

  // The session of `id`, or null when it is closed. Acquire: what a foreign thread would need, so that
  // `limit` pays for the check what the engine pays; the partner is the release store in open() and close().
  LimitSession* find(uint64_t id) {
    const auto slot = static_cast<uint32_t>(id);
    if (slot >= slots_.size()) return nullptr;
    Slot& found = *slots_[slot];
    if (!found.open.load(std::memory_order_acquire)) return nullptr;
    const uint32_t generation = found.generation.load(std::memory_order_acquire);
    return generation == static_cast<uint32_t>(id >> 32) ? &found.session : nullptr;
  }

  // Closes the socket of `id`, which is open.
  void close(uint64_t id) {
    const auto slot = static_cast<uint32_t>(id);
    Slot& closed = *slots_[slot];
    const uint32_t generation = closed.generation.load(std::memory_order_relaxed);
    closed.generation.store(generation == UINT32_MAX ? 1 : generation + 1, std::memory_order_release);
    closed.open.store(false, std::memory_order_release);
    closed.session = LimitSession{};
    free_.push_back(slot);
    --open_sessions_;
  }

  uint64_t open_sessions() const { return open_sessions_; }

 private:
  struct Slot {
    std::atomic<uint32_t> generation{1};
    std::atomic<bool> open{false};
    LimitSession session;
  };

  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<uint32_t> free_;
  uint64_t open_sessions_ = 0;
};

}  // namespace msgtrans
