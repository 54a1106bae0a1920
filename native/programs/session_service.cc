#include "programs/session_service.h"

namespace msgtrans {

bool flush_session(SessionGroup& group, uint32_t session_index, GeneratorLoop& loop) {
  GeneratorSession& session = group.sessions[session_index];
  const WriteOutcome outcome = session.output.flush(session.fd.get());
  if (outcome == WriteOutcome::failed) {
    lose_session(group, session_index, "write: " + describe_errno(errno));
    return false;
  }
  if (outcome == WriteOutcome::all) {
    loop.await_writable(session.fd.get(), GeneratorLoop::session_tag(group.index, session_index), false);
  }
  return true;
}

void serve_idle_session(SessionGroup& group, uint32_t session_index, uint32_t events, GeneratorLoop& loop,
                        ReplyReceiver& receiver) {
  if (!group.sessions[session_index].fd.valid()) return;
  if ((events & EPOLLOUT) != 0 && !flush_session(group, session_index, loop)) return;
  IgnoredReplies ignored;
  receiver.receive(group, session_index, ignored);
}

}  // namespace msgtrans
