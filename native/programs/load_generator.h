// The load generator behind its control protocol (scenarios/harness/CONTROL.md). One thread.
#pragma once

#include <string>

#include "programs/control_channel.h"
#include "programs/control_protocol.h"
#include "programs/generator_loop.h"
#include "programs/reply_receiver.h"
#include "programs/session_group.h"

namespace msgtrans {

class LoadGenerator {
 public:
  LoadGenerator(GeneratorLoop& loop, ControlChannel& control) : loop_(loop), control_(control), groups_(1) {}

  // Answers one line of the control protocol. Empty when the process is to stop at once without an answer.
  std::string answer_line(const std::string& line);

  // True once the process is to end.
  bool stopped() const { return stopped_; }

  // Serves an event of a session outside of a run.
  void on_idle_session(const epoll_event& event);

 private:
  std::string answer(const ControlCommand& command);
  std::string connect(const ControlCommand& command);
  std::string run(const ControlCommand& command);
  std::string with_group(const ControlCommand& command);
  std::string histogram(const ControlCommand& command, SessionGroup& group);
  static std::string ledger(const ControlCommand& command, const SessionGroup& group);
  static std::string disconnect(const ControlCommand& command, SessionGroup& group);
  uint32_t index_for(const std::string& name) const;

  GeneratorLoop& loop_;
  ControlChannel& control_;
  ReplyReceiver receiver_;
  GroupTable groups_;
  bool stopped_ = false;
};

}  // namespace msgtrans
