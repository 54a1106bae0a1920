#include "programs/frame_ledger.h"

#include <algorithm>
#include <map>

namespace msgtrans {

bool FrameLedger::accept(FrameProgress& session, const uint8_t* payload, uint32_t bytes,
                         uint32_t expected_bytes, FrameContent& frame) {
  if (bytes != expected_bytes || bytes < kFramePayloadBytesMin) {
    ++totals_.corrupted;
    return false;
  }
  frame = read_frame(payload);
  const bool is_first = session.first_tick == 0;
  if (frame.tick == 0 || (!is_first && frame.group != session.group) ||
      (frame.tick % kFrameCheckedShare == 0 && !filler_intact(payload, kFrameFillerOffset, bytes))) {
    ++totals_.corrupted;
  }
  if (is_first) {
    session = {frame.tick, frame.tick, frame.group, 0};
  }
  if (frame.tick >= session.next_tick) {
    session.missing += frame.tick - session.next_tick;
    session.next_tick = frame.tick + 1;
  } else if (session.missing > 0) {
    --session.missing;
    ++totals_.reordered;
  } else {
    ++totals_.duplicated;
    return false;
  }
  ++totals_.delivered;
  return true;
}

void FrameLedger::close_window(std::span<FrameProgress> sessions, uint32_t group_size) {
  uint32_t first_tick = UINT32_MAX;
  uint32_t end_tick = 0;
  std::map<uint32_t, uint32_t> members;
  for (const FrameProgress& session : sessions) {
    if (session.first_tick == 0) continue;
    first_tick = std::min(first_tick, session.first_tick);
    end_tick = std::max(end_tick, session.next_tick);
    if (++members[session.group] > group_size) ++totals_.corrupted;
  }
  if (end_tick != 0) totals_.sent += uint64_t{end_tick - first_tick} * sessions.size();
  std::fill(sessions.begin(), sessions.end(), FrameProgress{});
  delivered_before_ = totals_.delivered;
}

void FrameLedger::abandon_window(std::span<FrameProgress> sessions) {
  totals_.sent += totals_.delivered - delivered_before_;
  std::fill(sessions.begin(), sessions.end(), FrameProgress{});
  delivered_before_ = totals_.delivered;
}

}  // namespace msgtrans
