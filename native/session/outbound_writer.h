// The way out: takes the outbound ring, gathers each session's runs, and writes once per session (corking).
//
// The ring is filled by JavaScript on this thread and always taken whole, so it restarts at its beginning instead
// of wrapping: the bytes in flight stay the same few cache lines. What a socket does not take goes into that session's
// queue at once, so the ring never waits for a socket: bytes of the ring are copied, those that lie in a slice stay there
// (see `pinned_slices.h`). Taking it never calls JavaScript.
//
// Thread: the reactor's.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/arena.h"
#include "session/engine_counters.h"
#include "session/pinned_slices.h"
#include "session/queued_packets.h"
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
    // Queued bytes are not what they were any more; `code` says why.
    virtual void on_write_lost(Session& session, CloseCode code) = 0;

   protected:
    ~Observer() = default;
  };

  // Runs that another reactor takes, in the segment that was taken: [begin, end) from its start.
  struct ForeignRuns {
    uint32_t reactor;
    uint32_t begin;
    uint32_t end;
    uint32_t bytes;     // of packets
    uint32_t messages;
  };

  // `reactor` is this one's number. `settles`: the sessions' JavaScript is on another thread, which is told what was
  // sent by `SlotState::settled_bytes`. `pins`: of the pool whose slices runs refer to; null when none ever does.
  OutboundWriter(Arena& arena, SessionDirectory& directory, EngineCounters& counters, Observer& observer,
                 uint32_t reactor, bool settles, PinnedSlices* pins = nullptr)
      : arena_(arena),
        directory_(directory),
        counters_(counters),
        observer_(observer),
        reactor_(reactor),
        settles_(settles),
        pins_(pins) {
    parts_.reserve(kPartsMax);
    touched_.reserve(kPartsMax);
  }
  OutboundWriter(const OutboundWriter&) = delete;
  OutboundWriter& operator=(const OutboundWriter&) = delete;

  // Bytes in the write queues of all sessions.
  [[nodiscard]] uint64_t queued_total() const { return queued_total_; }
  // The memory that they keep: a slice that many of them refer to counts once, and as a whole.
  [[nodiscard]] uint64_t held_total() const { return own_total_ + (pins_ == nullptr ? 0 : pins_->bytes()); }
  [[nodiscard]] bool ring_empty() const { return ring_used() == 0; }

  // Writes everything in the ring, in order per session. What is for other reactors is added to `foreign`, once for
  // each, and still lies in the segment.
  void take_ring(std::vector<ForeignRuns>& foreign);

  // Gathers one run that another thread wrote, up to the next `write_touched`; its memory stays as it is until then.
  // `is_counted`: its sender holds the session.
  void gather_run(uint32_t slot, uint32_t generation, const uint8_t* data, uint32_t bytes, uint32_t messages,
                  bool is_counted);
  void write_touched();

  // Writes packets that are too large for the ring. The ring must have been taken: order is the caller's.
  void send_parts(Session& session, const iovec* parts, size_t count);

  // Writes a packet that another thread has lent. What the socket does not take is referred to where it lies, and the
  // packet then `queued`'s; copied when that is little, or memory is refused.
  void send_lent(uint32_t slot, uint32_t generation, std::unique_ptr<LentPacket>& packet, QueuedPackets& queued);

  // The same, with the last part in memory of `owner`, of which the caller has a hold: what is left over of it stays
  // there, and the hold with it; else it is released.
  void send_referred(Session& session, const iovec* parts, size_t count, BytesOwner& owner, uint32_t token);

  // What waits in a session's queue in memory of `owner` is copied, and released.
  void copy_referred(uint32_t slot, BytesOwner& owner, uint32_t token);

  // Somebody may write to this slice from now on: what waits in it is copied.
  void copy_pinned(SliceId id);

  // Continues a queue after its socket became writable.
  void flush_queue(Session& session);

  // Forgets what is queued for a session that will not send any more.
  void discard(Session& session);

 private:
  struct Part {
    const uint8_t* data;
    uint32_t bytes;
    int32_t next;   // index into parts_, -1: last
    SliceId slice;  // that it lies in; kNoSlice: the ring, or memory of another thread; kHeaderPart: so, and no payload
  };

  [[nodiscard]] volatile uint32_t& ring_used() const;
  // Null when the session takes nothing any more; then it is accounted for.
  Session* session_for(uint32_t slot, uint32_t generation, uint32_t bytes, uint32_t messages, bool is_counted);
  void gather_slice_run(uint32_t slot, const uint32_t* run);
  void gather(Session& session, const uint8_t* data, uint32_t bytes, SliceId slice);
  void write_gathered(Session& session);
  // Whether something is left over to be queued: nothing when all was taken, or the socket failed.
  bool write_parts(Session& session, const iovec* parts, size_t count, size_t& taken);
  void account_sent(Session& session, size_t bytes);
  void account_void(Session& session, uint32_t bytes);
  void queue_gathered(Session& session, int32_t first, size_t count, size_t taken);
  // Queues what follows the first `skipped` bytes of a part. False when memory was refused, and the observer told.
  bool queue_part(Session& session, const uint8_t* part, size_t part_bytes, size_t skipped, SliceId slice);

  Arena& arena_;
  SessionDirectory& directory_;
  EngineCounters& counters_;
  Observer& observer_;
  static constexpr SliceId kHeaderPart = kNoSlice - 1;
  // What is gathered beyond is written first, so that gathering never asks for memory: a segment full of small packets.
  static constexpr size_t kPartsMax = 8192;

  uint64_t queued_total_ = 0;
  uint64_t own_total_ = 0;  // of these, what lies in memory of the queues, or is borrowed
  const uint32_t reactor_;
  const bool settles_;
  PinnedSlices* const pins_;
  std::vector<Part> parts_;
  std::vector<Session*> touched_;
};

}  // namespace msgtrans
