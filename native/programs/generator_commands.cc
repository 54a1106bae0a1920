#include "programs/generator_commands.h"

#include <algorithm>
#include <optional>

#include "programs/frame_content.h"
#include "programs/stream_content.h"
#include "protocol/packet_header.h"

namespace msgtrans {
namespace {

constexpr size_t kGroupBytesMax = 256;
constexpr size_t kUrlBytesMax = 512;
constexpr uint64_t kSessionsMax = 1'000'000;
// All of 127.0.0.0/24 but its ends.
constexpr size_t kSourcesMax = 254;
constexpr uint64_t kDepthMax = 65'536;
constexpr uint64_t kWindowsMax = 8'192;
constexpr uint64_t kWindowNsMax = 86'400'000'000'000;  // A day.
constexpr uint64_t kJobMessagesMax = 1'000'000'000;
constexpr double kRatePerSecondMax = 1e9;
constexpr double kTickHzMax = 1000;
constexpr double kKillPercentMax = 6000;  // Each session once a second.
constexpr uint64_t kAvailabilityMsDefault = 100;
constexpr uint64_t kReplyTimeoutMsDefault = 10'000;
constexpr uint64_t kReplyTimeoutMsMax = 600'000;
constexpr uint64_t kExactIntegerMax = (uint64_t{1} << 53) - 1;
// What one session may have in flight: it bounds the memory that a server which stops reading can cost.
constexpr uint64_t kFlightBytesMax = uint64_t{64} << 20;

ControlError bad(const std::string& problems) {
  return {kErrorBadCommand, problems};
}

ReplyKind read_reply(FieldReader& fields) {
  const std::string reply = fields.text("reply", 16);
  if (reply != "counter" && reply != "forward") fields.note("reply", "expected counter or forward");
  return reply == "forward" ? ReplyKind::forward : ReplyKind::counter;
}

void read_tick(FieldReader& fields, LoadShape& load) {
  load.mode = LoadMode::tick;
  load.tick_hz = fields.positive("tickHz", kTickHzMax);
  load.group_size = static_cast<uint32_t>(fields.integer("groupSize", 1, kSessionsMax));
  load.frame_bytes =
      static_cast<uint32_t>(fields.integer("payloadBytes", kFramePayloadBytesMin, kPayloadBytesMaxDefault));
  load.rate_per_second = fields.positive_or("inputsHz", kTickHzMax, 0);
  load.payload_bytes = kInputBytes;
}

LoadShape read_load(FieldReader& fields) {
  LoadShape load;
  const std::string mode = fields.text("mode", 16);
  if (mode == "tick") {
    read_tick(fields, load);
    return load;
  }
  if (mode == "open") {
    load.mode = LoadMode::open;
    load.rate_per_second = fields.positive("ratePerSecond", kRatePerSecondMax);
    load.kill_percent_per_minute = fields.positive_or("killPercentPerMinute", kKillPercentMax, 0);
    load.availability_ns =
        fields.integer_or("availabilityMs", 1, kReplyTimeoutMsMax, kAvailabilityMsDefault) * 1'000'000;
  } else if (mode == "closed" || mode == "stream") {
    load.mode = mode == "closed" ? LoadMode::closed : LoadMode::stream;
    load.depth = static_cast<uint32_t>(fields.integer("depth", 1, kDepthMax));
  } else {
    fields.note("mode", "expected closed, open, stream or tick");
  }
  const uint32_t least = load.mode == LoadMode::stream ? kStreamPayloadBytesMin : kTokenBytes;
  load.payload_bytes = static_cast<uint32_t>(fields.integer("payloadBytes", least, kPayloadBytesMaxDefault));
  if (load.mode != LoadMode::stream) load.reply = read_reply(fields);
  if (fields.good() && uint64_t{load.depth} * (load.payload_bytes + kHeaderBytes) > kFlightBytesMax) {
    fields.note("depth", "depth times packet size is above " + std::to_string(kFlightBytesMax) +
                             " bytes per session; lower one of them");
  }
  return load;
}

WindowPlan read_window(FieldReader& fields, LoadMode mode) {
  WindowPlan window;
  window.group = fields.text("group", kGroupBytesMax);
  window.discard_ns = fields.integer("discardNs", 0, kWindowNsMax);
  window.measure_ns = fields.integer("measureNs", 1, kWindowNsMax);
  window.measure_at_ns = fields.integer_or("measureAtNs", 0, kExactIntegerMax, 0);
  window.messages_per_session = fields.integer_or("messagesPerSession", 0, kJobMessagesMax, 0);
  if (window.is_job() && mode != LoadMode::closed) {
    fields.note("messagesPerSession", "belongs to the mode closed");
  }
  if (window.is_job() && (window.discard_ns > 0 || window.measure_at_ns > 0)) {
    fields.note("messagesPerSession", "is measured whole: discardNs 0 and no measureAtNs");
  }
  return window;
}

void read_sources(const JsonValue& object, FieldReader& fields, std::vector<SocketAddress>& sources) {
  const JsonValue* list = object.find("sourceAddresses");
  if (list == nullptr) return;
  if (list->kind != JsonValue::Kind::array || list->elements.empty() || list->elements.size() > kSourcesMax) {
    fields.note("sourceAddresses", "expected 1 to " + std::to_string(kSourcesMax) + " addresses");
    return;
  }
  for (const JsonValue& element : list->elements) {
    std::optional<SocketAddress> address;
    if (element.kind == JsonValue::Kind::string) address = SocketAddress::tcp(element.string, 0);
    if (!address) {
      fields.note("sourceAddresses", "expected literal addresses such as 127.0.0.2");
      return;
    }
    sources.push_back(*address);
  }
}

void add_problems(std::string& problems, const FieldReader& fields) {
  if (fields.good()) return;
  if (!problems.empty()) problems += "; ";
  problems += fields.problems();
}

}  // namespace

std::variant<ConnectCommand, ControlError> parse_connect(const JsonValue& object) {
  FieldReader fields(object, "");
  ConnectCommand command;
  command.group = fields.text("group", kGroupBytesMax);
  command.url = fields.text("url", kUrlBytesMax);
  command.server_pid = static_cast<uint32_t>(fields.integer("serverPid", 1, INT32_MAX));
  command.sessions = static_cast<uint32_t>(fields.integer("sessions", 1, kSessionsMax));
  command.seed = fields.integer("seed", 0, kExactIntegerMax);
  read_sources(object, fields, command.sources);
  if (!fields.good()) return bad(fields.problems());
  return command;
}

std::variant<RunCommand, ControlError> parse_run(const JsonValue& object) {
  FieldReader fields(object, "");
  RunCommand command;
  std::string problems;
  const uint64_t timeout_ms =
      fields.integer_or("replyTimeoutMs", 1, kReplyTimeoutMsMax, kReplyTimeoutMsDefault);
  command.reply_timeout_ns = timeout_ms * 1'000'000;
  const JsonValue* windows = fields.child("windows", JsonValue::Kind::array);
  const JsonValue* load = fields.child("load", JsonValue::Kind::object);
  if (windows != nullptr && (windows->elements.empty() || windows->elements.size() > kWindowsMax)) {
    fields.note("windows", "expected 1 to " + std::to_string(kWindowsMax) + " windows");
  }
  add_problems(problems, fields);
  if (load != nullptr) {
    FieldReader load_fields(*load, "load.");
    command.load = read_load(load_fields);
    add_problems(problems, load_fields);
  }
  const size_t count = windows == nullptr ? 0 : std::min<size_t>(windows->elements.size(), kWindowsMax);
  for (size_t index = 0; index < count; ++index) {
    FieldReader window_fields(windows->elements[index], "windows[" + std::to_string(index) + "].");
    command.windows.push_back(read_window(window_fields, command.load.mode));
    add_problems(problems, window_fields);
  }
  if (!problems.empty()) return bad(problems);
  return command;
}

std::variant<std::string, ControlError> parse_group(const JsonValue& object) {
  FieldReader fields(object, "");
  std::string group = fields.text("group", kGroupBytesMax);
  if (!fields.good()) return bad(fields.problems());
  return group;
}

}  // namespace msgtrans
