// The way in: reads a socket into pooled slices and finds packets in them without copying.
//
// Sockets are read one after the other into the same 64 KB slice until it is nearly full, so a turn over many quiet
// sessions touches few cache lines. A packet that does not end in its read is carried over in one of two ways:
// - small (kStraddleBytesMax): its head is kept in the session and copied in front of the next read; counted.
// - large: it gets a slice that fits, and the rest is read straight into that, with at most the 16 bytes of the next
//   header behind it.
//
// The head of a large packet that comes behind others in the shared slice has to be copied into its own. So after a
// packet of kExactBytesMin a session is read exactly: each read ends with the next header, which tells where the packet
// behind it belongs. A few small packets in between (kExactReads) do not end that. In a stream of large packets no
// payload byte is copied after the first, wherever its reads begin and end.
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
  // Packets from here on have those behind them read exactly. Below, a call for each packet would cost more than to copy
  // the head of the one that a read cuts.
  static constexpr size_t kExactBytesMin = 8 * 1024;
  // How many packets are, until another of that size is among them.
  static constexpr uint8_t kExactReads = 4;
  // The rest of a large packet is read in pieces of this: what the read tier holds, and the next header, with one call.
  static constexpr size_t kAssemblyReadBytesMax = 128 * 1024;

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
    // What comes next was left in the socket on purpose: reading it at once is worth a call.
    bool goes_on = false;
    int error = 0;
    HeaderStatus status = HeaderStatus::ok;
    uint32_t value = 0;
  };

  InboundReader(BufferPool& pool, DeliveryBatch& batch, SessionDirectory& directory, EngineCounters& counters,
                const PacketLimits& limits)
      : pool_(pool), batch_(batch), directory_(directory), counters_(counters), limits_(limits) {}
  InboundReader(const InboundReader&) = delete;
  InboundReader& operator=(const InboundReader&) = delete;

  // Reads once: at most 64 KB, or 128 KB of one large packet. What is complete is added to the batch. `route_all`: no
  // handler takes messages, so all go to their sessions' inboxes.
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
  [[nodiscard]] size_t shared_room(const Session& session) const;
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
