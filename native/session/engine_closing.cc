// How sessions end: why, in which order, and what is still sent, read and told before they are gone.

#include <sys/socket.h>

#include <unistd.h>

#include <cerrno>

#include "base/assert.h"
#include "io/stream_socket.h"
#include "session/session_engine.h"

namespace msgtrans {

namespace {

// A close that throws away what is queued: the peer is not reading, or nobody is left to wait for it.
bool is_abrupt(CloseCode code) {
  switch (code) {
    case CloseCode::kConnectionReset:
    case CloseCode::kConnectionLost:
    case CloseCode::kSlowConsumer:
    case CloseCode::kStalled:
    case CloseCode::kBufferBudget:
    case CloseCode::kOutOfMemory:
    case CloseCode::kTransportClosed:
      return true;
    default:
      return false;
  }
}

}  // namespace

void SessionEngine::discard_input(Session& session) {
  uint8_t scrap[16 * 1024];
  const ssize_t received = receive_bytes(session.fd.get(), scrap, sizeof(scrap));
  ++counters_.syscalls;
  if (received == 0 || (received < 0 && !is_retryable(errno))) finish(session);
}

void SessionEngine::end_session(Session& session, CloseCode code, int error, bool local) {
  if (session.phase != Phase::kOpen && session.phase != Phase::kConnecting) return;
  session.phase = Phase::kEnding;
  session.close_code = code;
  session.close_errno = error;
  session.close_local = local;
  ended_.push_back(&session);
  watch(session);
}

void SessionEngine::settle_ended() {
  // Not before the turn's messages were delivered and their answers written: a peer that half-closed after its last
  // request still gets the reply. Closing may end others (a failing write), so the list is taken by index.
  for (size_t i = 0; i < ended_.size(); ++i) begin_close(*ended_[i]);
  ended_.clear();
}

void SessionEngine::settle_between_turns() {
  // What JavaScript began between two turns waits for no socket: nothing else would bring the next turn or the ticks.
  if (in_turn_) return;
  settle_ended();
  if (!events_.empty()) host_.request_turn();
  update_liveness();
}

void SessionEngine::begin_close(Session& session) {
  if (session.phase != Phase::kEnding) return;
  mark_closing(session);
  reader_.forget_partial_packet(session);
  wheel_.disarm(session.timer);
  session.phase = Phase::kFlushing;
  if (session.discard_queue || is_abrupt(session.close_code) || session.write_failed) return finish(session);
  continue_close(session);
}

void SessionEngine::mark_closing(const Session& session) {
  // Release: pairs with the acquire load in `SessionDirectory::is_current`.
  directory_.state(session.slot).state.store(kSlotClosing, std::memory_order_release);
}

void SessionEngine::continue_close(Session& session) {
  if (!session.queue.empty()) {
    arm_stall(session);
    return watch(session);
  }
  ::shutdown(session.fd.get(), SHUT_WR);
  ++counters_.syscalls;
  if (session.peer_closed) return finish(session);
  session.phase = Phase::kLingering;
  wheel_.arm(session.timer, clock_.now() + options_.linger_timeout_ns);
  watch(session);
}

void SessionEngine::finish(Session& session) {
  wheel_.disarm(session.timer);
  reader_.forget_partial_packet(session);
  if (session.close_code == CloseCode::kSlowConsumer || session.close_code == CloseCode::kStalled) {
    // The peer does not read: without a reset the kernel would keep megabytes for it for a minute.
    const linger abort{1, 0};
    ::setsockopt(session.fd.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  }
  writer_.discard(session);
  session.fd.reset();
  session.epoll_events = 0;
  session.phase = Phase::kClosed;
  ++counters_.sessions_closed;
  events_.mark(session, kPendingClose);
  if (!in_turn_) host_.request_turn();
}

void SessionEngine::free_session(Session& session) {
  MSGTRANS_ASSERT(session.phase == Phase::kClosed && !session.in_dirty_list);
  directory_.release(session.slot);
  delete &session;
}

void SessionEngine::judge_deadlines(uint64_t now) {
  resume_listeners();
  wheel_.expire(now, [this](TimerNode& node) {
    Session& session = *static_cast<Session::Timer&>(node).session;
    if (session.phase == Phase::kLingering) return finish(session);
    if (session.phase == Phase::kFlushing) {
      session.close_code = CloseCode::kStalled;
      return finish(session);
    }
    if (session.write_failed) return end_session(session, CloseCode::kConnectionLost, session.close_errno, true);
    end_session(session, CloseCode::kStalled, 0, true);
  });
}

bool SessionEngine::close_session(uint32_t slot, uint32_t generation, CloseCode code, bool flush_first) {
  // What was sent before the close goes out before it.
  if (flush_first) flush();
  Session* session = directory_.find(slot, generation);
  if (session == nullptr || session->phase == Phase::kClosed) return false;
  if (!flush_first && (session->phase == Phase::kFlushing || session->phase == Phase::kLingering)) {
    session->close_code = code;
    finish(*session);
  } else {
    end_session(*session, code, 0, true);
    if (!flush_first) {
      session->discard_queue = true;
      // An end that was to be orderly is not, without its queue.
      if (session->close_code == CloseCode::kOrderly) session->close_code = code;
    }
    // At once, not when the turn settles: a send after a close is an error even in the same handler.
    mark_closing(*session);
  }
  settle_between_turns();
  return true;
}

void SessionEngine::close_all(CloseCode code, bool flush_first) {
  for (uint32_t slot = 0; slot < directory_.slots_used(); ++slot) {
    const Session* session = directory_.at(slot);
    if (session != nullptr) close_session(slot, session->generation, code, flush_first);
  }
}

void SessionEngine::abandon() {
  batch_.clear();
  for (uint32_t slot = 0; slot < directory_.slots_used(); ++slot) {
    Session* session = directory_.at(slot);
    if (session == nullptr) continue;
    wheel_.disarm(session->timer);
    reader_.forget_partial_packet(*session);
    directory_.release(slot);
    delete session;
  }
  for (auto& [id, listener] : listeners_) {
    if (!listener.unix_path.empty()) ::unlink(listener.unix_path.c_str());
  }
  listeners_.clear();
  connects_.clear();
}

}  // namespace msgtrans
