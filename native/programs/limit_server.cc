#include "programs/limit_server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "programs/endpoint.h"
#include "programs/process_guard.h"

namespace msgtrans {
namespace {

// Tags of epoll events. Ids of sessions have a generation of at least 1 in their high half, so that these are
// free.
constexpr uint64_t kWatchedTag = 0;
constexpr uint64_t kTimerTag = 0x4000'0000;
constexpr uint64_t kListenerTag = 0x8000'0000;

UniqueFd open_reserve() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

LimitServer::LimitServer()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      reserve_(open_reserve()),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  // Edge-triggered, so that an expiry needs no read: setting the timer again arms it again.
  if (good()) register_fd(timer_.get(), EPOLLIN | EPOLLET, kTimerTag);
}

LimitServer::~LimitServer() {
  for (const Listener& listener : listeners_) {
    if (!listener.unix_path.empty()) ::unlink(listener.unix_path.c_str());
  }
}

bool LimitServer::register_fd(int fd, uint32_t events, uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  ++counters_.syscalls;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool LimitServer::watch(int fd) {
  if (watched_ == kWatchedMax) return false;
  return register_fd(fd, EPOLLIN, kWatchedTag + watched_++);
}

std::optional<std::string> LimitServer::listen(const std::string& url, const LimitService& service,
                                               ControlError& error) {
  const std::optional<SocketAddress> address = parse_endpoint(url);
  if (!address) {
    error = {"ERR_LIMIT_INVALID_URL",
             "cannot listen on \"" + url + "\"; give tcp://ADDRESS:PORT or unix:///PATH"};
    return std::nullopt;
  }
  OpenedSocket opened = open_listener(*address, SOMAXCONN);
  if (!opened.fd.valid()) {
    error = {"ERR_LIMIT_LISTEN_FAILED", "cannot listen on " + url + ": " + describe_errno(opened.error) +
                                            "; choose another address, or port 0 for any free one"};
    return std::nullopt;
  }
  std::string bound = SocketAddress::local_of(opened.fd.get()).url();
  if (!register_fd(opened.fd.get(), EPOLLIN, kListenerTag + listeners_.size())) {
    error = {"ERR_LIMIT_LISTEN_FAILED", "cannot watch " + url + ": " + describe_errno(errno)};
    return std::nullopt;
  }
  auto broadcaster = service.handler == LimitHandler::broadcast
                         ? std::make_unique<LimitBroadcaster>(service.broadcast)
                         : nullptr;
  listeners_.push_back(
      {std::move(opened.fd), service, std::move(broadcaster), std::string(unix_path_of(url))});
  return bound;
}

uint32_t LimitServer::turn() {
  epoll_event events[kEventsPerTurn];
  ++counters_.syscalls;
  const int count = ::epoll_wait(epoll_.get(), events, kEventsPerTurn, -1);
  uint32_t readable = 0;
  for (int index = 0; index < count; ++index) {
    const uint64_t tag = events[index].data.u64;
    if ((tag >> 32) != 0) {
      on_session(tag, events[index].events);
    } else if (tag >= kListenerTag) {
      accept_ready(listeners_[tag - kListenerTag]);
    } else if (tag == kTimerTag) {
      tick_due();
    } else {
      readable |= 1u << tag;
    }
  }
  return readable;
}

void LimitServer::accept_ready(Listener& listener) {
  for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
    ++counters_.syscalls;
    UniqueFd fd(accept_connection(listener.fd.get()));
    if (!fd.valid()) {
      if (errno == EMFILE || errno == ENFILE) shed_one_connection(listener);
      return;
    }
    ++counters_.sessions_accepted;
    const int raw_fd = fd.get();
    const uint64_t id = sessions_.open(std::move(fd), listener.service);
    if (listener.broadcaster != nullptr) {
      LimitSession& session = *sessions_.find(id);
      session.broadcaster = listener.broadcaster.get();
      session.interest_group = session.broadcaster->groups().join(id);
    }
    if (!register_fd(raw_fd, EPOLLIN, id)) close(id);
  }
}

// Without this a full descriptor table would leave the connection in the queue and the loop spinning on it.
void LimitServer::shed_one_connection(Listener& listener) {
  reserve_.reset();
  UniqueFd shed(accept_connection(listener.fd.get()));
  shed.reset();
  reserve_ = open_reserve();
}

void LimitServer::on_session(uint64_t id, uint32_t events) {
  LimitSession* session = sessions_.find(id);
  if (session == nullptr) return;  // Closed earlier in this turn.
  if ((events & EPOLLOUT) != 0) {
    on_writable(id, *session);
  } else if (!session->output.empty()) {
    close(id);  // An error or a hang-up while only writing is awaited.
  } else {
    on_readable(id, *session);
  }
}

void LimitServer::on_readable(uint64_t id, LimitSession& session) {
  std::span<uint8_t> arrived;
  ++counters_.syscalls;
  switch (reader_.read(session.fd.get(), session.remainder, arrived)) {
    case ReadOutcome::data:
      if (!answer_all(id, session, arrived)) close(id);
      return;
    case ReadOutcome::waiting:
      return;
    case ReadOutcome::ended:
    case ReadOutcome::failed:
      close(id);
      return;
  }
}

bool LimitServer::answer_all(uint64_t id, LimitSession& session, std::span<uint8_t> arrived) {
  PacketFramer framer(arrived.data(), arrived.size(), limits_);
  LimitReplyBatch replies(arrived, spill_);
  Frame frame;
  const uint64_t sent_before = counters_.messages_sent;
  while (framer.next(frame) == FramerStatus::frame) {
    ++counters_.messages_received;
    LimitSession* record = sessions_.find(id);
    if (record == nullptr) return false;
    if (!answer(*record, frame, arrived.data() + frame.payload_offset(), replies)) return false;
  }
  const bool good = framer.status() != FramerStatus::protocol_error;
  if (!good) ++counters_.protocol_errors;
  const std::span<const uint8_t> bytes = replies.bytes();
  if (!bytes.empty()) {
    ++counters_.syscalls;
    const WriteOutcome outcome = session.output.write(session.fd.get(), bytes.data(), bytes.size());
    if (outcome == WriteOutcome::failed) {
      counters_.messages_sent = sent_before;
      return false;
    }
    if (outcome == WriteOutcome::some) wait_for(id, session, EPOLLOUT);
  }
  if (good) {
    StreamReader::keep_tail(session.remainder, arrived, framer.tail_bytes(),
                            static_cast<size_t>(framer.tail_frame_bytes()));
  }
  return good;
}

bool LimitServer::answer(LimitSession& session, const Frame& frame, const uint8_t* payload,
                         LimitReplyBatch& replies) {
  if (session.service.handler == LimitHandler::sink) {
    take_one_way(session, frame, payload, replies);
    return true;
  }
  if (session.service.handler == LimitHandler::broadcast) {
    take_input(session, frame, payload, replies);
    return true;
  }
  if (frame.header.packet_type != kPacketRequest) {
    ++counters_.messages_dropped;
    return true;
  }
  if (session.service.handler == LimitHandler::forward) {
    replies.forward(frame);
  } else if (frame.header.payload_bytes >= kTokenBytes) {
    replies.answer(frame, ++session.counter);
  } else {
    ++counters_.protocol_errors;  // A request of this handler begins with a token.
    return false;
  }
  ++counters_.messages_sent;
  return true;
}

void LimitServer::take_one_way(LimitSession& session, const Frame& frame, const uint8_t* payload,
                               LimitReplyBatch& replies) {
  if (frame.header.packet_type == kPacketResponse) {
    ++counters_.messages_dropped;
    return;
  }
  if (frame.header.packet_type == kPacketOneWay) {
    session.sink.take(payload, frame.header.payload_bytes);
    if (session.sink.total().received % session.service.ack_every != 0) return;
  }
  replies.acknowledge(frame, session.sink.total());
  ++counters_.messages_sent;
}

void LimitServer::take_input(LimitSession& session, const Frame& frame, const uint8_t* payload,
                             LimitReplyBatch& replies) {
  if (frame.header.packet_type == kPacketResponse) {
    ++counters_.messages_dropped;
    return;
  }
  if (frame.header.packet_type == kPacketOneWay) {
    session.sink.take(payload, frame.header.payload_bytes);
    return;
  }
  if (frame.header.payload_bytes >= kSwitchBytes) {
    if (load_32(payload + kSwitchCommandOffset) != 0) {
      session.broadcaster->begin(monotonic_ns());
    } else {
      session.broadcaster->end();
    }
    arm_timer();
  }
  replies.acknowledge(frame, session.sink.total());
  ++counters_.messages_sent;
}

// One tick of each listener that is behind; then the sessions have their turn, whatever else is due.
void LimitServer::tick_due() {
  armed_ns_ = UINT64_MAX;
  for (Listener& listener : listeners_) {
    if (listener.broadcaster == nullptr || listener.broadcaster->next_ns() > monotonic_ns()) continue;
    listener.broadcaster->take_tick();
    const InterestGroups& groups = listener.broadcaster->groups();
    for (size_t group = 0; group < groups.groups(); ++group) {
      const std::vector<uint8_t>& packet = listener.broadcaster->frame(static_cast<uint32_t>(group));
      for (const uint64_t id : groups.members(group)) send_frame(id, packet);
    }
  }
  arm_timer();
}

// A session whose peer is gone is closed when the loop hears of that.
void LimitServer::send_frame(uint64_t id, const std::vector<uint8_t>& packet) {
  LimitSession& session = *sessions_.find(id);
  const bool was_waiting = !session.output.empty();
  ++counters_.syscalls;
  const WriteOutcome outcome = session.output.write(session.fd.get(), packet.data(), packet.size());
  if (outcome == WriteOutcome::failed) return;
  ++counters_.messages_sent;
  if (outcome == WriteOutcome::some && !was_waiting) wait_for(id, session, EPOLLOUT);
}

void LimitServer::arm_timer() {
  uint64_t next_ns = UINT64_MAX;
  for (const Listener& listener : listeners_) {
    if (listener.broadcaster != nullptr) next_ns = std::min(next_ns, listener.broadcaster->next_ns());
  }
  if (next_ns == armed_ns_) return;
  armed_ns_ = next_ns;
  itimerspec expiry{};  // All zero disarms.
  if (next_ns != UINT64_MAX) {
    expiry.it_value.tv_sec = static_cast<time_t>(next_ns / 1'000'000'000);
    expiry.it_value.tv_nsec = static_cast<long>(next_ns % 1'000'000'000);
  }
  ++counters_.syscalls;
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &expiry, nullptr);
}

void LimitServer::close(uint64_t id) {
  LimitSession& session = *sessions_.find(id);
  if (session.broadcaster != nullptr) {
    session.broadcaster->groups().leave(id, session.interest_group);
    // Nobody is left to say when to end.
    if (session.broadcaster->groups().sessions() == 0) session.broadcaster->end();
  }
  sessions_.close(id);
}

void LimitServer::on_writable(uint64_t id, LimitSession& session) {
  ++counters_.syscalls;
  const WriteOutcome outcome = session.output.flush(session.fd.get());
  if (outcome == WriteOutcome::failed) {
    close(id);
  } else if (outcome == WriteOutcome::all) {
    wait_for(id, session, EPOLLIN);
  }
}

void LimitServer::wait_for(uint64_t id, LimitSession& session, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  ++counters_.syscalls;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, session.fd.get(), &event);
}

}  // namespace msgtrans
