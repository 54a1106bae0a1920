// How sessions come to be: listening, accepting, connecting.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "session/handed_socket.h"
#include "session/mem_names.h"
#include "session/poll_token.h"
#include "session/session_engine.h"

namespace msgtrans {

SessionEngine::Opened SessionEngine::listen(const SocketAddress& address, int backlog) {
  OpenedSocket opened = open_listener(address, backlog);
  if (!opened.fd.valid()) return {opened.error, 0, {}};
  const SocketAddress local = SocketAddress::local_of(opened.fd.get());
  const uint32_t id = next_origin_++;
  try {
    const int error = join_listener(std::make_shared<SharedListener>(std::move(opened.fd), local), id);
    if (error != 0) return {error, 0, {}};
  } catch (const std::bad_alloc&) {
    return {ENOMEM, 0, {}};
  }
  return {0, id, local};
}

int SessionEngine::join_listener(const std::shared_ptr<SharedListener>& shared, uint32_t id) {
  try {
    listeners_[id].shared = shared;
    shared->join({port_, id});
  } catch (const std::bad_alloc&) {
    listeners_.erase(id);
    return ENOMEM;
  }
  if (const int error = watch_listener(id, *shared); error != 0) {
    shared->leave(*port_);
    listeners_.erase(id);
    return error;
  }
  update_liveness();
  return 0;
}

int SessionEngine::watch_listener(uint32_t id, const SharedListener& shared) {
  // Exclusive: a connection need not wake every reactor that could accept it.
  return poller_.add(shared.fd(), EPOLLIN | EPOLLEXCLUSIVE, PollToken{PollToken::kListener, 0, id}.packed());
}

void SessionEngine::close_listener(uint32_t id) {
  if (const auto name = names_.find(id); name != names_.end()) {
    MemNames::remove(name->second);
    names_.erase(name);
  }
  const auto found = listeners_.find(id);
  if (found != listeners_.end()) {
    // Others may keep the socket open, which would keep it in our set.
    if (!found->second.suspended) poller_.remove(found->second.shared->fd());
    found->second.shared->leave(*port_);
    listeners_.erase(found);
  }
  update_liveness();
}

SessionEngine::Opened SessionEngine::connect(const SocketAddress& address) {
  const uint32_t id = next_origin_++;
  const int error = begin_connect(address, id);
  if (error != 0) return {error, 0, {}};
  return {0, id, {}};
}

int SessionEngine::begin_connect(const SocketAddress& address, uint32_t id) {
  OpenedSocket opened = open_connection(address);
  try {
    if (opened.fd.valid()) connects_[id];
  } catch (const std::bad_alloc&) {
    opened.fd.reset();
    opened.error = ENOMEM;
  }
  if (!opened.fd.valid()) {
    ++counters_.connects_failed;
    return opened.error;
  }
  // Also when it is connected already (unix sockets are): one way for all, and writable at once.
  const int error = poller_.add(opened.fd.get(), EPOLLOUT, PollToken{PollToken::kConnect, 0, id}.packed());
  if (error != 0) {
    connects_.erase(id);
    ++counters_.connects_failed;
    return error;
  }
  connects_[id] = std::move(opened.fd);
  update_liveness();
  return 0;
}

void SessionEngine::cancel_connect(uint32_t id) {
  cancel_in_process(id);
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
  if (error != 0) return fail_connect(id, error);
  if (!adopt(std::move(fd), id, true)) fail_connect(id, ENOMEM);
}

void SessionEngine::fail_connect(uint32_t id, int error) {
  ++counters_.connects_failed;
  events_.add_failure(kEventConnectFailed, id, error, 0);
}

void SessionEngine::on_listener_ready(uint32_t id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  Listener& listener = found->second;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    UniqueFd fd(accept_connection(listener.shared->fd()));
    ++counters_.syscalls;
    if (fd.valid()) {
      accept_for_all(id, listener, std::move(fd));
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
    poller_.remove(listener.shared->fd());
    // The one that waits counts once, however often we look.
    listener.turned_away = std::max(listener.turned_away, 1u);
    break;
  }
  report_turned_away(id, listener);
}

void SessionEngine::accept_for_all(uint32_t id, Listener& listener, UniqueFd fd) {
  // Our own load changes with every connection of this turn; the others' are as they last told.
  port_->set_session_load(directory_.open_count());
  choice_ = choice_ * 6364136223846793005u + 1442695040888963407u;
  const SharedListener::Member chosen = listener.shared->choose(*port_, choice_ >> 16);
  // Without memory to hand it over in, it stays here.
  std::unique_ptr<HandedSocket> handed;
  if (chosen.port != nullptr && chosen.port != port_) handed.reset(new (std::nothrow) HandedSocket(UniqueFd(), listener.shared));
  if (handed != nullptr) {
    handed->fd = std::move(fd);
    ++counters_.sockets_handed_over;
    chosen.port->add_under_way();
    return post(chosen.port->number(),
                {LinkKind::kSocket, 0, 0, chosen.listener, reinterpret_cast<uint64_t>(handed.release()), id});
  }
  if (adopt(std::move(fd), id, false)) return;
  ++listener.turned_away;
  listener.error = ENOMEM;
}

void SessionEngine::take_socket(std::unique_ptr<HandedSocket> socket, uint32_t id) {
  if (is_abandoned_ || listeners_.find(id) == listeners_.end()) {
    // We ended, or stopped listening, while it was on its way: others who still listen serve it, or else we do.
    const SharedListener::Member other = socket->listener->choose(*port_, monotonic_ns());
    if (other.port != nullptr) {
      other.port->add_under_way();
      return post(other.port->number(),
                  {LinkKind::kSocket, 0, 0, other.listener, reinterpret_cast<uint64_t>(socket.release()), id});
    }
    if (is_abandoned_ || is_closing_all_) return;
  }
  if (adopt(std::move(socket->fd), id, false)) return;
  ++counters_.accepts_refused;
  events_.add_failure(kEventAcceptFailed, id, ENOMEM, 1);
}

int SessionEngine::turn_away(Listener& listener, int error) {
  if (!reserve_fd_.valid()) return error;
  reserve_fd_.reset();
  // Accepting and closing tells the peer at once; leaving it in the backlog would let it wait for a time-out.
  UniqueFd refused(accept_connection(listener.shared->fd()));
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
    listener.suspended = watch_listener(id, *listener.shared) != 0;
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
