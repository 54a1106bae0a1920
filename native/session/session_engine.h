// One reactor: its sockets, sessions, slices and deadlines, and the turn that moves messages between them.
//
//   turn: mail of other reactors, readiness -> read -> frame -> descriptors -> one delivery -> take the outbound ring
//         -> write per session, pass on what is for other reactors -> judge deadlines -> free what died
//
// It is inline, in the loop of the JavaScript thread that takes its deliveries, or on a thread of its own, handing them
// over to the reactor of that thread, its *home*.
//
// The engine knows nothing of JavaScript or libuv: the binding is its `Host`. Tests drive it with a host of their own.
//
// Thread: the one that made it. Other threads reach it through its port and through links, whose memory is never
// written by both sides at once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/close_code.h"
#include "base/monotonic_clock.h"
#include "base/shared_latency_histogram.h"
#include "base/unique_fd.h"
#include "io/epoll_poller.h"
#include "io/reactor_clock.h"
#include "io/socket_address.h"
#include "io/timer_wheel.h"
#include "memory/arena.h"
#include "memory/lent_slice.h"
#include "memory/pooled_memory.h"
#include "protocol/packet_header.h"
#include "session/delivery_batch.h"
#include "session/delivery_block.h"
#include "session/engine_counters.h"
#include "session/engine_host.h"
#include "session/engine_options.h"
#include "session/engine_state.h"
#include "session/event_list.h"
#include "session/header_close_code.h"
#include "session/inbound_reader.h"
#include "session/lent_segments.h"
#include "session/link_receiver.h"
#include "session/link_sender.h"
#include "session/outbound_writer.h"
#include "session/queued_packets.h"
#include "session/session.h"
#include "session/session_directory.h"
#include "session/shared_listener.h"
#include "session/slice_memory.h"

