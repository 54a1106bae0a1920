// One measured window: its phases, what was counted in it, and how long its requests took. Pure; one thread.
//
//   filling -> discarding -> measuring -> draining
//
// A job, in which each session sends so many requests, is measured from its first request to its last reply:
// its filling and draining are part of the work, and the length of the window only bounds it.
//
// A window with an appointment (`measure_at_ns`) is one of several that generators measure together. It is counted
// between its nominal boundaries: what was read from `measure_at_ns` on, for `measure_ns`. A generator that gets the
// processor late has read nothing meanwhile, so what all of them count is what arrived in one and the same
// stretch of time, exactly but for what a thread held between a read and its clock at either boundary (one read).
// Its processor times are known for the stretch between the moments at which it noticed the boundaries, and
// are scaled to the window.
//
// In closed loop the discarding begins when every session has its requests in flight. In open loop all times
// are nominal: the schedule runs from the start of the window to its nominal end, and latencies are those of
// the requests meant to leave while measuring, whenever they were answered (else a stall at the end would not
// be seen).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/latency_histogram.h"
#include "programs/generator_commands.h"
#include "programs/session_group.h"

namespace msgtrans {

enum class WindowPhase : uint8_t { filling, discarding, measuring, draining };

// Processor time used so far, in nanoseconds.
struct ProcessorTimes {
  uint64_t server_ns = 0;
  uint64_t generator_ns = 0;
};

struct LatencySummary {
  uint64_t samples = 0;
  double mean_ns = 0;
  uint64_t p50_ns = 0;
  uint64_t p99_ns = 0;
  uint64_t max_ns = 0;
};

struct WindowResult {
  std::string group;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  // Of a window with an appointment: when it could have begun to measure. Later than the appointment, it was missed.
  uint64_t ready_ns = 0;
  uint64_t operations = 0;
  uint64_t bytes = 0;
  // Open loop: requests meant for the window on sessions that were not cut, and those of them answered in
  // time.
  uint64_t intended = 0;
  uint64_t answered_in_time = 0;
  // Tick: frames of the window's ticks, and those of them that came before the next tick was meant to.
  uint64_t frames = 0;
  uint64_t frames_on_time = 0;
  ProcessorTimes used;
  LatencySummary latency;
};

class LoadWindow {
 public:
  // `service_time` and `response_time` are lent, and empty.
  LoadWindow(const WindowPlan& plan, const LoadShape& load, LatencyHistogram& service_time,
             LatencyHistogram& response_time)
      : plan_(plan),
        mode_(load.mode),
        availability_ns_(load.availability_ns),
        period_ns_(load.mode == LoadMode::tick ? static_cast<uint64_t>(1e9 / load.tick_hz) : 0),
        frame_bytes_(load.frame_bytes),
        service_time_(service_time),
        response_time_(response_time) {}

  WindowPhase phase() const { return phase_; }
  // When the next phase begins; never while filling or draining.
  uint64_t boundary_ns() const { return boundary_ns_; }
  // Open loop: when the last request may be meant to leave.
  uint64_t schedule_end_ns() const { return schedule_end_ns_; }

  void begin_discarding(uint64_t now_ns) {
    phase_ = WindowPhase::discarding;
    const uint64_t ready_ns = now_ns + plan_.discard_ns;
    if (has_appointment()) result_.ready_ns = ready_ns;
    boundary_ns_ = std::max(ready_ns, plan_.measure_at_ns);
    schedule_start_ns_ = boundary_ns_;
    schedule_end_ns_ = boundary_ns_ + plan_.measure_ns;
  }

  bool is_job() const { return plan_.is_job(); }
  bool has_appointment() const { return plan_.measure_at_ns != 0; }

  // Before the first request of a job.
  void begin_job(uint64_t now_ns, const ProcessorTimes& used) {
    begin_discarding(now_ns);
    boundary_ns_ = now_ns;
    cross_boundary(now_ns, used);
  }

  // All of a job was answered.
  void end_job(uint64_t now_ns, const ProcessorTimes& used) {
    if (phase_ == WindowPhase::measuring) cross_boundary(now_ns, used);
  }

