// Reads what a session has received and judges every reply. One thread.
#pragma once

#include <cerrno>
#include <string>

#include "base/monotonic_clock.h"
#include "programs/process_guard.h"
#include "programs/session_group.h"
#include "protocol/packet_framer.h"

namespace msgtrans {

// Counts the requests of a lost session as unacknowledged and closes it. `reason` says what happened to it.
inline void lose_session(SessionGroup& group, uint32_t session_index, const std::string& reason) {
  GeneratorSession& session = group.sessions[session_index];
  group.outstanding -= session.progress.outstanding();
  group.ledger.session_lost(session.progress, session_index);
  if (!group.streams.empty() && group.streams[session_index].fence_id != 0) {
    group.streams[session_index].fence_id = 0;
    --group.fences_outstanding;
  }
  session.fd.reset();
  session.output.clear();
  session.remainder = {};
  if (group.lost_sessions++ == 0) {
    group.loss_reason = "session " + std::to_string(session_index) + ": " + reason;
  }
}

class ReplyReceiver {
 public:
  // One read of a readable session. `sink.arrived(now_ns)` is called once when something arrived, before
  // `sink.reply(group, session_index, sequence, payload_bytes)` for each request answered and
  // `sink.frame(frame)` for each broadcast frame. False when the session was lost.
  template <typename Sink>
  bool receive(SessionGroup& group, uint32_t session_index, Sink& sink) {
    GeneratorSession& session = group.sessions[session_index];
    std::span<uint8_t> arrived;
    switch (reader_.read(session.fd.get(), session.remainder, arrived)) {
      case ReadOutcome::data:
        break;
      case ReadOutcome::waiting:
        return true;
      case ReadOutcome::ended:
        lose_session(group, session_index, "the server closed the connection");
        return false;
      case ReadOutcome::failed:
        lose_session(group, session_index, "read: " + describe_errno(errno));
        return false;
    }
    const uint64_t now_ns = monotonic_ns();
    sink.arrived(now_ns);
    PacketFramer framer(arrived.data(), arrived.size(), limits_);
    Frame frame;
    const uint64_t outstanding_before = session.progress.outstanding();
    while (framer.next(frame) == FramerStatus::frame) {
      const uint8_t* payload = arrived.data() + frame.payload_offset();
      if (group.traffic == GroupTraffic::frames && frame.header.packet_type == kPacketOneWay) {
        FrameContent content;
        if (group.frame_ledger.accept(group.frames[session_index], payload, frame.header.payload_bytes,
                                      group.frame_bytes, content)) {
          sink.frame(content);
        }
        continue;
      }
      if (group.traffic == GroupTraffic::one_way || group.traffic == GroupTraffic::frames) {
        acknowledge(group, session_index, frame.header, payload, sink);
        continue;
      }
      const uint64_t sequence =
          group.ledger.accept(session.progress, session_index, frame.header, payload, group.expectation);
      if (sequence != 0) sink.reply(group, session_index, sequence, frame.header.payload_bytes);
    }
    const uint64_t answered = outstanding_before - session.progress.outstanding();
    group.outstanding -= answered;
    if (answered != 0) session.waiting_since_ns = now_ns;
    if (framer.status() == FramerStatus::protocol_error) {
      group.ledger.count_unreadable();
      lose_session(group, session_index,
                   std::string("unreadable packet: ") + header_error_code(framer.error()));
      return false;
    }
    StreamReader::keep_tail(session.remainder, arrived, framer.tail_bytes(),
                            static_cast<size_t>(framer.tail_frame_bytes()));
    return true;
  }

 private:
  // Each message acknowledged is told to the sink, with the bytes that were sent.
  template <typename Sink>
  static void acknowledge(SessionGroup& group, uint32_t session_index, const PacketHeader& header,
                          const uint8_t* payload, Sink& sink) {
    SessionProgress& progress = group.sessions[session_index].progress;
    uint64_t sequence = progress.answered;
    if (group.stream_ledger.accept(progress, group.streams[session_index], header, payload)) {
      --group.fences_outstanding;
    }
    while (sequence < progress.answered) {
      sink.reply(group, session_index, ++sequence, group.expectation.request_payload_bytes);
    }
  }

  static constexpr size_t kReadBytesMax = 64 * 1024;

  StreamReader reader_{kReadBytesMax};
  PacketLimits limits_;
};

// For replies that arrive outside a window of their group: the ledger has seen them, nothing else counts
// them.
struct IgnoredReplies {
  static void arrived(uint64_t) {}
  static void reply(SessionGroup&, uint32_t, uint64_t, uint32_t) {}
  static void frame(const FrameContent&) {}
};

}  // namespace msgtrans
