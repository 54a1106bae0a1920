// The `limit` arm: what one thread with a raw epoll loop can do on this machine, so that the engine's numbers
// have an upper bound beside them. It does the same work per request as every other arm, and nothing else.
//
// Level-triggered; per ready socket and turn one read and at most one write. A session whose output the
// socket did not take is not read until it has, which bounds its memory; the load generator reads always, so
// both never stop.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "programs/control_protocol.h"
#include "programs/limit_reply_batch.h"
#include "programs/limit_session_table.h"
#include "programs/stream_reader.h"
#include "protocol/packet_framer.h"

struct epoll_event;

namespace msgtrans {

struct LimitCounters {
  uint64_t messages_received = 0;
  uint64_t messages_sent = 0;
  uint64_t messages_dropped = 0;  // What the handler does not take.
  uint64_t sessions_accepted = 0;
  uint64_t protocol_errors = 0;
  uint64_t syscalls = 0;  // Of the message path: epoll_wait, accept, read, write, epoll_ctl.
};

class LimitServer {
 public:
  LimitServer();
  // Removes the paths of unix listeners.
  ~LimitServer();
  LimitServer(const LimitServer&) = delete;
  LimitServer& operator=(const LimitServer&) = delete;

  // False when the kernel gave no descriptors.
  bool good() const { return epoll_.valid() && reserve_.valid() && timer_.valid(); }

  // Watches a descriptor of the caller; turn() says when it is readable. At most kWatchedMax of them.
  bool watch(int fd);

  // Binds `url`; gives the real address. Otherwise `error` says why.
  std::optional<std::string> listen(const std::string& url, const LimitService& service, ControlError& error);

  // One turn of the loop; waits until something happens. Gives a bit per watched descriptor, in order of
  // watch().
  uint32_t turn();

  const LimitCounters& counters() const { return counters_; }
  uint64_t open_sessions() const { return sessions_.open_sessions(); }

 private:
  struct Listener {
    UniqueFd fd;
    LimitService service;
    std::unique_ptr<LimitBroadcaster> broadcaster;
    std::string unix_path;
  };

  bool register_fd(int fd, uint32_t events, uint64_t tag);
  void accept_ready(Listener& listener);
  void shed_one_connection(Listener& listener);
  void on_session(uint64_t id, uint32_t events);
  void on_readable(uint64_t id, LimitSession& session);
  void on_writable(uint64_t id, LimitSession& session);
  // Answers every complete packet of `arrived`. False when the session is to be closed.
  bool answer_all(uint64_t id, LimitSession& session, std::span<uint8_t> arrived);
  // Answers one packet. False when its session is to be closed.
  bool answer(LimitSession& session, const Frame& frame, const uint8_t* payload, LimitReplyBatch& replies);
  void take_input(LimitSession& session, const Frame& frame, const uint8_t* payload,
                  LimitReplyBatch& replies);
  void tick_due();
  void send_frame(uint64_t id, const std::vector<uint8_t>& packet);
  void arm_timer();
  void close(uint64_t id);
  void take_one_way(LimitSession& session, const Frame& frame, const uint8_t* payload,
                    LimitReplyBatch& replies);
  void wait_for(uint64_t id, LimitSession& session, uint32_t events);

  static constexpr size_t kReadBufferBytes = 256 * 1024;
  static constexpr int kEventsPerTurn = 256;
  static constexpr int kAcceptsPerTurn = 64;
  static constexpr uint32_t kWatchedMax = 8;

  UniqueFd epoll_;
  UniqueFd reserve_;  // Given up for a moment to shed a connection when no descriptors are left.
  UniqueFd timer_;    // Of the next tick.
  uint64_t armed_ns_ = UINT64_MAX;
  uint32_t watched_ = 0;
  std::vector<Listener> listeners_;
  LimitSessionTable sessions_;
  StreamReader reader_{kReadBufferBytes};
  std::vector<uint8_t> spill_;
  PacketLimits limits_;
  LimitCounters counters_;
};

}  // namespace msgtrans
