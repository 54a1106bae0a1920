// What judges one-way messages: reads nothing beyond a packet whatever is in it, and never counts more than
// it was given.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "programs/frame_ledger.h"
#include "programs/sink_record.h"
#include "programs/stream_ledger.h"
#include "protocol/packet_framer.h"

namespace msgtrans {

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kSent = 8;
  ReplyLedger requests;
  SessionProgress session;
  session.key = 1;
  for (uint64_t index = 0; index < kSent; ++index) requests.begin_request(session);
  StreamProgress stream;
  stream.fence_id = 3;
  StreamLedger acknowledgements;
  FrameProgress frames[1];
  FrameLedger frame_ledger;
  SinkRecord sink;
  PacketFramer framer(data, size, PacketLimits{});
  Frame packet;
  uint64_t packets = 0;
  while (framer.next(packet) == FramerStatus::frame) {
    ++packets;
    const uint32_t bytes = packet.header.payload_bytes;
    // Memory of its own, so that a sanitizer sees every byte beyond it.
    const auto payload = std::make_unique<uint8_t[]>(bytes);
    std::memcpy(payload.get(), data + packet.payload_offset(), bytes);
    acknowledgements.accept(session, stream, packet.header, payload.get());
    FrameContent content;
    frame_ledger.accept(frames[0], payload.get(), bytes, bytes, content);
    sink.take(payload.get(), bytes);
  }
  if (session.answered > kSent || acknowledgements.totals().delivered != session.answered) std::abort();
  if (frame_ledger.totals().delivered > packets || sink.total().received != packets) std::abort();
  if (sink.total().faults > 2 * packets) std::abort();
  frame_ledger.close_window(frames, 1);
  return 0;
}

}  // namespace msgtrans
