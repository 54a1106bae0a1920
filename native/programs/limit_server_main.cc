// limit_server: the `limit` arm as a process of its own, driven over the control protocol.
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdio>

#include "programs/control_channel.h"
#include "programs/control_protocol.h"
#include "programs/limit_server.h"
#include "programs/process_guard.h"

namespace msgtrans {
namespace {

constexpr size_t kUrlBytesMax = 512;
constexpr double kTickHzMax = 1000;
constexpr uint64_t kGroupSizeMax = 1'000'000;
constexpr uint64_t kFrameBytesMax = 1'048'576;
constexpr uint64_t kAckEveryMax = 65'536;

LimitService read_service(FieldReader& fields) {
  LimitService service;
  const std::string handler = fields.text("handler", 32);
  if (handler == "forward") {
    service.handler = LimitHandler::forward;
  } else if (handler == "sink") {
    service.handler = LimitHandler::sink;
    service.ack_every = fields.integer("ackEvery", 1, kAckEveryMax);
  } else if (handler == "broadcast") {
    service.handler = LimitHandler::broadcast;
    service.broadcast.tick_hz = fields.positive("tickHz", kTickHzMax);
    service.broadcast.group_size = static_cast<uint32_t>(fields.integer("groupSize", 1, kGroupSizeMax));
    service.broadcast.payload_bytes =
        static_cast<uint32_t>(fields.integer("payloadBytes", kFramePayloadBytesMin, kFrameBytesMax));
  } else if (handler != "counter") {
    fields.note("handler", "expected counter, forward, sink or broadcast");
  }
  return service;
}

std::string answer_listen(LimitServer& server, const ControlCommand& command) {
  FieldReader fields(command.fields, "");
  const std::string url = fields.text("url", kUrlBytesMax);
  const LimitService service = read_service(fields);
  if (!fields.good()) return error_line(command.id, {kErrorBadCommand, fields.problems()});
  ControlError error;
  const std::optional<std::string> bound = server.listen(url, service, error);
  if (!bound) return error_line(command.id, error);
  return begin_answer(command.id).member("url", std::string_view(*bound)).end_object().text();
}

std::string answer_counters(const LimitServer& server, const ControlCommand& command) {
  const LimitCounters& counters = server.counters();
  JsonWriter writer = begin_answer(command.id);
  writer.key("counters").begin_object();
  writer.member("messages_received", counters.messages_received);
  writer.member("messages_sent", counters.messages_sent);
  writer.member("messages_dropped", counters.messages_dropped);
  writer.member("sessions_accepted", counters.sessions_accepted);
  writer.member("sessions_open", server.open_sessions());
  writer.member("protocol_errors", counters.protocol_errors);
  writer.member("syscalls", counters.syscalls);
  return writer.end_object().end_object().text();
}

// Answers one line; `stop` is set when the process is to end.
std::string answer_line(LimitServer& server, const std::string& line, bool& stop) {
  const auto parsed = parse_command(line);
  if (const auto* bad = std::get_if<BadCommand>(&parsed)) return error_line(bad->id, bad->error);
  const auto& command = std::get<ControlCommand>(parsed);
  if (command.name == "listen") return answer_listen(server, command);
  if (command.name == "counters") return answer_counters(server, command);
  if (command.name == "close") stop = true;
  // There is no collector here: memory is steady at once, and `settle` has nothing to do.
  if (command.name == "settle" || command.name == "close")
    return begin_answer(command.id).end_object().text();
  return error_line(command.id, {kErrorUnknownCommand, "unknown command \"" + command.name +
                                                           "\"; known: listen, counters, settle, close"});
}

int run() {
  const UniqueFd ending = guard_process();
  ControlChannel control;
  LimitServer server;
  if (!server.good() || !ending.valid() || !server.watch(ending.get())) {
    std::fprintf(stderr, "limit_server: no descriptors left; raise `ulimit -n`\n");
    return 1;
  }
  if (!server.watch(ControlChannel::fd())) {
    std::fprintf(stderr, "limit_server: standard input must be a pipe, a socket or a terminal\n");
    return 2;
  }
  if (!control.write_line(hello_line("server", "limit", static_cast<uint64_t>(::getpid())))) return 0;
  while (true) {
    const uint32_t readable = server.turn();
    if ((readable & 1) != 0) return 0;
    if ((readable & 2) == 0) continue;
    if (!control.read_available()) return 0;
    while (const std::optional<std::string> line = control.next_line()) {
      bool stop = false;
      if (!control.write_line(answer_line(server, *line, stop)) || stop) return 0;
    }
  }
}

}  // namespace
}  // namespace msgtrans

int main() {
  return msgtrans::run();
}
