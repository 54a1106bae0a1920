// One inline reactor: its sockets, sessions, slices and deadlines, and the turn that moves messages between them.
//
//   turn: readiness -> read -> frame -> descriptors -> one delivery -> take the outbound ring -> write per session
//         -> judge deadlines -> free what died
//
// The engine knows nothing of JavaScript or libuv: the binding is its `Host`. Tests drive it with a host of their own.
//
// Thread: the one that made it; nothing is shared with other threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/close_code.h"
#include "base/monotonic_clock.h"
#include "base/unique_fd.h"
#include "io/epoll_poller.h"
#include "io/reactor_clock.h"
#include "io/socket_address.h"
#include "io/timer_wheel.h"
#include "memory/arena.h"
#include "memory/buffer_pool.h"
#include "protocol/packet_header.h"
#include "session/delivery_batch.h"
#include "session/engine_counters.h"
#include "session/event_list.h"
#include "session/inbound_reader.h"
#include "session/outbound_writer.h"
#include "session/session.h"
#include "session/session_directory.h"

namespace msgtrans {

struct EngineOptions {
  uint32_t reactor = 0;                // number of this reactor in session ids
  uint32_t session_capacity = 1024;    // slots made ahead of use
  PacketLimits limits;
  uint64_t stall_timeout_ns = 30'000'000'000;
  uint64_t linger_timeout_ns = 1'000'000'000;
  BufferPoolOptions pool;
};

class SessionEngine final : private OutboundWriter::Observer {
 public:
  // What the engine needs of the world around it. All calls come on the engine's thread, from inside its methods.
  class Host {
   public:
    // Hands over messages and events; the arena holds them until the call returns. `handler_start` counts
    // descriptors from the front, `routed_start` from the front too.
    struct Delivery {
      uint32_t handler_start;
      uint32_t handler_count;
      uint32_t routed_start;
      uint32_t routed_count;
      uint32_t event_count;
      bool with_openings;  // the events that come before the messages are due
      bool with_closings;  // and those that come after them
    };
    virtual void deliver(const Delivery& delivery) = 0;
    // Every view of the turn's slices must be out of reach when this returns: their memory is written again.
    virtual void detach_views() = 0;
    // Something is left to do although no socket may become ready: turn again soon.
    virtual void request_turn() = 0;
    // Whether deadlines are armed: turn at least every tick while they are.
    virtual void set_ticking(bool ticking) = 0;
    // Whether anything is open that should keep the process alive.
    virtual void set_alive(bool alive) = 0;

   protected:
    ~Host() = default;
  };

  // Check valid() afterwards: memory or descriptors may be refused.
  SessionEngine(const EngineOptions& options, Host& host);
  ~SessionEngine();
  SessionEngine(const SessionEngine&) = delete;
  SessionEngine& operator=(const SessionEngine&) = delete;

  [[nodiscard]] bool valid() const { return arena_->valid() && poller_.valid() && ready_; }
  [[nodiscard]] int epoll_fd() const { return poller_.fd(); }
  [[nodiscard]] std::shared_ptr<Arena> arena() const { return arena_; }
  [[nodiscard]] SessionDirectory& directory() { return directory_; }
  [[nodiscard]] BufferPool& pool() { return pool_; }
  [[nodiscard]] const EngineCounters& counters() const { return counters_; }

  void turn();
  // The reactor's time, which deadlines of JavaScript are judged by too.
  [[nodiscard]] uint64_t now_ns() const { return clock_.at(monotonic_ns()); }
  // Writes what JavaScript put into the ring. Never calls JavaScript.
  void flush();

  struct Opened {
    int error = 0;  // errno, 0 for success
    uint32_t id = 0;
    SocketAddress address;
  };
  Opened listen(const SocketAddress& address, int backlog);
  void close_listener(uint32_t id);
  // The outcome comes as an event with this id.
  Opened connect(const SocketAddress& address);
  void cancel_connect(uint32_t id);

  // False when the session is gone. `parts` follow everything in the ring.
  bool send_parts(uint32_t slot, uint32_t generation, const iovec* parts, size_t count, uint32_t messages);
  // Begins a close; the event follows. `flush` false throws away what is queued.
  bool close_session(uint32_t slot, uint32_t generation, CloseCode code, bool flush);
  void close_all(CloseCode code, bool flush);
  void set_paused(uint32_t slot, uint32_t generation, bool paused);
  [[nodiscard]] SocketAddress peer_address(uint32_t slot, uint32_t generation);
  void set_external_deadlines(bool any);

  // Closes every descriptor at once, without events: the environment is going away.
  void abandon();
  void check_invariants() const;

 private:
  struct Listener {
    UniqueFd fd;
    std::string unix_path;  // removed with the listener
    uint32_t turned_away = 0;      // since the last report
    int error = 0;                 // why, the latest
    uint64_t next_report_ns = 0;   // of the monotonic clock: reports are at least kReportIntervalNs apart
    bool suspended = false;        // accepting failed: tried again at `resume_ns`
    uint64_t resume_ns = 0;        // of the monotonic clock
  };

  // Poll again within a turn, so that a busy reactor saves trips through the loop around it.
  static constexpr int kPassesMax = 2;
  static constexpr size_t kTurnReadBytesMax = 512 * 1024;
  static constexpr int kAcceptsPerTurn = 256;
  static constexpr uint64_t kReportIntervalNs = 1'000'000'000;

  bool pass();
  bool collect();
  void deliver_batch();
  void after_delivery();
  void settle_ended();
  void settle_between_turns();
  void judge_deadlines(uint64_t now);

  void on_session_ready(uint32_t slot, uint32_t generation, uint32_t events);
  void read_session(Session& session);
  void discard_input(Session& session);
  void on_listener_ready(uint32_t id);
  // 0: one was turned away. EAGAIN: nobody waits. Anything else: not possible now.
  int turn_away(Listener& listener, int error);
  void report_turned_away(uint32_t id, Listener& listener);
  void resume_listeners();
  void on_connect_ready(uint32_t id);
  bool adopt(UniqueFd fd, uint32_t origin, bool outgoing);

  void end_session(Session& session, CloseCode code, int error, bool local);
  void begin_close(Session& session);
  void mark_closing(const Session& session);
  void continue_close(Session& session);
  void finish(Session& session);
  void free_session(Session& session);
  void watch(Session& session);
  void arm_stall(Session& session);
  void update_liveness();

  void on_write_progress(Session& session) override;
  void on_write_blocked(Session& session) override;
  void on_write_failed(Session& session, int error) override;
  void on_write_queue_refused(Session& session) override;

  EngineOptions options_;
  Host& host_;
  EngineCounters counters_;
  std::shared_ptr<Arena> arena_;
  BufferPool pool_;
  SessionDirectory directory_;
  EpollPoller poller_;
  ReactorClock clock_;
  TimerWheel wheel_;
  DeliveryBatch batch_;
  InboundReader reader_;
  OutboundWriter writer_;
  EventList events_;
  std::vector<Session*> ended_;
  std::vector<EventList::Written> written_;  // events of the delivery under way
  std::unordered_map<uint32_t, Listener> listeners_;
  std::unordered_map<uint32_t, UniqueFd> connects_;
  UniqueFd reserve_fd_;
  uint32_t next_origin_ = 1;
  std::span<const epoll_event> ready_events_;  // left over from a poll when the turn's budget ran out
  size_t turn_bytes_ = 0;
  bool ready_ = false;
  bool in_turn_ = false;
  bool external_deadlines_ = false;
  bool ticking_ = false;
  bool alive_ = false;
};

}  // namespace msgtrans
