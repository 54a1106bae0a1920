// load_generator: drives servers and checks what they answer, as a process of its own with one thread.
#include <unistd.h>

#include <cstdio>

#include "programs/control_channel.h"
#include "programs/control_protocol.h"
#include "programs/generator_loop.h"
#include "programs/load_generator.h"
#include "programs/process_guard.h"

namespace msgtrans {
namespace {

int run() {
  const UniqueFd ending = guard_process();
  ControlChannel control;
  GeneratorLoop loop;
  if (!loop.good() || !ending.valid() || !loop.watch(ending.get(), GeneratorLoop::kEndingTag)) {
    std::fprintf(stderr, "load_generator: no descriptors left; raise `ulimit -n`\n");
    return 1;
  }
  if (!loop.watch(ControlChannel::fd(), GeneratorLoop::kControlTag)) {
    std::fprintf(stderr, "load_generator: standard input must be a pipe, a socket or a terminal\n");
    return 2;
  }
  LoadGenerator generator(loop, control);
  if (!control.write_line(hello_line("generator", "generator", static_cast<uint64_t>(::getpid())))) return 0;
  while (true) {
    bool commands = false;
    for (const epoll_event& event : loop.wait(true)) {
      const uint64_t tag = event.data.u64;
      if (tag == GeneratorLoop::kEndingTag) return 0;
      if (tag == GeneratorLoop::kControlTag) commands = true;
      if ((tag >> 32) != 0) generator.on_idle_session(event);
    }
    if (commands && !control.read_available()) return 0;
    // A run may have read further lines, so the queue is emptied whatever woke the loop.
    while (const std::optional<std::string> line = control.next_line()) {
      const std::string answer = generator.answer_line(*line);
      if (!answer.empty() && !control.write_line(answer)) return 0;
      if (generator.stopped()) return 0;
    }
  }
}

}  // namespace
}  // namespace msgtrans

int main() {
  return msgtrans::run();
}
