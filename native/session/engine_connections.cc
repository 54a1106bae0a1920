// How sessions come to be: listening, accepting, connecting.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "session/poll_token.h"
#include "session/session_engine.h"

namespace msgtrans {

SessionEngine::Opened SessionEngine::listen(const SocketAddress& address, int backlog) {
  OpenedSocket opened = open_listener(address, backlog);
  if (!opened.fd.valid()) return {opened.error, 0, {}};
  const uint32_t id = next_origin_++;
  const int error = poller_.add(opened.fd.get(), EPOLLIN, PollToken{PollToken::kListener, 0, id}.packed());
  if (error != 0) return {error, 0, {}};
  const SocketAddress local = SocketAddress::local_of(opened.fd.get());
  Listener& listener = listeners_[id];
  if (local.family() == AF_UNIX) listener.unix_path = local.url().substr(sizeof("unix://") - 1);
  listener.fd = std::move(opened.fd);
  update_liveness();
  return {0, id, local};
}

void SessionEngine::close_listener(uint32_t id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  if (!found->second.unix_path.empty()) ::unlink(found->second.unix_path.c_str());
  listeners_.erase(found);
  update_liveness();
}

SessionEngine::Opened SessionEngine::connect(const SocketAddress& address) {
  OpenedSocket opened = open_connection(address);
  if (!opened.fd.valid()) return {opened.error, 0, {}};
  const uint32_t id = next_origin_++;
  // Also when it is connected already (unix sockets are): one way for all, and writable at once.
  const int error = poller_.add(opened.fd.get(), EPOLLOUT, PollToken{PollToken::kConnect, 0, id}.packed());
  if (error != 0) return {error, 0, {}};
  connects_[id] = std::move(opened.fd);
  update_liveness();
  return {0, id, {}};
}

void SessionEngine::cancel_connect(uint32_t id) {
  connects_.erase(id);
  update_liveness();
}

void SessionEngine::on_connect_ready(uint32_t id) {
  const auto found = connects_.find(id);
  if (found == connects_.end()) return;
  UniqueFd fd = std::move(found->second);
  connects_.erase(found);
  poller_.remove(fd.get());
  const int error = pending_error(fd.get());
  if (error != 0) return events_.add_failure(kEventConnectFailed, id, error, 0);
  if (!adopt(std::move(fd), id, true)) events_.add_failure(kEventConnectFailed, id, ENOMEM, 0);
}

void SessionEngine::on_listener_ready(uint32_t id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  Listener& listener = found->second;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    UniqueFd fd(accept_connection(listener.fd.get()));
    ++counters_.syscalls;
    if (fd.valid()) {
      if (!adopt(std::move(fd), id, false)) {
        ++listener.turned_away;
        listener.error = ENOMEM;
      }
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    if (error == EMFILE || error == ENFILE) {
      // Without a free descriptor the kernel does not even look whether anybody waits; turning away does.
      const int refused = turn_away(listener, error);
      if (refused == 0) continue;
      if (refused == EAGAIN) break;
    }
    // No descriptor or no kernel memory: the connection stays in the backlog and would wake us for ever.
    listener.error = error;
    listener.suspended = true;
    // A tick later, not in this turn: a failure that lasts would make every turn bring the next.
    listener.resume_ns = monotonic_ns() + TimerWheel::kTickNs;
    poller_.remove(listener.fd.get());
    // The one that waits counts once, however often we look.
    listener.turned_away = std::max(listener.turned_away, 1u);
    break;
  }
  report_turned_away(id, listener);
}

int SessionEngine::turn_away(Listener& listener, int error) {
  if (!reserve_fd_.valid()) return error;
  reserve_fd_.reset();
  // Accepting and closing tells the peer at once; leaving it in the backlog would let it wait for a time-out.
  UniqueFd refused(accept_connection(listener.fd.get()));
  const int result = refused.valid() ? 0 : errno;
  refused.reset();
  reserve_fd_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  listener.error = error;
  if (result == 0) {
    ++listener.turned_away;
    ++counters_.accepts_refused;
  }
  // Somebody else took the descriptor, or the whole system is out of them: asking again at once would spin.
  return reserve_fd_.valid() ? result : error;
}

void SessionEngine::report_turned_away(uint32_t id, Listener& listener) {
  if (listener.turned_away == 0) return;
  const uint64_t now = monotonic_ns();
  if (now < listener.next_report_ns) return;
  listener.next_report_ns = now + kReportIntervalNs;
  events_.add_failure(kEventAcceptFailed, id, listener.error, listener.turned_away);
  listener.turned_away = 0;
}

void SessionEngine::resume_listeners() {
  for (auto& [id, listener] : listeners_) {
    // What came too soon after the last report is due when its time has come, whether or not anybody else connects.
    report_turned_away(id, listener);
    if (!listener.suspended || monotonic_ns() < listener.resume_ns) continue;
    if (!reserve_fd_.valid()) reserve_fd_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!reserve_fd_.valid()) continue;
    listener.suspended =
        poller_.add(listener.fd.get(), EPOLLIN, PollToken{PollToken::kListener, 0, id}.packed()) != 0;
  }
}

bool SessionEngine::adopt(UniqueFd fd, uint32_t origin, bool outgoing) {
  auto* session = new (std::nothrow) Session();
  if (session == nullptr) return false;
  const uint32_t slot = directory_.claim(session);
  if (slot == kSlotsMax) {
    delete session;
    return false;
  }
  session->slot = slot;
  // Relaxed: only this thread writes.
  session->generation = directory_.state(slot).generation.load(std::memory_order_relaxed);
  session->fd = std::move(fd);
  session->origin = origin;
  session->outgoing = outgoing;
  session->timer.session = session;
  ++(outgoing ? counters_.sessions_connected : counters_.sessions_accepted);
  events_.mark(*session, kPendingOpen);
  return true;
}

}  // namespace msgtrans
