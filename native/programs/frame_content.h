// The content of broadcast frames and of what begins and ends them, as scenarios/harness/CONTROL.md fixes it.
// Pure; any thread.
//
//   frame    0-7 intended time (CLOCK_MONOTONIC, ns), 8-11 tick from 1, 12-15 interest group, 16-... filler
//   switch   0-7 zero, 8-11 1: begin to tick, 0: end; a request, answered like a fence
//
// All integers are little-endian.
#pragma once

#include <cstdint>

#include "programs/stream_content.h"

namespace msgtrans {

inline constexpr uint32_t kFrameFillerOffset = 16;
inline constexpr uint32_t kFramePayloadBytesMin = kFrameFillerOffset;
inline constexpr uint32_t kSwitchBytes = 12;
inline constexpr uint32_t kSwitchCommandOffset = 8;
// What a player sends at each of its inputs: a one-way message as of a stream.
inline constexpr uint32_t kInputBytes = 16;
// The filler of the frames of one tick in this many is read.
inline constexpr uint32_t kFrameCheckedShare = 64;

struct FrameContent {
  uint64_t intended_ns = 0;
  uint32_t tick = 0;
  uint32_t group = 0;
};

// Writes what changes from frame to frame; the filler stays.
inline void write_frame(uint8_t* payload, const FrameContent& frame) {
  store_64(payload, frame.intended_ns);
  store_32(payload + 8, frame.tick);
  store_32(payload + 12, frame.group);
}

inline FrameContent read_frame(const uint8_t* payload) {
  return {load_64(payload), load_32(payload + 8), load_32(payload + 12)};
}

}  // namespace msgtrans
