// What one reactor is to be like.
#pragma once

#include <cstdint>
#include <optional>

#include "memory/buffer_pool.h"
#include "protocol/packet_header.h"

namespace msgtrans {

struct EngineOptions {
  uint32_t reactor = 0;                // number of this reactor in session ids
  bool process_wide = false;           // other reactors and threads may know this one by its number
  std::optional<uint32_t> home;        // takes the deliveries of a reactor on a thread of its own
  uint32_t session_capacity = 1024;    // slots made ahead of use
  PacketLimits limits;
  uint64_t stall_timeout_ns = 30'000'000'000;
  uint64_t linger_timeout_ns = 1'000'000'000;
  BufferPoolOptions pool;
  bool seals_sent = false;             // changes of what JavaScript sends from are found before it is written
  BufferPoolServices pool_services;    // shared by the reactors of a transport
};

}  // namespace msgtrans
