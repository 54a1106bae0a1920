// The way in: reads a socket into pooled slices and finds packets in them without copying.
//
// Sockets are read one after the other into the same 64 KB slice until it is nearly full, so a turn over many quiet
// sessions touches few cache lines. A packet that does not end in its read is carried over in one of two ways:
// - small (kStraddleBytesMax): its head is kept in the session and copied in front of the next read; counted.
// - large: it gets a slice that fits, and the rest is read straight into that, with at most the 16 bytes of the next
//   header behind it. So in a stream of large packets no payload byte is copied after the first.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/buffer_pool.h"
#include "protocol/packet_header.h"
#include "session/delivery_batch.h"
#include "session/engine_counters.h"
#include "session/session.h"
#include "session/session_directory.h"

namespace msgtrans {

class InboundReader {
 public:
  // Packets up to here may be completed by a copy: cheaper than a slice of their own.
  static constexpr size_t kStraddleBytesMax = 2048;

  enum class Outcome {
    kRead,           // something or nothing; the socket says when there is more
    kEndOfFile,
    kFailed,         // `error` is the errno
    kProtocolError,  // `status` and `value` tell
    kNoBuffer,       // the pool and its byte budget are used up
  };
  struct Result {
    Outcome outcome = Outcome::kRead;
    size_t bytes = 0;
    int error = 0;
    HeaderStatus status = HeaderStatus::ok;
    uint32_t value = 0;
  };

  InboundReader(BufferPool& pool, DeliveryBatch& batch, SessionDirectory& directory, EngineCounters& counters,
                const PacketLimits& limits)
      : pool_(pool), batch_(batch), directory_(directory), counters_(counters), limits_(limits) {}
  InboundReader(const InboundReader&) = delete;
  InboundReader& operator=(const InboundReader&) = delete;

  // Reads at most 64 KB of one session and adds what is complete to the batch. `route_all`: no handler takes
  // messages, so all go to their sessions' inboxes.
  Result read(Session& session, bool route_all);

  // The turn's reads are over: the slice under the cursor belongs to the batch from now on.
  void end_turn() { slice_ = Slice{}; }

  // True when the peer stopped in the middle of a packet.
  static bool has_partial_packet(const Session& session) {
    return session.remainder_bytes > 0 || session.assembly.valid();
  }
  void forget_partial_packet(Session& session);

 private:
  bool ensure_read_slice(size_t bytes);
  Result read_shared(Session& session, bool routed);
  Result read_assembly(Session& session, bool routed);
  // Frames `bytes` at `data`, which lie in `slice`, and carries the tail over.
  Result frame(Session& session, const Slice& slice, const uint8_t* data, size_t bytes, bool routed);
  Result carry_over(Session& session, const uint8_t* tail, size_t bytes, uint64_t frame_bytes);

  BufferPool& pool_;
  DeliveryBatch& batch_;
  SessionDirectory& directory_;
  EngineCounters& counters_;
  PacketLimits limits_;
  Slice slice_;        // the shared read slice under the cursor, held by the batch
  size_t cursor_ = 0;
};

}  // namespace msgtrans
