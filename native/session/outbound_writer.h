// The way out: takes the outbound ring, gathers each session's runs, and writes once per session (corking).
//
// The ring is filled by JavaScript on this thread and always taken whole, so it restarts at its beginning instead
// of wrapping: the bytes in flight stay the same few cache lines. What a socket does not take is copied into that
// session's queue at once, so the ring never waits for a socket. Taking it never calls JavaScript.
//
// Thread: the reactor's.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory/arena.h"
#include "session/engine_counters.h"
#include "session/session.h"
#include "session/session_directory.h"

namespace msgtrans {

class OutboundWriter {
 public:
  // What the engine must do about a session after a write.
  class Observer {
   public:
    virtual void on_write_progress(Session& session) = 0;             // bytes went out; the queue may be empty now
    virtual void on_write_blocked(Session& session) = 0;              // the queue is not empty: wait for writable
    virtual void on_write_failed(Session& session, int error) = 0;    // the peer will take no more
    virtual void on_write_queue_refused(Session& session) = 0;        // no memory for what was left over

   protected:
    ~Observer() = default;
  };

  OutboundWriter(Arena& arena, SessionDirectory& directory, EngineCounters& counters, Observer& observer)
      : arena_(arena), directory_(directory), counters_(counters), observer_(observer) {}
  OutboundWriter(const OutboundWriter&) = delete;
  OutboundWriter& operator=(const OutboundWriter&) = delete;

  [[nodiscard]] bool ring_empty() const { return ring_used() == 0; }

  // Writes everything in the ring, in order per session.
  void take_ring();

  // Writes packets that are too large for the ring. The ring must have been taken: order is the caller's.
  void send_parts(Session& session, const iovec* parts, size_t count);

  // Continues a queue after its socket became writable.
  void flush_queue(Session& session);

  // Forgets what is queued for a session that will not send any more.
  void discard(Session& session);

 private:
  struct Part {
    const uint8_t* data;
    uint32_t bytes;
    int32_t next;  // index into parts_, -1: last
  };

  [[nodiscard]] volatile uint32_t& ring_used() const;
  void gather(Session& session, const uint8_t* data, uint32_t bytes);
  void write_gathered(Session& session);
  void account_sent(Session& session, size_t bytes);
  void queue_rest(Session& session, const iovec* parts, size_t count, size_t sent);
  void set_queued_total(double change);

  Arena& arena_;
  SessionDirectory& directory_;
  EngineCounters& counters_;
  Observer& observer_;
  std::vector<Part> parts_;
  std::vector<Session*> touched_;
};

}  // namespace msgtrans
