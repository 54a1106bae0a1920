// Accounts for the frames that a broadcaster sends at each tick (scenarios/harness/CONTROL.md). Pure; one
// thread.
//
// Every session is to get every tick once, in order. Which ticks there were shows at the end of a window,
// when all sessions have got everything: from the first that any of them got to the last.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "programs/frame_content.h"
#include "programs/reply_ledger.h"

namespace msgtrans {

// What one session has got since the window began.
struct FrameProgress {
  uint32_t first_tick = 0;  // 0: none yet.
  uint32_t next_tick = 0;
  uint32_t group = 0;
  uint64_t missing = 0;  // Ticks that later ones have overtaken.
};

class FrameLedger {
 public:
  // Judges one frame and gives what it says; false when it is none.
  bool accept(FrameProgress& session, const uint8_t* payload, uint32_t bytes, uint32_t expected_bytes,
              FrameContent& frame);

  // The window is over and every session has got what was sent: counts what should have come. `group_size` is
  // the most that one interest group may have.
  void close_window(std::span<FrameProgress> sessions, uint32_t group_size);

  // The window has failed: what was not got is nobody's to say.
  void abandon_window(std::span<FrameProgress> sessions);

  const LedgerTotals& totals() const { return totals_; }

 private:
  LedgerTotals totals_;
  uint64_t delivered_before_ = 0;  // The window that is under way.
};

}  // namespace msgtrans
