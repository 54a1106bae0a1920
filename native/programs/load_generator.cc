#include "programs/load_generator.h"

#include <ctime>

#include "base/monotonic_clock.h"
#include "programs/endpoint.h"
#include "programs/generator_commands.h"
#include "programs/group_connector.h"
#include "programs/load_run.h"
#include "programs/process_guard.h"
#include "programs/session_service.h"

namespace msgtrans {
namespace {

constexpr size_t kGroupsMax = 1024;
// Standard streams, epoll, timer, signal descriptor, the connector's epoll, and some room.
constexpr size_t kOtherDescriptors = 32;

uint64_t hash_name(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a, 64 bits.
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

size_t open_sessions(const GroupTable& groups) {
  size_t open = 0;
  for (const auto& group : groups) {
    if (group != nullptr && group->connected) open += group->sessions.size();
  }
  return open;
}

void write_latency(JsonWriter& writer, const LatencySummary& latency) {
  writer.key("latencyNs");
  if (latency.samples == 0) {
    writer.null();
    return;
  }
  writer.begin_object().member("samples", latency.samples).member("mean", latency.mean_ns);
  writer.member("p50", latency.p50_ns)
      .member("p99", latency.p99_ns)
      .member("max", latency.max_ns)
      .end_object();
}

void write_buckets(JsonWriter& writer, const LatencyHistogram& histogram) {
  writer.begin_array();
  for (size_t bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    const uint64_t count = histogram.count_in_bucket(bucket);
    if (count == 0) continue;
    writer.begin_array().value(LatencyHistogram::highest_value_of_bucket_ns(bucket)).value(count).end_array();
  }
  writer.end_array();
}

}  // namespace

std::string LoadGenerator::answer_line(const std::string& line) {
  const auto parsed = parse_command(line);
  if (const auto* bad = std::get_if<BadCommand>(&parsed)) return error_line(bad->id, bad->error);
  return answer(std::get<ControlCommand>(parsed));
}

std::string LoadGenerator::answer(const ControlCommand& command) {
  if (command.name == "connect") return connect(command);
  if (command.name == "run") return run(command);
  if (command.name == "histogram" || command.name == "ledger" || command.name == "disconnect") {
    return with_group(command);
  }
  if (command.name == "close") {
    stopped_ = true;
    return begin_answer(command.id).end_object().text();
  }
  return error_line(command.id, {kErrorUnknownCommand,
                                 "unknown command \"" + command.name +
                                     "\"; known: connect, run, histogram, ledger, disconnect, close"});
}

// The place of a new group: that of the disconnected one of the same name, else a new one; 0 when it is
// taken.
uint32_t LoadGenerator::index_for(const std::string& name) const {
  const SessionGroup* existing = find_group(groups_, name);
  if (existing == nullptr) return static_cast<uint32_t>(groups_.size());
  return existing->connected ? 0 : existing->index;
}

std::string LoadGenerator::connect(const ControlCommand& command) {
  const auto parsed = parse_connect(command.fields);
  if (const auto* error = std::get_if<ControlError>(&parsed)) return error_line(command.id, *error);
  const auto& wanted = std::get<ConnectCommand>(parsed);
  const auto refuse = [&](const char* code, const std::string& message) {
    return error_line(command.id, {code, message});
  };
  const std::optional<SocketAddress> address = parse_endpoint(wanted.url);
  if (!address) {
    return refuse("ERR_GENERATOR_INVALID_URL",
                  "cannot connect to \"" + wanted.url + "\"; give tcp://ADDRESS:PORT or unix:///PATH");
  }
  const uint32_t index = index_for(wanted.group);
  if (index == 0)
    return refuse("ERR_GENERATOR_GROUP_EXISTS", "group " + wanted.group + " is connected already");
  if (index > kGroupsMax) {
    return refuse("ERR_GENERATOR_TOO_MANY_GROUPS", "more than " + std::to_string(kGroupsMax) + " groups");
  }
  const size_t limit = descriptor_limit();
  const size_t open = open_sessions(groups_);
  if (open + wanted.sessions + kOtherDescriptors > limit) {
    return refuse("ERR_GENERATOR_DESCRIPTORS",
                  std::to_string(wanted.sessions) + " sessions beside " + std::to_string(open) +
                      " need more than the " + std::to_string(limit) +
                      " descriptors of this process; raise `ulimit -n` or use several generators");
  }
  auto group = std::make_unique<SessionGroup>();
  if (::clock_getcpuclockid(static_cast<pid_t>(wanted.server_pid), &group->server_clock) != 0) {
    return refuse("ERR_GENERATOR_SERVER_CLOCK", "there is no process " + std::to_string(wanted.server_pid));
  }
  group->name = wanted.group;
  group->index = index;
  group->address = *address;
  group->sources = wanted.sources;
  group->sessions.resize(wanted.sessions);
  for (uint32_t session = 0; session < wanted.sessions; ++session) {
    group->sessions[session].progress.key = session_key(wanted.seed, hash_name(wanted.group), session);
  }
  const uint64_t start_ns = monotonic_ns();
  if (const std::optional<ControlError> error = connect_all(*group))
    return error_line(command.id, *error);
  const uint64_t connect_ns = monotonic_ns() - start_ns;
  for (uint32_t session = 0; session < wanted.sessions; ++session) {
    if (!loop_.watch(group->sessions[session].fd.get(), GeneratorLoop::session_tag(index, session))) {
      return refuse("ERR_GENERATOR_CONNECT_FAILED", "cannot watch a socket: " + describe_errno(errno));
    }
  }
  group->connected = true;
  if (index == groups_.size()) groups_.emplace_back();
  groups_[index] = std::move(group);
  JsonWriter writer = begin_answer(command.id);
  writer.member("sessions", wanted.sessions).member("connectNs", connect_ns).end_object();
  return writer.text();
}

std::string LoadGenerator::run(const ControlCommand& command) {
  const auto parsed = parse_run(command.fields);
  if (const auto* error = std::get_if<ControlError>(&parsed)) return error_line(command.id, *error);
  LoadRun load(std::get<RunCommand>(parsed), groups_, loop_, receiver_, control_);
  const std::optional<ControlError> error = load.run();
  if (load.stopped()) {
    stopped_ = true;
    return "";
  }
  if (error) return error_line(command.id, *error);
  JsonWriter writer = begin_answer(command.id);
  writer.key("windows").begin_array();
  for (const WindowResult& window : load.results()) {
    writer.begin_object().member("group", std::string_view(window.group));
    writer.member("startNs", window.start_ns).member("endNs", window.end_ns);
    if (window.ready_ns != 0) writer.member("readyNs", window.ready_ns);
    writer.member("operations", window.operations).member("bytes", window.bytes);
    if (std::get<RunCommand>(parsed).load.mode == LoadMode::tick) {
      writer.member("framesDue", window.frames).member("framesOnTime", window.frames_on_time);
    }
    if (std::get<RunCommand>(parsed).load.mode == LoadMode::open) {
      writer.member("intended", window.intended).member("answeredInTime", window.answered_in_time);
    }
    writer.member("serverCpuNs", window.used.server_ns).member("generatorCpuNs", window.used.generator_ns);
    write_latency(writer, window.latency);
    writer.end_object();
  }
  return writer.end_array().end_object().text();
}

std::string LoadGenerator::with_group(const ControlCommand& command) {
  const auto parsed = parse_group(command.fields);
  if (const auto* error = std::get_if<ControlError>(&parsed)) return error_line(command.id, *error);
  const auto& name = std::get<std::string>(parsed);
  SessionGroup* group = find_group(groups_, name);
  if (group == nullptr) {
    return error_line(command.id, {"ERR_GENERATOR_UNKNOWN_GROUP",
                                   "group \"" + name + "\" was never connected; send connect first"});
  }
  if (command.name == "histogram") return histogram(command, *group);
  if (command.name == "ledger") return ledger(command, *group);
  return disconnect(command, *group);
}

std::string LoadGenerator::histogram(const ControlCommand& command, SessionGroup& group) {
  FieldReader fields(command.fields, "");
  const bool reset = fields.flag_or("reset", false);
  if (!fields.good()) return error_line(command.id, {kErrorBadCommand, fields.problems()});
  JsonWriter writer = begin_answer(command.id);
  writer.key("serviceTimeNs");
  write_buckets(writer, group.service_time);
  writer.key("responseTimeNs");
  if (group.response_time.samples() == 0) {
    writer.null();
  } else {
    write_buckets(writer, group.response_time);
  }
  if (reset) {
    group.service_time.reset();
    group.response_time.reset();
  }
  return writer.end_object().text();
}

std::string LoadGenerator::ledger(const ControlCommand& command, const SessionGroup& group) {
  const LedgerTotals totals = group.ledger_totals();
  JsonWriter writer = begin_answer(command.id);
  writer.key("ledger").begin_object().member("sent", totals.sent).member("delivered", totals.delivered);
  // No command of this generator lets a server drop requests on purpose.
  writer.member("droppedCounted", uint64_t{0});
  writer.member("unacknowledgedAtClose", totals.unacknowledged_at_close);
  writer.member("lost", totals.lost()).member("duplicated", totals.duplicated);
  writer.member("reordered", totals.reordered).member("corrupted", totals.corrupted).end_object();
  writer.member("killedSessions", group.killed_sessions);
  writer.member("unacknowledgedOnKilled", group.unacknowledged_on_killed);
  return writer.member("sentPerSessionMin", group.sent_per_session_min()).end_object().text();
}

// What is unanswered now stays lost: the server had its time.
std::string LoadGenerator::disconnect(const ControlCommand& command, SessionGroup& group) {
  for (GeneratorSession& session : group.sessions) {
    session.fd.reset();
    session.remainder = {};
    session.output.clear();
  }
  group.stamps = {};
  group.connected = false;
  return begin_answer(command.id).end_object().text();
}

void LoadGenerator::on_idle_session(const epoll_event& event) {
  const uint64_t tag = event.data.u64;
  serve_idle_session(*groups_[tag >> 32], static_cast<uint32_t>(tag), event.events, loop_, receiver_);
}

}  // namespace msgtrans
