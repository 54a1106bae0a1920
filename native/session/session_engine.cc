#include "session/session_engine.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/assert.h"
#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "session/batch_layout.h"
#include "session/poll_token.h"

namespace msgtrans {

namespace {

std::shared_ptr<Arena> make_arena(const BufferPoolOptions& pool) {
  auto arena = std::make_shared<Arena>(Arena::Regions{
      kControlWords * kWordBytes, kDescriptorsMax * kDescriptorWords * kWordBytes, kEventsMax * kEventWords * kWordBytes,
      size_t{kSegmentBytes} * kRingSegments, BufferPool::bytes_needed(pool)});
  if (!arena->valid()) throw std::bad_alloc();
  return arena;
}

// Of a connection that the kernel has given up.
CloseCode code_of_failure(int error) {
  return error == ECONNRESET || error == EPIPE ? CloseCode::kConnectionReset : CloseCode::kConnectionLost;
}

}  // namespace

SessionEngine::SessionEngine(const EngineOptions& options, Host& host)
    : options_(options),
      host_(host),
      arena_(make_arena(options.pool)),
      memory_(std::make_shared<PooledMemory>(arena_, options.pool, options.pool_services)),
      pool_(memory_->pool),
      directory_(options.process_wide ? SessionDirectory(options.reactor, SlotTable::adopt(options.reactor))
                                      : SessionDirectory(options.reactor)),
      batch_(*arena_, pool_, options.reactor),
      reader_(pool_, batch_, directory_, counters_, options.limits),
      pins_(pool_, options.seals_sent),
      writer_(*arena_, directory_, counters_, *this, options.reactor, options.home.has_value(), &pins_),
      events_(reinterpret_cast<uint32_t*>(arena_->data() + arena_->event_offset())),
      reserve_fd_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      port_(std::make_shared<ReactorPort>(options.reactor, options.home.has_value())),
      segments_(std::make_shared<LentSegments>(arena_)),
      sender_(port_, segments_, *this),
      receiver_(port_, *this) {
  if (!directory_.valid()) throw std::bad_alloc();
  // What a turn fills, so that it never asks for memory.
  written_.reserve(kEventsMax);
  foreign_.reserve(kReactorsMax);
  borrowed_.reserve(kBorrowedMax);
  delivered_.reserve(kBorrowedMax);
  lent_.reserve(kBorrowedMax);
  pending_lends_.reserve(kPendingLendsMax);
  if (options.home) {
    for (DeliveryBlock& block : blocks_) block.reserve(memory_);
  }
  if (!port_->valid() || !poller_.valid() || !directory_.valid()) return;
  if (!directory_.reserve(std::max(options.session_capacity, 1u))) return;
  // Edge-triggered, so that it need not be read.
  if (poller_.add(port_->wake_fd(), EPOLLIN | EPOLLET, PollToken{PollToken::kMail, 0, 0}.packed()) != 0) return;
  reinterpret_cast<volatile uint32_t*>(arena_->data())[kControlRingStart] = segments_->take_free().value() * kSegmentBytes;
  // What is received must reach home whatever memory there is by then.
  if (options.home && sender_.is_refused(*options.home)) return;
  if (options.process_wide) ReactorPorts::add(port_);
  ready_ = true;
}

SessionEngine::~SessionEngine() { abandon(CloseCode::kTransportClosed); }

bool SessionEngine::look() {
  if (port_->doorbell().has_news()) return true;
  wait(0);
  return !ready_events_.empty();
}

void SessionEngine::wait(int timeout_ms) {
  // What the last turn's budget left over is still to be looked at.
  if (!ready_events_.empty()) return;
  ready_events_ = poller_.wait(timeout_ms);
  ++counters_.syscalls;
}

void SessionEngine::turn() {
  MSGTRANS_ASSERT(!in_turn_);
  in_turn_ = true;
  ++counters_.turns;
  const uint64_t began = monotonic_ns();
  const uint64_t now = clock_.advance(began);
  const uint64_t deliveries = counters_.deliveries;
  for (int i = 0; i < kPassesMax && pass(); ++i) {
  }
  if (counters_.deliveries != deliveries) turn_latency_.record(monotonic_ns() - began);
  judge_deadlines(now);
  settle_ended();
  pool_.drain_returns();
  pool_.maintain();
  in_turn_ = false;
  if (!events_.empty() || receiver_.has_unhandled()) host_.request_turn();
  port_->set_session_load(directory_.open_count());
  update_liveness();
}

bool SessionEngine::pass() {
  const bool mail = receiver_.receive();
  // What other threads sent goes out before what their sessions receive is answered.
  if (mail) writer_.write_touched();
  const bool any = collect();
  if (batch_.count() > 0 || !events_.empty()) deliver_batch();
  reader_.end_turn();
  batch_.clear();
  packet_bytes_ = 0;
  has_opened_ = false;
  settle_foreign();
  flush();
  settle_ended();
  // A turn that only mail brought needs no second look at the sockets.
  return any || receiver_.has_unhandled() || port_->doorbell().has_news();
}

bool SessionEngine::collect() {
  turn_bytes_ = 0;
  // JavaScript is behind by all the blocks there are: nothing is read, so that the sockets push back.
  if (has_own_thread() && !can_hand_over()) return false;
  if (ready_events_.empty()) {
    ready_events_ = poller_.poll();
    ++counters_.syscalls;
  }
  bool any = false;
  // What the budget leaves over stays in `ready_events_`, first in line for the next turn: no session starves.
  while (!ready_events_.empty() && !batch_.full() && turn_bytes_ < kTurnReadBytesMax) {
    const epoll_event event = ready_events_.front();
    ready_events_ = ready_events_.subspan(1);
    const PollToken token = PollToken::from(event.data.u64);
    any = any || token.kind != PollToken::kMail;
    switch (token.kind) {
      case PollToken::kSession:
        on_session_ready(token.index, token.generation, event.events);
        break;
      case PollToken::kListener:
        on_listener_ready(token.index);
        break;
      case PollToken::kConnect:
        on_connect_ready(token.index);
        break;
      case PollToken::kMail:
        break;  // it was read before the sockets, and is again in the next pass
    }
  }
  return any;
}

void SessionEngine::deliver_batch() {
  if (has_own_thread()) {
    if (can_hand_over()) hand_over();
    return;
  }
  written_.clear();
  Host::Delivery delivery{};
  delivery.event_count = events_.write(directory_, written_);
  const auto total = static_cast<uint32_t>(batch_.handler_count());
  delivery.routed_count = static_cast<uint32_t>(batch_.routed_count());
  delivery.routed_start = static_cast<uint32_t>(kDescriptorsMax - batch_.routed_count());
  delivery.with_openings = true;
  is_delivering_ = true;
  do {
    delivery.handler_count =
        std::min(total - delivery.handler_start, static_cast<uint32_t>(kDeliveryMessagesMax));
    delivery.with_closings = delivery.handler_start + delivery.handler_count == total;
    ++counters_.deliveries;
    host_.deliver(delivery);
    take_outbound();
    delivery.handler_start += delivery.handler_count;
    delivery.with_openings = false;
    delivery.routed_count = 0;
  } while (delivery.handler_start < total);
  is_delivering_ = false;
  host_.detach_views();
  settle_lends();
  after_delivery();
}

void SessionEngine::after_delivery() {
  for (const EventList::Written& written : written_) {
    if (written.session == nullptr) {
      // Slots of reactors on threads of their own are freed there, when their block comes back.
      if (is_own(written.word)) directory_.release(written.word & kSlotMask);
      continue;
    }
    Session& session = *written.session;
    if (written.events & kPendingClose) {
      free_session(session);
      continue;
    }
    if ((written.events & kPendingOpen) && session.phase == Phase::kConnecting) {
      // Read from only now: its opening must come before its first message.
      session.phase = Phase::kOpen;
      watch(session);
    }
  }
  written_.clear();
}

void SessionEngine::flush() {
  if (!writer_.ring_empty()) take_outbound();
  if (!spent_slices_.empty()) release_spent();
  sender_.flush();
  show_queued();
  settle_between_turns();
}

// For the bound over all sessions, and for who asks from another thread.
void SessionEngine::show_queued() {
  const uint64_t queued = writer_.queued_total();
  // Relaxed: see queued_bytes().
  queued_bytes_.store(queued, std::memory_order_relaxed);
  reinterpret_cast<double*>(arena_->data())[kControlQueuedTotalF64] =
      static_cast<double>(writer_.held_total() + queued_packets_.bytes() + other_queued_ + sender_.bytes_under_way());
}

void SessionEngine::on_session_ready(uint32_t slot, uint32_t generation, uint32_t events) {
  Session* session = directory_.find(slot, generation);
  if (session == nullptr || session->phase == Phase::kClosed) return;
  if (session->phase == Phase::kLingering) return discard_input(*session);
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (!session->queue.empty() && ((events & EPOLLOUT) || failed)) writer_.flush_queue(*session);
  if (session->phase != Phase::kOpen || session->peer_closed) return;
  if (!session->paused) {
    if ((events & EPOLLIN) || failed) read_session(*session);
  } else if (events & EPOLLERR) {
    fail_unread(*session);
  }
}

void SessionEngine::fail_unread(Session& session) {
  const int error = pending_error(session.fd.get());
  ++counters_.syscalls;
  // A hang-up alone is a peer that ended in order: that comes after what is still to be read, once it is.
  if (error != 0) end_session(session, code_of_failure(error), error, false);
}

void SessionEngine::read_session(Session& session) {
  const bool route_all = reinterpret_cast<volatile uint32_t*>(arena_->data())[kControlRouteAll] != 0;
  size_t bytes = 0;
  InboundReader::Result result;
  do {
    result = reader_.read(session, route_all);
    bytes += result.bytes;
  } while (result.goes_on && bytes < kReadBytesMax && !batch_.full());
  turn_bytes_ += bytes;
  switch (result.outcome) {
    case InboundReader::Outcome::kRead:
      return;
    case InboundReader::Outcome::kEndOfFile:
      session.peer_closed = true;
      // The failed write has taken the socket's error; what it could not send is lost all the same.
      if (session.write_failed) {
        return end_session(session, CloseCode::kConnectionReset, session.close_errno, false);
      }
      return end_session(session, InboundReader::has_partial_packet(session) ? CloseCode::kProtocolTruncated
                                                                              : CloseCode::kOrderly,
                         0, false);
    case InboundReader::Outcome::kFailed:
      return end_session(session, code_of_failure(result.error), result.error, false);
    case InboundReader::Outcome::kProtocolError:
      return end_session(session, close_code_of(result.status), static_cast<int>(result.value), true);
    case InboundReader::Outcome::kNoBuffer:
      return end_session(session, CloseCode::kBufferBudget, 0, true);
  }
}

void SessionEngine::watch(Session& session) {
  uint32_t wanted = 0;
  switch (session.phase) {
    case Phase::kOpen:
      if (!session.paused && !session.peer_closed) wanted |= EPOLLIN;
      [[fallthrough]];
    case Phase::kConnecting:
    case Phase::kEnding:
    case Phase::kFlushing:
      if (!session.queue.empty()) wanted |= EPOLLOUT;
      break;
    case Phase::kLingering:
      wanted = EPOLLIN;
      break;
    case Phase::kClosed:
      return;
  }
  // Who is paused has still to hear of a reset: nothing else may ever come. Others that want nothing for now stay in the
  // set as well, because coming back costs the same call.
  if (wanted == 0 && (session.phase == Phase::kOpen || session.epoll_events != 0)) wanted = EpollPoller::kFailuresOnly;
  if (wanted == session.epoll_events) return;
  const int fd = session.fd.get();
  const uint64_t token = PollToken{PollToken::kSession, session.generation, session.slot}.packed();
  const int error = session.epoll_events == 0 ? poller_.add(fd, wanted, token) : poller_.modify(fd, wanted, token);
  ++counters_.syscalls;
  session.epoll_events = wanted;
  if (error != 0) {
    session.epoll_events = 0;
    end_session(session, CloseCode::kOutOfMemory, error, true);
  }
}

void SessionEngine::arm_stall(Session& session) {
  wheel_.arm(session.timer, clock_.now() + options_.stall_timeout_ns);
  if (!ticking_) update_liveness();
}

void SessionEngine::update_liveness() {
  const bool alive = !listeners_.empty() || !connects_.empty() || !names_.empty() || directory_.open_count() > 0 ||
                     (has_own_thread() && is_news_under_way());
  if (alive != alive_) host_.set_alive(alive_ = alive);
  bool ticking = external_deadlines_ || !wheel_.empty();
  for (const auto& [id, listener] : listeners_) {
    ticking = ticking || listener.suspended || listener.turned_away > 0;
  }
  if (ticking == ticking_) return;
  if (ticking) clock_.resume(monotonic_ns());
  host_.set_ticking(ticking_ = ticking);
}

void SessionEngine::on_write_progress(Session& session) {
  if (!session.queue.empty()) {
    arm_stall(session);
    return watch(session);
  }
  if (session.phase == Phase::kOpen || session.phase == Phase::kConnecting) {
    if (session.timer.armed()) wheel_.disarm(session.timer);
    SlotState& slot_state = directory_.state(session.slot);
    if (session.wants_drain) {
      session.wants_drain = false;
      events_.mark(session, kPendingDrain);
    } else if (!has_own_thread() && (slot_state.flags & kSlotWantsDrain) && slot_state.queued_bytes == 0) {
      slot_state.flags &= ~static_cast<uint32_t>(kSlotWantsDrain);
      events_.mark(session, kPendingDrain);
    }
    return watch(session);
  }
  if (session.phase == Phase::kFlushing) continue_close(session);
}

void SessionEngine::on_write_blocked(Session& session) {
  if (!session.timer.armed()) arm_stall(session);
  watch(session);
}

void SessionEngine::on_write_failed(Session& session, int error) {
  writer_.discard(session);
  tell_broken(session);
  session.write_failed = true;
  if (session.phase == Phase::kEnding || session.phase == Phase::kFlushing) {
    if (session.close_code == CloseCode::kOrderly) {
      session.close_code = CloseCode::kConnectionReset;
      session.close_errno = error;
    }
    // What is ending is finished once the turn's messages were delivered.
    return session.phase == Phase::kFlushing ? finish(session) : watch(session);
  }
  // The read side knows more: what the peer sent before it went, and why it went. Unless nobody reads.
  if (session.paused) return end_session(session, CloseCode::kConnectionReset, error, false);
  session.close_errno = error;
  wheel_.arm(session.timer, clock_.now() + options_.linger_timeout_ns);
  watch(session);
}

void SessionEngine::on_write_queue_refused(Session& session) {
  // A part is missing: nothing that follows it may reach the peer.
  writer_.discard(session);
  tell_broken(session);
  session.write_failed = true;
  if (session.phase == Phase::kEnding && session.close_code == CloseCode::kOrderly) {
    session.close_code = CloseCode::kOutOfMemory;
    session.close_errno = ENOMEM;
  }
  end_session(session, CloseCode::kOutOfMemory, ENOMEM, true);
}

void SessionEngine::set_external_deadlines(bool any) {
  external_deadlines_ = any;
  update_liveness();
}

void SessionEngine::check_invariants() const {
  directory_.check_invariants();
  pool_.check_invariants();
}

}  // namespace msgtrans
