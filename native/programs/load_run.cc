#include "programs/load_run.h"

#include <algorithm>

#include "base/monotonic_clock.h"
#include "programs/in_flight_bound.h"
#include "programs/session_service.h"

namespace msgtrans {
namespace {

// Closer than this to the next request the loop polls instead of sleeping: a timer wakes that late.
constexpr uint64_t kSpinNs = 20'000;
// Requests sent before replies are looked at again, and sessions filled likewise.
constexpr int kSendsPerTurn = 64;
constexpr uint64_t kTimeoutCheckNsMax = 1'000'000'000;
// After a failure the other sessions get this long to hand in what is out, so that the ledger is exact.
constexpr uint64_t kFailureDrainNs = 1'000'000'000;

GroupTraffic traffic_of(LoadMode mode) {
  if (mode == LoadMode::tick) return GroupTraffic::frames;
  return mode == LoadMode::stream ? GroupTraffic::one_way : GroupTraffic::requests;
}

std::optional<uint64_t> clock_ns(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

ControlError session_lost_error(const SessionGroup& group) {
  return {"ERR_GENERATOR_SESSION_LOST",
          "group " + group.name + " lost " + std::to_string(group.lost_sessions) + " of " +
              std::to_string(group.sessions.size()) + " sessions; first " + group.loss_reason,
          group.name};
}

}  // namespace

LoadRun::LoadRun(const RunCommand& command, GroupTable& groups, GeneratorLoop& loop, ReplyReceiver& receiver,
                 ControlChannel& control)
    : command_(command),
      groups_(groups),
      loop_(loop),
      receiver_(receiver),
      control_(control),
      in_flight_max_(in_flight_max_of(command.load)) {}

std::optional<ControlError> LoadRun::run() {
  if (std::optional<ControlError> error = prepare_groups()) return error;
  for (const WindowPlan& plan : command_.windows) {
    run_window(*find_group(groups_, plan.group), plan);
    if (stopped_) return std::nullopt;
    if (failure_) return failure_;
  }
  return std::nullopt;
}

std::optional<ControlError> LoadRun::prepare_groups() {
  for (const WindowPlan& plan : command_.windows) {
    SessionGroup* found = find_group(groups_, plan.group);
    if (found == nullptr || !found->connected) {
      return ControlError{"ERR_GENERATOR_UNKNOWN_GROUP",
                          "group \"" + plan.group + "\" is not connected; send connect first"};
    }
    SessionGroup& group = *found;
    if (group.lost_sessions != 0) return session_lost_error(group);
    const GroupTraffic traffic = traffic_of(command_.load.mode);
    if (group.traffic != GroupTraffic::none && group.traffic != traffic) {
      return ControlError{kErrorBadCommand,
                          "group " + group.name + " has carried another kind of messages before; "
                          "disconnect it and connect again"};
    }
    group.traffic = traffic;
    if (group.outstanding != 0 || group.fences_outstanding != 0) {
      return ControlError{"ERR_GENERATOR_REPLY_TIMEOUT",
                          "group " + group.name + " still waits for " + std::to_string(group.outstanding) +
                              " replies of an earlier run; disconnect it and connect again",
                          group.name};
    }
    sender_.prepare(group, command_.load, in_flight_max_);
  }
  return std::nullopt;
}

void LoadRun::run_window(SessionGroup& group, const WindowPlan& plan) {
  LoadWindow window(plan, command_.load, service_time_, response_time_);
  group_ = &group;
  window_ = &window;
  filled_ = false;
  ended_ = false;
  fenced_ = !is_one_way(command_.load.mode);
  uint64_t start_ns = monotonic_ns();
  next_check_ns_ = start_ns;
  for (GeneratorSession& session : group.sessions) {
    session.sent_until = plan.is_job() ? session.progress.sent + plan.messages_per_session : UINT64_MAX;
  }
  if (plan.is_job()) window.begin_job(start_ns, processor_times());
  if (keeps_depth(command_.load.mode)) {
    fill_closed_loop();
  } else if (command_.load.mode == LoadMode::tick) {
    call_roll();
    start_ns = monotonic_ns();
    const auto players = static_cast<double>(group.sessions.size());
    schedule_ = OpenSchedule(start_ns, command_.load.rate_per_second * players);
    if (!failure_ && !stopped_) send_switch(true, start_ns);
  } else {
    schedule_ = OpenSchedule(start_ns, command_.load.rate_per_second);
    load_start_ns_ = start_ns - group.load_ns;
    if (group.kills.percent_per_minute() != command_.load.kill_percent_per_minute) {
      group.kills = KillSchedule(group.sessions[0].progress.key, static_cast<uint32_t>(group.sessions.size()),
                                 command_.load.kill_percent_per_minute);
      group.load_ns = 0;
      load_start_ns_ = start_ns;
    }
  }
  filled_ = true;
  // A small job may be answered while its last requests are still being sent; nothing would wake the loop then.
  if (plan.is_job() && group.outstanding == 0) window.end_job(monotonic_ns(), processor_times());
  if (window.phase() == WindowPhase::filling) {
    window.begin_discarding(keeps_depth(command_.load.mode) ? monotonic_ns() : start_ns);
  }
  if (group.lost_sessions != 0) pass_time(monotonic_ns());
  while (!stopped_ && !finished()) turn();
  if (command_.load.mode == LoadMode::open) group.load_ns = window.schedule_end_ns() - load_start_ns_;
  if (!failure_ && server_clock_failed_) {
    fail({"ERR_GENERATOR_SERVER_CLOCK", "cannot read the processor time of the server of group " +
                                            group.name + "; is serverPid its process?"},
         monotonic_ns());
  }
  if (!failure_ && !stopped_) {
    if (command_.load.mode == LoadMode::tick) {
      group.frame_ledger.close_window(group.frames, command_.load.group_size);
    }
    results_.push_back(window.result());
    group.service_time.add(service_time_);
    group.response_time.add(response_time_);
  }
  if (failure_) group.frame_ledger.abandon_window(group.frames);
  service_time_.reset();
  response_time_.reset();
  window_ = nullptr;
  group_ = nullptr;
}

// Replies are read between the first requests, so that neither side's socket buffers fill up meanwhile.
void LoadRun::fill_closed_loop() {
  const auto sessions = static_cast<uint32_t>(group_->sessions.size());
  for (uint32_t index = 0; index < sessions && !stopped_ && !failure_; ++index) {
    if (group_->sessions[index].fd.valid()) refill(index);
    if (index % kSendsPerTurn == kSendsPerTurn - 1) turn();
  }
}

bool LoadRun::finished() const {
  if (window_->phase() != WindowPhase::draining) return false;
  if (failure_ && monotonic_ns() >= failure_deadline_ns_) return true;
  if (failure_ && group_->outstanding == 0) return true;
  return fenced_ && group_->outstanding == 0 && group_->fences_outstanding == 0 && !schedule_pending();
}

// True while requests that were meant to leave before the end of the window are still to be sent.
bool LoadRun::schedule_pending() const {
  return !keeps_depth(command_.load.mode) && command_.load.rate_per_second > 0 && !failure_ &&
         schedule_.next_ns() < window_->schedule_end_ns();
}

void LoadRun::turn() {
  bool block = filled_;
  uint64_t wake_ns = std::min(window_->boundary_ns(), next_check_ns_);
  if (failure_) wake_ns = std::min(wake_ns, failure_deadline_ns_);
  if (filled_ && schedule_pending()) {
    kill_due(monotonic_ns());
    wake_ns = std::min(wake_ns, next_kill_ns());
    send_due();
    if (!throttled_ && schedule_pending()) {
      block = schedule_.next_ns() > monotonic_ns() + kSpinNs;
      wake_ns = std::min(wake_ns, schedule_.next_ns() - kSpinNs);
    }
  }
  if (block) arm_timer(wake_ns);
  for (const epoll_event& event : loop_.wait(block)) {
    on_event(event);
    if (stopped_) return;
  }
  const uint64_t now_ns = monotonic_ns();
  // Whoever is answered sends its next request at once: when nothing is out, all of the job was answered.
  if (filled_ && window_->is_job() && group_->outstanding == 0) window_->end_job(now_ns, processor_times());
  pass_time(now_ns);
  if (!fenced_ && !failure_ && window_->phase() == WindowPhase::draining && !schedule_pending()) {
    ask_what_arrived(now_ns);
  }
}

void LoadRun::arm_timer(uint64_t at_ns) {
  if (at_ns == armed_ns_) return;
  armed_ns_ = at_ns;
  loop_.set_timer(at_ns);
}

void LoadRun::on_event(const epoll_event& event) {
  const uint64_t tag = event.data.u64;
  const auto group_index = static_cast<uint32_t>(tag >> 32);
  const auto session_index = static_cast<uint32_t>(tag);
  if (group_index == group_->index) {
    on_session(session_index, event.events);
  } else if (group_index != 0) {
    serve_idle_session(*groups_[group_index], session_index, event.events, loop_, receiver_);
  } else if (tag == GeneratorLoop::kEndingTag) {
    stopped_ = true;
  } else if (tag == GeneratorLoop::kControlTag) {
    // Further commands wait for their turn; only the end of the file matters now.
    stopped_ = !control_.read_available();
  }
}

void LoadRun::on_session(uint32_t session_index, uint32_t events) {
  if (!group_->sessions[session_index].fd.valid()) return;
  if ((events & EPOLLOUT) != 0) {
    if (!flush_session(*group_, session_index, loop_)) return;
    if (command_.load.mode == LoadMode::stream && window_->phase() != WindowPhase::draining) {
      refill(session_index);
    }
  }
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) == 0 || !group_->sessions[session_index].fd.valid()) return;
  if (!receiver_.receive(*group_, session_index, *this)) return;
  if (keeps_depth(command_.load.mode)) {
    if (window_->phase() != WindowPhase::draining) refill(session_index);
  } else if (schedule_pending() && filled_) {
    throttled_ = false;
    if (schedule_.next_ns() <= now_ns_) send_due();
  }
}

