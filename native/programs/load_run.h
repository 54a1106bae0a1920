// Executes one `run` command: its windows, one after the other, on the calling thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "programs/control_channel.h"
#include "programs/generator_commands.h"
#include "programs/generator_loop.h"
#include "programs/load_window.h"
#include "programs/open_schedule.h"
#include "programs/reply_receiver.h"
#include "programs/request_sender.h"
#include "programs/session_group.h"

namespace msgtrans {

class LoadRun {
 public:
  LoadRun(const RunCommand& command, GroupTable& groups, GeneratorLoop& loop, ReplyReceiver& receiver,
          ControlChannel& control);

  // Gives an error, or nothing when all windows are in results() or the process is to stop at once.
  std::optional<ControlError> run();

  bool stopped() const { return stopped_; }
  const std::vector<WindowResult>& results() const { return results_; }

  // The sink of ReplyReceiver.
  void arrived(uint64_t now_ns);
  void reply(SessionGroup& group, uint32_t session_index, uint64_t sequence, uint32_t payload_bytes);
  void frame(const FrameContent& frame) { window_->note_frame(frame, now_ns_); }

 private:
  std::optional<ControlError> prepare_groups();
  void run_window(SessionGroup& group, const WindowPlan& plan);
  void fill_closed_loop();
  bool finished() const;
  void turn();
  void on_event(const epoll_event& event);
  void on_session(uint32_t session_index, uint32_t events);
  void send(uint32_t session_index, uint64_t count, uint64_t now_ns, uint64_t intended_ns);
  void refill(uint32_t session_index);
  void ask_what_arrived(uint64_t now_ns);
  void send_switch(bool begin, uint64_t now_ns);
  void call_roll();
  void send_fences(uint64_t now_ns);
  void note_written(uint32_t session_index, WriteOutcome outcome, bool was_waiting);
  void send_due();
  uint64_t next_kill_ns() const;
  void kill_due(uint64_t now_ns);
  void kill_session(uint32_t session_index);
  bool schedule_pending() const;
  void arm_timer(uint64_t at_ns);
  void pass_time(uint64_t now_ns);
  void check_reply_timeouts(uint64_t now_ns);
  void fail(ControlError error, uint64_t now_ns);
  ProcessorTimes processor_times();

  const RunCommand& command_;
  GroupTable& groups_;
  GeneratorLoop& loop_;
  ReplyReceiver& receiver_;
  ControlChannel& control_;
  RequestSender sender_;
  uint32_t in_flight_max_ = 0;  // Per session.

  SessionGroup* group_ = nullptr;
  LoadWindow* window_ = nullptr;
  OpenSchedule schedule_;
  uint64_t load_start_ns_ = 0;  // Open loop: where the group's time under load was zero.
  bool throttled_ = false;  // Open loop: the session whose turn it is has too much in flight.
  bool filled_ = false;
  bool ended_ = false;   // Tick: the server was told to end.
  bool fenced_ = false;  // One-way messages: every session was asked what has arrived.
  uint64_t now_ns_ = 0;  // When the bytes being judged arrived.
  uint64_t armed_ns_ = 0;
  uint64_t next_check_ns_ = 0;
  uint64_t failure_deadline_ns_ = 0;

  LatencyHistogram service_time_;
  LatencyHistogram response_time_;
  std::vector<WindowResult> results_;
  std::optional<ControlError> failure_;
  bool server_clock_failed_ = false;
  bool stopped_ = false;
};

}  // namespace msgtrans
