// How much of what a session was sent may be unanswered. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "programs/generator_commands.h"
#include "protocol/packet_header.h"

namespace msgtrans {

// An open loop lets this many requests of a session, or this many bytes, be out; later ones wait and keep the
// time at which they were meant to leave.
inline constexpr uint64_t kOpenInFlightMax = 256;
inline constexpr uint64_t kOpenInFlightMin = 16;
inline constexpr uint64_t kOpenFlightBytes = uint64_t{1} << 20;

inline uint32_t in_flight_max_of(const LoadShape& load) {
  if (keeps_depth(load.mode)) return load.depth;
  // Inputs do not wait for anything.
  if (load.mode == LoadMode::tick) return kOpenInFlightMin;
  const uint64_t fitting = kOpenFlightBytes / (load.payload_bytes + kHeaderBytes);
  return static_cast<uint32_t>(std::clamp(fitting, kOpenInFlightMin, kOpenInFlightMax));
}

}  // namespace msgtrans