// Requests answered out of order keep their place until the gap closes, so that a session never has more than
// `depth` open.
void LoadRun::refill(uint32_t session_index) {
  const GeneratorSession& session = group_->sessions[session_index];
  // One-way messages that the socket does not take now are made when it does, instead of being copied.
  if (command_.load.mode == LoadMode::stream && !session.output.empty()) return;
  const uint64_t outstanding = session.progress.outstanding();
  if (outstanding >= command_.load.depth) return;
  const uint64_t count =
      std::min(command_.load.depth - outstanding, session.sent_until - session.progress.sent);
  if (count > 0) send(session_index, count, monotonic_ns(), 0);
}

void LoadRun::ask_what_arrived(uint64_t now_ns) {
  if (command_.load.mode == LoadMode::tick) {
    // Its answers say that the server ticks, and that it has ended: what comes before the fences is then all.
    if (group_->streams[0].fence_id != 0) return;
    if (!ended_) {
      ended_ = true;
      return send_switch(false, now_ns);
    }
  }
  send_fences(now_ns);
}

void LoadRun::send_switch(bool begin, uint64_t now_ns) {
  const GeneratorSession& session = group_->sessions[0];
  if (!session.fd.valid()) return;
  const bool was_waiting = !session.output.empty();
  note_written(0, RequestSender::send_switch(*group_, 0, now_ns, begin), was_waiting);
}

