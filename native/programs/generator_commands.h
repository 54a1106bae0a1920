// The load generator's commands as checked values. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "io/socket_address.h"
#include "programs/control_protocol.h"
#include "programs/reply_ledger.h"

namespace msgtrans {

enum class LoadMode : uint8_t { closed, open, stream, tick };

// True for loads in which each session keeps `depth` messages unanswered.
constexpr bool keeps_depth(LoadMode mode) {
  return mode == LoadMode::closed || mode == LoadMode::stream;
}

// True for loads whose messages are one-way, and acknowledged in numbers.
constexpr bool is_one_way(LoadMode mode) {
  return mode == LoadMode::stream || mode == LoadMode::tick;
}

// What is sent in a window.
struct LoadShape {
  LoadMode mode = LoadMode::closed;
  ReplyKind reply = ReplyKind::counter;
  uint32_t depth = 1;          // Closed loop and stream: messages in flight per session.
  double rate_per_second = 1;  // Open loop: over all sessions of the group.
  uint32_t payload_bytes = 64;
  // Open loop: this share of the sessions is cut and connected again per minute; 0 cuts none.
  double kill_percent_per_minute = 0;
  uint64_t availability_ns = 0;  // Open loop: an answer within this long of the intended time is in time.
  // Tick: frames of `frame_bytes` at `tick_hz` to groups of `group_size`; `rate_per_second` is that of one
  // player's inputs.
  double tick_hz = 0;
  uint32_t group_size = 1;
  uint32_t frame_bytes = 0;
};

struct ConnectCommand {
  std::string group;
  std::string url;
  uint32_t server_pid = 0;
  uint32_t sessions = 0;
  uint64_t seed = 0;
  // Local addresses that the sessions go round; empty leaves the choice to the kernel.
  std::vector<SocketAddress> sources;
};

struct WindowPlan {
  std::string group;
  uint64_t discard_ns = 0;
  uint64_t measure_ns = 0;
  uint64_t measure_at_ns = 0;  // Measuring begins no earlier (CLOCK_MONOTONIC).
  // Closed loop: a job of so many requests for each session, for which `measure_ns` is the bound; 0 is none.
  uint64_t messages_per_session = 0;

  bool is_job() const { return messages_per_session > 0; }
};

struct RunCommand {
  std::vector<WindowPlan> windows;
  LoadShape load;
  uint64_t reply_timeout_ns = 0;
};

// Each gives the command, or an error that names every wrong field.
std::variant<ConnectCommand, ControlError> parse_connect(const JsonValue& fields);
std::variant<RunCommand, ControlError> parse_run(const JsonValue& fields);
std::variant<std::string, ControlError> parse_group(const JsonValue& fields);

}  // namespace msgtrans
