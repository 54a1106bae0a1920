// How sessions end: why, in which order, and what is still sent, read and told before they are gone.

#include <sys/socket.h>

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "session/handed_socket.h"
#include "session/reactor_call.h"
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
    case CloseCode::kSendBufferLost:
    case CloseCode::kSendBufferChanged:
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
  ended_.append(session);
  watch(session);
}

void SessionEngine::settle_ended() {
  // Not before the turn's messages were delivered and their answers written: a peer that half-closed after its last
  // request still gets the reply. Closing may end others (a failing write), which are appended.
  EngineState::EndedList kept;
  while (ended_.first != nullptr) {
    Session* const session = ended_.first;
    ended_.first = session->ended_next;
    // On a thread of its own the turn's messages, and what says that the session is open, are on their way to home.
    if (!session->ends_after) session->ends_after = handed_over_ + (has_own_thread() && !events_.empty() ? 1 : 0);
    if (handed_back_ < *session->ends_after) {
      kept.append(*session);
    } else {
      begin_close(*session);
    }
  }
  ended_ = kept;
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

void SessionEngine::close_all(CloseCode code, bool flush_first) {
  is_closing_all_ = true;
  for (uint32_t slot = 0; slot < directory_.slots_used(); ++slot) {
    SlotState& state = directory_.state(slot);
    // Relaxed, both: only this thread writes.
    if (state.state.load(std::memory_order_relaxed) == kSlotFree) continue;
    close_session(directory_.word(slot), state.generation.load(std::memory_order_relaxed), code, flush_first);
  }
}

void SessionEngine::abandon(CloseCode code) {
  if (is_abandoned_) return;
  is_abandoned_ = true;
  batch_.clear();
  settle_foreign();
  // Home has settled what it had, and looks at none of them any more.
  for (DeliveryBlock& block : blocks_) take_back_slices(block);
  ended_ = {};
  for (uint32_t slot = 0; slot < directory_.slots_used(); ++slot) {
    Session* session = directory_.at(slot);
    if (session == nullptr) continue;
    wheel_.disarm(session->timer);
    reader_.forget_partial_packet(*session);
    directory_.release(slot);
    delete session;
  }
  for (auto& [id, listener] : listeners_) listener.shared->leave(*port_);
  if (ready_) leave_others(code);
  listeners_.clear();
  connects_.clear();
}

// Nobody finds this reactor any more; what was on its way to it is answered, passed on or freed.
void SessionEngine::leave_others(CloseCode code) {
  if (options_.process_wide) ReactorPorts::remove(options_.reactor);
  abandon_in_process(code);
  receiver_.close([this](const LinkRecord& record) { refuse(record); });
  sender_.close();
}

void SessionEngine::refuse(const LinkRecord& record) {
  switch (record.kind) {
    case LinkKind::kMemConnect:
      return post(record.a >> kSlotBits, {LinkKind::kMemRefuse, record.a, static_cast<uint32_t>(record.b),
                                          ECONNREFUSED, 0, record.c});
    case LinkKind::kMemAccept:
      return post(record.a >> kSlotBits, {LinkKind::kMemClose, record.a, static_cast<uint32_t>(record.b),
                                          static_cast<uint32_t>(CloseCode::kWorkerExited), 0, 0});
    case LinkKind::kMemClose: {
      const auto word = static_cast<uint32_t>(record.b);
      return post(word >> kSlotBits, {LinkKind::kMemClosed, word, static_cast<uint32_t>(record.b >> 32), 0, 0, 0});
    }
    case LinkKind::kSocket:
      return take_socket(std::unique_ptr<HandedSocket>(reinterpret_cast<HandedSocket*>(record.b)), record.a);
    case LinkKind::kCall:
      // Its caller waits, and gets nothing.
      return ReactorCall::from_record(record.b)->give_up();
    default:
      dispose(record);
  }
}

}  // namespace msgtrans