  // Enters the next phase at `now_ns`, which is at or after boundary_ns().
  void cross_boundary(uint64_t now_ns, const ProcessorTimes& used) {
    const uint64_t at_ns = has_appointment() ? boundary_ns_ : now_ns;
    if (phase_ == WindowPhase::discarding) {
      phase_ = WindowPhase::measuring;
      result_.start_ns = at_ns;
      noticed_start_ns_ = now_ns;
      result_.used = used;
      boundary_ns_ = keeps_depth(mode_) ? at_ns + plan_.measure_ns : schedule_end_ns_;
      // Without the processor all the while: nothing was read in this window.
      if (has_appointment() && now_ns >= boundary_ns_) cross_boundary(now_ns, used);
    } else {
      phase_ = WindowPhase::draining;
      result_.end_ns = at_ns;
      result_.used.server_ns = of_window(used.server_ns - result_.used.server_ns, now_ns);
      result_.used.generator_ns = of_window(used.generator_ns - result_.used.generator_ns, now_ns);
      boundary_ns_ = UINT64_MAX;
    }
  }

  void abandon() {
    phase_ = WindowPhase::draining;
    boundary_ns_ = UINT64_MAX;
  }

  void note_reply(SessionGroup& group, uint32_t session_index, uint64_t sequence, uint32_t payload_bytes,
                  uint64_t now_ns) {
    const bool measuring = phase_ == WindowPhase::measuring;
    if (measuring) {
      ++result_.operations;
      result_.bytes += payload_bytes;
    }
    if (!group.sampled(session_index, sequence)) return;
    const SendStamp& stamp = group.stamp(session_index, sequence);
    if (mode_ == LoadMode::open) {
      if (!is_meant_for_window(stamp)) return;
      response_time_.record(now_ns - stamp.intended_ns);
      if (now_ns - stamp.intended_ns <= availability_ns_) ++result_.answered_in_time;
    } else if (!measuring) {
      return;
    }
    service_time_.record(now_ns - stamp.sent_ns);
  }

  // Open loop: one more request is sent, whenever it was meant to leave.
  void note_request(uint64_t intended_ns) {
    if (is_meant_for_window({0, intended_ns})) ++result_.intended;
  }

  // Open loop: the session is cut. What it has out will not be answered, and nobody is to blame.
  void note_cut(SessionGroup& group, uint32_t session_index) {
    const SessionProgress& progress = group.sessions[session_index].progress;
    for (uint64_t sequence = progress.answered + 1; sequence <= progress.sent; ++sequence) {
      if (is_meant_for_window(group.stamp(session_index, sequence))) --result_.intended;
    }
  }

  // Tick: a frame arrived.
  void note_frame(const FrameContent& frame, uint64_t now_ns) {
    if (phase_ == WindowPhase::measuring) {
      ++result_.operations;
      result_.bytes += frame_bytes_;
    }
    if (!is_meant_for_window({0, frame.intended_ns})) return;
    // A clock that two processes share does not go back; a frame before its time is one that lies about it.
    const uint64_t late_ns = now_ns > frame.intended_ns ? now_ns - frame.intended_ns : 0;
    ++result_.frames;
    if (late_ns <= period_ns_) ++result_.frames_on_time;
    response_time_.record(late_ns);
  }

  // After the drain.
  WindowResult result() const {
    WindowResult result = result_;
    result.group = plan_.group;
    const LatencyHistogram& latency = keeps_depth(mode_) ? service_time_ : response_time_;
    result.latency = {latency.samples(), latency.mean_ns(), latency.value_at_quantile_ns(0.5),
                      latency.value_at_quantile_ns(0.99), latency.max_ns()};
    return result;
  }

 private:
  // Processor time spent from when the window was noticed to have begun until `noticed_end_ns`, as that of the window.
  uint64_t of_window(uint64_t used_ns, uint64_t noticed_end_ns) const {
    const uint64_t noticed_ns = noticed_end_ns - noticed_start_ns_;
    if (!has_appointment() || noticed_ns == 0) return used_ns;
    const auto measured_ns = static_cast<double>(result_.end_ns - result_.start_ns);
    return static_cast<uint64_t>(static_cast<double>(used_ns) * measured_ns / static_cast<double>(noticed_ns));
  }

  bool is_meant_for_window(const SendStamp& stamp) const {
    return stamp.intended_ns >= schedule_start_ns_ && stamp.intended_ns < schedule_end_ns_;
  }

  WindowPlan plan_;
  LoadMode mode_;
  uint64_t availability_ns_;
  uint64_t period_ns_;
  uint32_t frame_bytes_;
  LatencyHistogram& service_time_;
  LatencyHistogram& response_time_;
  WindowPhase phase_ = WindowPhase::filling;
  uint64_t boundary_ns_ = UINT64_MAX;
  uint64_t schedule_start_ns_ = 0;
  uint64_t schedule_end_ns_ = 0;
  uint64_t noticed_start_ns_ = 0;
  WindowResult result_;
};

}  // namespace msgtrans
