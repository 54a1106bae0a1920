// What one reactor counts, under the names of `core/statistics/counter-catalog.ts`.
//
// Part of it any thread may read, part of it only the reactor's own: its buffer pool, its links, its CPU time. So it is
// taken in two steps, and a reactor on a thread of its own is asked for the second part by `SessionEngine::call`.
#pragma once

#include <napi.h>

#include <cstdint>

#include "memory/buffer_pool_counters.h"
#include "session/session_engine.h"

namespace msgtrans {

struct OwnCounters {
  BufferPoolCounters pool;
  uint64_t cpu_ns;  // of the thread, with all that it does
  uint64_t bytes_under_way;
  uint32_t ring_bytes_used;  // in the segment that is being filled

  // Thread: the reactor's.
  static OwnCounters read(SessionEngine& engine);
};

// Adds everything to `object`. Thread: the environment's.
void add_counters(Napi::Object object, const SessionEngine& engine, const OwnCounters& own);

// The latencies of turns, `ReactorLatencyHistogram::kCopyWords` of them. Thread: the environment's.
Napi::Float64Array turn_latency_copy(Napi::Env env, const SessionEngine& engine);

}  // namespace msgtrans
