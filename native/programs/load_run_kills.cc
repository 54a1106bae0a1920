// Sessions that are cut while the open loop goes on, and connect again.

#include <sys/socket.h>

#include "programs/group_connector.h"
#include "programs/load_run.h"
#include "programs/session_service.h"

namespace msgtrans {

uint64_t LoadRun::next_kill_ns() const {
  const uint64_t next_ns = group_->kills.next_ns();
  return next_ns == UINT64_MAX ? UINT64_MAX : load_start_ns_ + next_ns;
}

void LoadRun::kill_due(uint64_t now_ns) {
  while (next_kill_ns() <= now_ns && next_kill_ns() < window_->schedule_end_ns()) {
    const uint32_t victim = group_->kills.take();
    if (group_->sessions[victim].fd.valid()) kill_session(victim);
  }
}

// Cuts a session as a broken network would, and connects it again at once. What it has out is accounted for
// as unacknowledged; the server begins to count anew.
void LoadRun::kill_session(uint32_t session_index) {
  GeneratorSession& session = group_->sessions[session_index];
  window_->note_cut(*group_, session_index);
  const uint64_t unacknowledged = session.progress.outstanding();
  group_->outstanding -= unacknowledged;
  const uint64_t before = group_->ledger.totals().unacknowledged_at_close;
  group_->ledger.session_lost(session.progress, session_index);
  group_->unacknowledged_on_killed += group_->ledger.totals().unacknowledged_at_close - before;
  ++group_->killed_sessions;
  session.progress.counter_lag = session.progress.sent;
  session.remainder = {};
  session.output.clear();
  constexpr linger kResetOnClose{1, 0};
  ::setsockopt(session.fd.get(), SOL_SOCKET, SO_LINGER, &kResetOnClose, sizeof kResetOnClose);
  OpenedSocket opened = open_session(*group_, session_index);
  session.fd = std::move(opened.fd);
  const uint64_t tag = GeneratorLoop::session_tag(group_->index, session_index);
  const bool watched = session.fd.valid() && loop_.watch(session.fd.get(), tag);
  if (!watched) lose_session(*group_, session_index, "connecting again: " + describe_errno(opened.error));
}

}  // namespace msgtrans