namespace msgtrans {

struct HandedSocket;
struct LentPacket;
struct OwnedBytes;

class SessionEngine final : private OutboundWriter::Observer,
                            private LinkReceiver::Handler,
                            private LinkSender::Observer {
 public:
  using Host = EngineHost;

  // Throws std::bad_alloc when memory is refused. Check valid() afterwards: descriptors may be, too.
  SessionEngine(const EngineOptions& options, Host& host);
  ~SessionEngine();
  SessionEngine(const SessionEngine&) = delete;
  SessionEngine& operator=(const SessionEngine&) = delete;

  [[nodiscard]] bool valid() const { return arena_->valid() && poller_.valid() && ready_; }
  [[nodiscard]] int epoll_fd() const { return poller_.fd(); }
  [[nodiscard]] std::shared_ptr<Arena> arena() const { return arena_; }
  [[nodiscard]] SessionDirectory& directory() { return directory_; }
  [[nodiscard]] const SessionDirectory& directory() const { return directory_; }
  [[nodiscard]] BufferPool& pool() { return pool_; }
  [[nodiscard]] const EngineCounters& counters() const { return counters_; }
  // How long turns that delivered something took: from readiness to the answers written. Any thread.
  [[nodiscard]] const ReactorLatencyHistogram& turn_latency() const { return turn_latency_; }
  [[nodiscard]] bool has_own_thread() const { return options_.home.has_value(); }

  void turn();
  // Before the loop around sleeps, after the last `turn` or `flush`: false when mail came, so turn instead of sleeping.
  [[nodiscard]] bool may_sleep() { return port_->doorbell().prepare_sleep(); }
  // When it runs again, for whatever reason.
  void awake() { port_->doorbell().awake(); }
  // Waits for readiness, mail or the time to run out; for a loop that has nothing else to wait for.
  void wait(int timeout_ms);
  // Whether `turn` would find something: mail, or a socket of a loop that has nothing else to wait for.
  [[nodiscard]] bool look();
  // On a thread of its own: false while JavaScript is behind by every block there is.
  [[nodiscard]] bool can_hand_over() const;
  // The reactor's time, which deadlines of JavaScript are judged by too.
  [[nodiscard]] uint64_t now_ns() const { return clock_.at(monotonic_ns()); }
  // Writes what JavaScript put into the ring. Never calls JavaScript.
  void flush();

  using Opened = EngineState::Opened;
  Opened listen(const SocketAddress& address, int backlog);
  // Accepts from a listener that others may accept from, too. 0 or an errno.
  int join_listener(const std::shared_ptr<SharedListener>& shared, uint32_t id);
  void close_listener(uint32_t id);
  // The outcome comes as an event with this id.
  Opened connect(const SocketAddress& address);
  // 0 or an errno; `id` is the caller's choice.
  int begin_connect(const SocketAddress& address, uint32_t id);
  // An id for a listener or a connect, of this reactor or of those whose home it is.
  [[nodiscard]] uint32_t next_origin() { return next_origin_++; }
  void cancel_connect(uint32_t id);

  // Sessions in process, under the same rules: names instead of addresses. An empty name asks for an unused one.
  using OpenedName = EngineState::OpenedName;
  OpenedName listen_in_process(const std::string& name);
  // `count` sessions at once: as many outcomes with the same id.
  OpenedName connect_in_process(const std::string& name, uint32_t count);

  // What follows takes any slot word of the process: what belongs to another reactor is asked of that one.

  // False when the session is gone. `parts` follow everything in the ring. `is_holder`: this thread holds the session.
  bool send_parts(uint32_t word, uint32_t generation, const iovec* parts, size_t count, uint32_t messages,
                  bool is_holder = true);
  using SlicePart = EngineState::SlicePart;
  // One message from where its payload lies, to a session of another reactor or in process, or in memory of another
  // reactor to any; `head` is its header and ext header. Follows everything in the ring. False when it is to be copied: nothing was sent then.
  bool send_slice(uint32_t word, uint32_t generation, const iovec* head, size_t count, const SlicePart& part,
                  bool is_holder = true);
  // The same from a slice of ours that is JavaScript's to fill, and that it gives away: shown to others after the
  // `release_sent` that must follow. False when something else refers to it still.
  bool give_slice(uint32_t word, uint32_t generation, const iovec* head, size_t count, const SlicePart& part,
                  bool is_holder);
  // One packet in a slice of its own, to which the caller has a reference; for runs that refer to it. Invalid when the
  // pool and its byte budget are used up.
  Slice make_packet(const iovec* parts, size_t count);
  // Drops the caller's reference once the runs that are in the ring now were taken.
  void release_sent(SliceId id);
  // A slice of zeroes for JavaScript to fill and send from, until `release_sent`. Invalid as above.
  Slice make_send_buffer(size_t bytes);
  // As `send_parts` for a socket of ours; what is left over of the last part stays in memory of `owner`. The caller's hold
  // of it goes with that, or is released.
  bool send_referred(uint32_t word, uint32_t generation, const iovec* parts, size_t count, BytesOwner& owner,
                     uint32_t token);
  void copy_referred(uint32_t slot, BytesOwner& owner, uint32_t token) { writer_.copy_referred(slot, owner, token); }
  // Somebody may write to this slice for longer than a turn: what waits in it to be sent is copied.
  void copy_pinned(SliceId id) { writer_.copy_pinned(id); }

  // Begins a close; the event follows. `flush` false throws away what is queued.
  bool close_session(uint32_t word, uint32_t generation, CloseCode code, bool flush);
  void set_paused(uint32_t word, uint32_t generation, bool paused);
  // Messages go to the session's own inbox, or to the transport's handler.
  void set_pulled(uint32_t word, uint32_t generation, bool pulled);
  // One drain event is owed once everything sent so far was taken.
  void want_drain(uint32_t word, uint32_t generation);
  [[nodiscard]] std::string peer_url(uint32_t word, uint32_t generation);

  // Of the sessions of this reactor.
  void close_all(CloseCode code, bool flush);
  void set_external_deadlines(bool any);
  // While no handler takes messages, all go to their sessions' inboxes.
  void set_route_all(bool route_all) {
    reinterpret_cast<volatile uint32_t*>(arena_->data())[kControlRouteAll] = route_all ? 1 : 0;
  }
  // Bytes in the queues of reactors on other threads that count as this one's.
  void set_other_queued(uint64_t bytes) { other_queued_ = bytes; }

  // Posts to another reactor, shown to it by the next `flush`; behind all runs that were taken before.
  void post(uint32_t reactor, const LinkRecord& record, uint32_t bytes = 0) { sender_.post(reactor, record, bytes); }
  [[nodiscard]] const std::shared_ptr<ReactorPort>& port() const { return port_; }
  // Bytes in the write queues of this reactor. Any thread.
  [[nodiscard]] uint64_t queued_bytes() const {
    // Relaxed: a recent figure will do.
    return queued_bytes_.load(std::memory_order_relaxed);
  }

  // Bytes sent to other reactors and not taken yet.
  [[nodiscard]] uint64_t bytes_under_way() const { return sender_.bytes_under_way(); }
  // Deliveries handed over and not given back yet, of kDeliveryBlocks. Any thread.
  [[nodiscard]] uint32_t blocks_lent() const;

  using SliceMemory = msgtrans::SliceMemory;
  [[nodiscard]] std::optional<SliceMemory> slice_memory(uint32_t slice_word) const;
  // Memory of this delivery that is another reactor's, for longer than the delivery. Nothing when that reactor needs it to
  // go on reading, unless `is_forced`; nothing either of segments, which are not given away.
  LentSlice keep(uint32_t slice_word, bool is_forced);
  // False while other threads have the same payload: a handler may only be given a copy, since it may write to it.
  [[nodiscard]] bool may_expose(uint32_t slice_word) const;
  // Of such a copy.
  void count_payload_copy() { ++counters_.payload_copies; }
  // The arena that slice words of `reactor` in this delivery speak of.
  [[nodiscard]] std::shared_ptr<Arena> arena_of(uint32_t reactor) const;

  // Runs a function on another reactor's own thread, and waits. False when it is gone or memory is refused, and nothing
  // was run.
  bool call(uint32_t reactor, std::function<void(SessionEngine&)> function);

  // Touches the buffers in service, so that their first use does not fault. Returns the bytes touched.
  size_t warm_up() { return pool_.warm_up(options_.pool.tier_counts); }
  // Gives back what other reactors have lent for the delivery that is over.
  void settle_foreign();

  // Closes every descriptor at once, without events: the environment is going away. Sessions in process end with
  // `code` at their other ends.
  void abandon(CloseCode code = CloseCode::kWorkerExited);
  void check_invariants() const;

 private:
  using Listener = EngineState::Listener;
  using PendingLend = EngineState::PendingLend;
  using DeliveredSlice = EngineState::DeliveredSlice;

  // Poll again within a turn, so that a busy reactor saves trips through the loop around it.
  static constexpr int kPassesMax = 2;
  static constexpr size_t kTurnReadBytesMax = 512 * 1024;
  static constexpr int kAcceptsPerTurn = 256;
  // Records that lend something, in one pass.
  static constexpr size_t kBorrowedMax = 1024;
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
  // The socket of a paused session reports an error.
  void fail_unread(Session& session);
  void discard_input(Session& session);
  void on_listener_ready(uint32_t id);
  // 0: one was turned away. EAGAIN: nobody waits. Anything else: not possible now.
  int turn_away(Listener& listener, int error);
  void report_turned_away(uint32_t id, Listener& listener);
  void resume_listeners();
  void on_connect_ready(uint32_t id);
  void fail_connect(uint32_t id, int error);
  bool adopt(UniqueFd fd, uint32_t origin, bool outgoing);
  int watch_listener(uint32_t id, const SharedListener& shared);
  void accept_for_all(uint32_t id, Listener& listener, UniqueFd fd);
  // A connection that another reactor accepted for our listener `id`, or that comes back from the one we chose.
  void take_socket(std::unique_ptr<HandedSocket> socket, uint32_t id);

  // engine_links.cc
  using LinkOutcome = LinkReceiver::Outcome;
  [[nodiscard]] bool is_own(uint32_t word) const { return word >> kSlotBits == options_.reactor; }
  void take_outbound();
  void pass_on();
  void send_copies(const uint8_t* ring, const OutboundWriter::ForeignRuns& runs);
  LinkOutcome on_record(Link& link, const LinkRecord& record, uint64_t& cursor) override;
  void on_rung(uint32_t from) override;
  void on_link(const std::shared_ptr<Link>& link) override;
  bool has_room() override;
  void on_undeliverable(uint32_t to, const LinkRecord& record) override;
  LinkOutcome take_runs(Link& link, const LinkRecord& record, uint64_t& cursor);
  LinkOutcome take_packet(Link& link, const LinkRecord& record);

  // engine_lending.cc
  bool send_copied(uint32_t word, uint32_t generation, const iovec* parts, size_t count, bool is_holder);
  void post_lent(uint32_t word, uint32_t generation, std::unique_ptr<LentPacket> packet, uint32_t slice_word);
  LentSlice lend(uint32_t slice_word);
  [[nodiscard]] LentPacket* find_lent(uint32_t slice_word) const;
  void note_further_use(uint32_t slice_word);
  [[nodiscard]] bool has_further_use(uint32_t slice_word) const;
  void settle_lends();
  void replace_by_copy(std::span<const PendingLend> same);
  void forget_pending(const LentPacket* packet);
  LinkOutcome take_lent(Link& link, const LinkRecord& record);
  void deliver_lent(uint32_t slot, uint32_t generation, std::unique_ptr<LentPacket> packet);

  // engine_handover.cc
  void close_broken(uint32_t word, uint32_t generation);
  bool close_elsewhere(uint32_t word, uint32_t generation, CloseCode code, bool flush_first);
  void hand_over();
  void take_back(DeliveryBlock& block);
  // Whether home has still to hear of something: the outcome of the last connect, for instance.
  [[nodiscard]] bool is_news_under_way() const { return !events_.empty() || blocks_lent() > 0; }
  LinkOutcome take_delivery(Link& link, const LinkRecord& record);
  void take_back_slices(DeliveryBlock& block);
  [[nodiscard]] DeliveredSlice find_delivered(uint32_t slice_word) const;
  LentSlice keep_delivered(uint32_t slice_word, bool is_forced);
  static void settle_block(DeliveryBlock& block);
  void take_command(const LinkRecord& record);

  // engine_in_process.cc
  [[nodiscard]] bool is_in_process(uint32_t slot, uint32_t generation) const {
    return directory_.at(slot) == nullptr && directory_.is_taken(slot, generation);
  }
  [[nodiscard]] bool is_routed(const PacketHeader& header, uint32_t slot) const;
  // Adds the packets of a run to the batch, from `offset` on, until it is full; then `offset` says where to go on.
  bool deliver_run(uint32_t slice_word, const uint8_t* base, const uint32_t* run, uint32_t& offset);
  void deliver_packet(uint32_t slot, uint32_t generation, const OwnedBytes& packet);
  void settle_in_process(uint32_t slot, uint32_t bytes);
  bool close_in_process(uint32_t slot, CloseCode code, uint32_t value);
  void note_ending_value(uint32_t slot, uint32_t value);
  void finish_in_process(uint32_t slot, CloseCode code, uint32_t value, bool local);
  void take_in_process(const LinkRecord& record);
  void accept_in_process(const LinkRecord& record);
  void settle_connect(uint32_t connect);
  void cancel_in_process(uint32_t connect);
  void hold_in_process(uint32_t slot, bool paused);
  void abandon_in_process(CloseCode code);

  void release_spent();
  void end_session(Session& session, CloseCode code, int error, bool local);
  void begin_close(Session& session);
  void mark_closing(const Session& session);
  void leave_others(CloseCode code);
  void refuse(const LinkRecord& record);
  void continue_close(Session& session);
  void finish(Session& session);
  void free_session(Session& session);
  void watch(Session& session);
  void show_queued();
  void tell_broken(const Session& session);
  void arm_stall(Session& session);
  void update_liveness();

  void on_write_progress(Session& session) override;
  void on_write_blocked(Session& session) override;
  void on_write_failed(Session& session, int error) override;
  void on_write_queue_refused(Session& session) override;
  void on_write_lost(Session& session, CloseCode code) override;

  EngineOptions options_;
  Host& host_;
  EngineCounters counters_;
  ReactorLatencyHistogram turn_latency_;
  std::shared_ptr<Arena> arena_;
  std::shared_ptr<PooledMemory> memory_;
  BufferPool& pool_;
  SessionDirectory directory_;
  EpollPoller poller_;
  ReactorClock clock_;
  TimerWheel wheel_;
  DeliveryBatch batch_;
  InboundReader reader_;
  PinnedSlices pins_;
  QueuedPackets queued_packets_;
  OutboundWriter writer_;
  std::vector<SliceId> spent_slices_;  // to be released once the ring was taken
  EventList events_;
  EngineState::EndedList ended_;
  std::vector<EventList::Written> written_;  // events of the delivery under way
  std::unordered_map<uint32_t, Listener> listeners_;
  std::unordered_map<uint32_t, UniqueFd> connects_;
  UniqueFd reserve_fd_;
  uint32_t next_origin_ = 1;
  // Knuth's linear congruential sequence; which reactor gets a connection need not be hard to guess.
  uint64_t choice_ = monotonic_ns();

  std::shared_ptr<ReactorPort> port_;
  std::shared_ptr<LentSegments> segments_;
  LinkSender sender_;
  LinkReceiver receiver_;
  std::vector<OutboundWriter::ForeignRuns> foreign_;  // of the segment that was taken last
  using BorrowedSegment = EngineState::BorrowedSegment;
  std::vector<BorrowedSegment> borrowed_;
  std::vector<std::unique_ptr<LentPacket>> lent_;  // packets of this delivery that other threads have lent
  // What this delivery's handlers have lent, and nobody was shown yet. Beyond, payloads are copied.
  static constexpr size_t kPendingLendsMax = 1024;
  std::vector<PendingLend> pending_lends_;
  // Sessions in process.
  std::unordered_map<uint32_t, EngineState::Held> held_in_process_;  // by slot, of sessions that are paused
  std::unordered_map<uint32_t, std::string> names_;     // by listener
  std::unordered_map<uint32_t, uint32_t> ending_values_;  // by slot, of those that this end closes: an errno, a limit
  std::unordered_map<uint32_t, EngineState::ConnectsInProcess> connects_in_process_;  // by connect

  // On a thread of its own: what was handed over, and is not given back yet.
  std::array<DeliveryBlock, kDeliveryBlocks> blocks_;
  uint64_t handed_over_ = 0;
  uint64_t handed_back_ = 0;
  // Of such reactors: what is in the delivery under way.
  std::vector<EngineState::DeliveredBlock> delivered_;
  std::span<const epoll_event> ready_events_;  // left over from a poll when the turn's budget ran out
  size_t turn_bytes_ = 0;
  size_t packet_bytes_ = 0;   // in slices of the batch that packets of other threads were copied into
  bool has_opened_ = false;   // the batch has events of connects that came about
  std::atomic<uint64_t> queued_bytes_ = 0;
  uint64_t other_queued_ = 0;
  bool ready_ = false;
  bool is_abandoned_ = false;
  bool is_closing_all_ = false;
  bool in_turn_ = false;
  bool is_delivering_ = false;  // handlers run, and what they were given is theirs until they return
  bool external_deadlines_ = false;
  bool ticking_ = false;
  bool alive_ = false;
};

}  // namespace msgtrans