// Everybody has joined before the first tick. A connection counts as open while a server that accepts slowly has yet to
// take it, or even to be asked again for it: it would miss ticks that others get, and these would count as lost.
void LoadRun::call_roll() {
  send_fences(monotonic_ns());
  while (!stopped_ && !failure_ && group_->fences_outstanding > 0) turn();
  fenced_ = false;
}

void LoadRun::send_fences(uint64_t now_ns) {
  fenced_ = true;
  for (uint32_t index = 0; index < group_->sessions.size(); ++index) {
    GeneratorSession& session = group_->sessions[index];
    if (!session.fd.valid()) continue;
    const bool was_waiting = !session.output.empty();
    note_written(index, RequestSender::send_fence(*group_, index, now_ns), was_waiting);
  }
}

void LoadRun::send(uint32_t session_index, uint64_t count, uint64_t now_ns, uint64_t intended_ns) {
  const bool was_waiting = !group_->sessions[session_index].output.empty();
  note_written(session_index, sender_.send(*group_, session_index, count, now_ns, intended_ns), was_waiting);
}

void LoadRun::note_written(uint32_t session_index, WriteOutcome outcome, bool was_waiting) {
  if (outcome == WriteOutcome::failed) {
    lose_session(*group_, session_index, "write: " + describe_errno(errno));
  } else if (outcome == WriteOutcome::some && !was_waiting) {
    loop_.await_writable(group_->sessions[session_index].fd.get(),
                         GeneratorLoop::session_tag(group_->index, session_index), true);
  }
}

