// For tests: an engine that others of the process reach by its number, with a recording host and the loop of a thread
// around it. The loop turns only when something asked for it: a wake-up that is lost is a test that does not end well.
//
// Thread: the one that made it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/monotonic_clock.h"
#include "session/recording_host.h"
#include "session/session_engine.h"

namespace msgtrans {

// One end of a session.
struct SessionEnd {
  uint32_t slot = 0;
  uint32_t generation = 0;
  [[nodiscard]] uint64_t key() const { return uint64_t{generation} << 32 | slot; }
};

class TestReactor {
 public:
  static constexpr uint64_t kPatienceNs = 120'000'000'000;  // for machines that do something else at the same time
  static constexpr uint64_t kTickNs = 16'000'000;

  explicit TestReactor(uint32_t number, EngineOptions options = {}) {
    options.reactor = number;
    options.process_wide = true;
    engine = std::make_unique<SessionEngine>(options, host);
    host.attach(*engine);
    EXPECT_TRUE(engine->valid());
  }

  RecordingHost host;
  std::unique_ptr<SessionEngine> engine;

  // As a loop does: false when nothing asked for a turn.
  bool step(int wait_ms = 1) {
    engine->flush();
    const bool sleeps = !host.turn_requested && engine->may_sleep();
    const bool mail = !host.turn_requested && !sleeps;
    pollfd waited{engine->epoll_fd(), POLLIN, 0};
    const bool readable = ::poll(&waited, 1, sleeps ? wait_ms : 0) > 0;
    if (sleeps) engine->awake();
    const uint64_t now = monotonic_ns();
    const bool tick_due = host.ticking && now >= next_tick_ns_;
    if (!readable && !mail && !host.turn_requested && !tick_due) return false;
    if (tick_due) next_tick_ns_ = now + kTickNs;
    host.turn_requested = false;
    engine->turn();
    return true;
  }

  bool run_until(const std::function<bool()>& done) {
    const uint64_t end = monotonic_ns() + kPatienceNs;
    while (!done()) {
      if (monotonic_ns() > end) return false;
      step();
    }
    return true;
  }

  SlotState& state(SessionEnd end) { return engine->directory().state(end.slot); }
  void send(SessionEnd end, const std::string& bytes) { host.send(end.slot, end.generation, bytes); }
  bool close(SessionEnd end, CloseCode code = CloseCode::kOrderly, bool flush = true) {
    return engine->close_session(engine->directory().word(end.slot), end.generation, code, flush);
  }
  void set_paused(SessionEnd end, bool paused) {
    engine->set_paused(engine->directory().word(end.slot), end.generation, paused);
  }

  // Accepted and not known to be taken, as JavaScript finds it out.
  uint32_t queued_bytes(SessionEnd end) {
    SlotState& slot = state(end);
    const SlotState* const other = SlotTable::find_state(slot.peer_word);
    // Relaxed: a figure.
    const uint32_t settled = other->settled_bytes.load(std::memory_order_relaxed);
    uint32_t& seen = seen_bytes_[{end.slot, end.generation}];
    slot.queued_bytes -= settled - seen;
    seen = settled;
    return slot.queued_bytes;
  }
  [[nodiscard]] double queued_total() const {
    return reinterpret_cast<const double*>(engine->arena()->data())[kControlQueuedTotalF64];
  }

 private:
  uint64_t next_tick_ns_ = 0;
  // What the other end had taken when it was last asked about, by slot and generation.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> seen_bytes_;
};

}  // namespace msgtrans
