// What an epoll event is about. Slots are named with their generation, so an event that was collected before its
// session closed is recognised as stale.
#pragma once

#include <cstdint>

#include "session/session_id.h"

namespace msgtrans {

struct PollToken {
  enum Kind : uint32_t { kSession = 1, kListener = 2, kConnect = 3, kMail = 4 };

  Kind kind;
  uint32_t generation;  // of sessions
  uint32_t index;       // slot, listener id or connect id

  [[nodiscard]] uint64_t packed() const {
    return uint64_t{kind} << (32 + kGenerationBits) | uint64_t{generation} << 32 | index;
  }
  static PollToken from(uint64_t packed) {
    return {static_cast<Kind>(packed >> (32 + kGenerationBits)),
            static_cast<uint32_t>(packed >> 32) & kGenerationMax, static_cast<uint32_t>(packed)};
  }
};

}  // namespace msgtrans