void LoadRun::send_due() {
  throttled_ = false;
  for (int sends = 0; sends < kSendsPerTurn && schedule_pending(); ++sends) {
    const uint64_t now_ns = monotonic_ns();
    if (schedule_.next_ns() > now_ns) return;
    const uint32_t session_index = group_->next_session_index;
    const GeneratorSession& session = group_->sessions[session_index];
    if (!session.fd.valid()) return;  // Lost: pass_time() ends the window.
    throttled_ = command_.load.mode == LoadMode::open && session.progress.outstanding() >= in_flight_max_;
    if (throttled_) return;
    if (command_.load.mode == LoadMode::open) window_->note_request(schedule_.next_ns());
    send(session_index, 1, now_ns, schedule_.next_ns());
    schedule_.advance();
    group_->next_session_index = (session_index + 1) % static_cast<uint32_t>(group_->sessions.size());
  }
}

void LoadRun::arrived(uint64_t now_ns) {
  now_ns_ = now_ns;
  // Before the replies are counted, so that they count in the phase in which they were read.
  if (now_ns >= window_->boundary_ns()) [[unlikely]] {
    window_->cross_boundary(now_ns, processor_times());
  }
}

void LoadRun::reply(SessionGroup& group, uint32_t session_index, uint64_t sequence, uint32_t payload_bytes) {
  if (command_.load.mode == LoadMode::tick) return;  // An input was taken: frames are what is counted.
  window_->note_reply(group, session_index, sequence, payload_bytes, now_ns_);
}

void LoadRun::pass_time(uint64_t now_ns) {
  if (now_ns >= window_->boundary_ns()) window_->cross_boundary(now_ns, processor_times());
  if (group_->lost_sessions != 0 && !failure_) {
    fail(session_lost_error(*group_), now_ns);
  }
  if (now_ns >= next_check_ns_) {
    check_reply_timeouts(now_ns);
    next_check_ns_ = now_ns + std::min(kTimeoutCheckNsMax, command_.reply_timeout_ns / 4 + 1);
  }
}

void LoadRun::check_reply_timeouts(uint64_t now_ns) {
  if (failure_) return;
  for (size_t index = 0; index < group_->sessions.size(); ++index) {
    const GeneratorSession& session = group_->sessions[index];
    // Inputs are acknowledged by the fences alone: of a broadcast, switches and fences are what is waited for.
    const uint64_t outstanding = command_.load.mode == LoadMode::tick ? 0 : session.progress.outstanding();
    const bool fence_out = !group_->streams.empty() && group_->streams[index].fence_id != 0;
    if (outstanding == 0 && !fence_out) continue;
    if (now_ns < session.waiting_since_ns + command_.reply_timeout_ns) continue;
    fail({"ERR_GENERATOR_REPLY_TIMEOUT",
          "group " + group_->name + ", session " + std::to_string(index) + ": " +
              std::to_string(outstanding) + " requests unanswered, none answered for " +
              std::to_string((now_ns - session.waiting_since_ns) / 1'000'000) + " ms (limit " +
              std::to_string(command_.reply_timeout_ns / 1'000'000) + " ms)",
          group_->name},
         now_ns);
    return;
  }
}

void LoadRun::fail(ControlError error, uint64_t now_ns) {
  failure_ = std::move(error);
  failure_deadline_ns_ = now_ns + kFailureDrainNs;
  window_->abandon();
}

ProcessorTimes LoadRun::processor_times() {
  const std::optional<uint64_t> server_ns = clock_ns(group_->server_clock);
  // Judged after the drain: when the server has died, the lost sessions are the better explanation.
  if (!server_ns) server_clock_failed_ = true;
  return {server_ns.value_or(0), clock_ns(CLOCK_THREAD_CPUTIME_ID).value_or(0)};
}

}  // namespace msgtrans
