// For tests: the home of reactors on threads of their own, with a loop that calls the engine when libuv would, and
// handlers that see what JavaScript would.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/monotonic_clock.h"
#include "session/batch_layout.h"
#include "session/reactor_group.h"
#include "session/session_engine.h"

namespace msgtrans {

class HomeLoop final : private SessionEngine::Host {
 public:
  static constexpr uint64_t kPatienceNs = 60'000'000'000;  // for sanitizers, and machines that do something else

  // What a session is called: slot word and generation.
  struct Handle {
    uint32_t word;
    uint32_t generation;
  };

  explicit HomeLoop(uint32_t number) : engine(options_of(number, {}), *this), group(engine) {
    EXPECT_TRUE(engine.valid());
  }

  static EngineOptions options_of(uint32_t number, std::optional<uint32_t> home) {
    EngineOptions options;
    options.reactor = number;
    options.process_wide = true;
    options.home = home;
    return options;
  }
  static uint32_t message_id(std::string_view packet) {
    uint32_t id = 0;
    for (size_t i = 4; i < 8; ++i) id = id << 8 | static_cast<uint8_t>(packet[i]);
    return id;
  }
  [[nodiscard]] ThreadReactorOptions thread_options(uint32_t number) const {
    ThreadReactorOptions options;
    options.engine = options_of(number, engine.port()->number());
    options.thread_name = "msgtrans-" + std::to_string(number);
    return options;
  }

  std::function<void(Handle, std::string_view packet)> on_message;
  uint32_t slice_word = 0;  // that the message lies in, while it is handled
  std::function<void(const uint32_t* event)> on_event;
  SessionEngine engine;
  ReactorGroup group;

  // As libuv: whatever was sent goes out, then news are waited for.
  void step() {
    engine.flush();
    if (engine.may_sleep()) {
      pollfd waited{engine.epoll_fd(), POLLIN, 0};
      ::poll(&waited, 1, wants_turn_ ? 0 : 1);
    }
    engine.awake();
    wants_turn_ = false;
    engine.turn();
  }

  bool run_until(const std::function<bool()>& done) {
    const uint64_t end = monotonic_ns() + kPatienceNs;
    while (!done()) {
      if (monotonic_ns() > end) return false;
      step();
    }
    return true;
  }

  void send(Handle to, std::string_view bytes) {
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    (void)engine.send_parts(to.word, to.generation, &part, 1, 1);
  }

  // As the binding ends: the threads first, while home is still there.
  void end() {
    engine.settle_foreign();
    group.join_threads();
    engine.abandon();
  }

 private:
  void deliver(const Delivery& delivery) override {
    read_events(delivery.event_count, delivery.with_openings, false);
    for (uint32_t i = 0; i < delivery.handler_count; ++i) read_message(delivery.handler_start + i);
    read_events(delivery.event_count, delivery.with_closings, true);
  }
  void detach_views() override {}
  void request_turn() override { wants_turn_ = true; }
  void set_ticking(bool) override {}
  void set_alive(bool) override {}

  [[nodiscard]] const uint32_t* words_at(size_t offset) const {
    return reinterpret_cast<const uint32_t*>(engine.arena()->data() + offset);
  }

  void read_events(uint32_t count, bool is_due, bool closings) {
    for (uint32_t i = 0; is_due && i < count; ++i) {
      const uint32_t* const event = words_at(engine.arena()->event_offset()) + i * kEventWords;
      if ((event[kEventKind] == kEventClose) == closings && on_event) on_event(event);
    }
  }

  void read_message(uint32_t index) {
    const uint32_t* const words = words_at(engine.arena()->descriptor_offset()) + index * kDescriptorWords;
    slice_word = words[kDescriptorSliceWord];
    const bool is_dedicated = (slice_word & kDedicatedBit) != 0;
    const std::optional<SessionEngine::SliceMemory> slice = engine.slice_memory(slice_word);
    ASSERT_TRUE(slice.has_value());
    const uint8_t* const base = is_dedicated ? slice->data : slice->arena->data();
    const size_t head_bytes = kHeaderBytes + (words[kDescriptorExtLength] & 0xFFFF);
    const uint8_t* const packet = base + words[kDescriptorPayloadOffset] - head_bytes;
    const std::string_view bytes(reinterpret_cast<const char*>(packet), head_bytes + words[kDescriptorPayloadLength]);
    if (on_message) on_message({words[kDescriptorSlotWord], words[kDescriptorGeneration]}, bytes);
  }

  bool wants_turn_ = false;
};

}  // namespace msgtrans
