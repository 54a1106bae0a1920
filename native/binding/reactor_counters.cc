#include "binding/reactor_counters.h"

#include <time.h>

#include <span>

#include "session/batch_layout.h"
#include "session/delivery_block.h"

namespace msgtrans {

namespace {

uint64_t thread_cpu_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace

OwnCounters OwnCounters::read(SessionEngine& engine) {
  // Volatile: JavaScript changes this word between our calls, behind the compiler's back.
  const auto* const control = reinterpret_cast<const volatile uint32_t*>(engine.arena()->data());
  // What other threads gave back since the last turn is at home, too.
  engine.pool().drain_returns();
  return {engine.pool().counters(), thread_cpu_ns(), engine.bytes_under_way(), control[kControlRingUsed]};
}

void add_counters(Napi::Object object, const SessionEngine& engine, const OwnCounters& own) {
  const auto set = [&](const char* name, uint64_t value) { object.Set(name, static_cast<double>(value)); };
  const EngineCounters& counters = engine.counters();
  set("turns", counters.turns);
  set("deliveries", counters.deliveries);
  set("syscalls", counters.syscalls);
  set("messagesReceived", counters.messages_received);
  set("bytesReceived", counters.bytes_received);
  set("messagesSent", counters.messages_sent);
  set("bytesSent", counters.bytes_sent);
  set("messagesDiscarded", counters.messages_discarded);
  set("payloadCopies", counters.payload_copies);
  set("straddleCopies", counters.straddle_copies);
  set("sessionsAccepted", counters.sessions_accepted);
  set("sessionsConnected", counters.sessions_connected);
  set("sessionsClosed", counters.sessions_closed);
  set("acceptsRefused", counters.accepts_refused);
  set("connectsFailed", counters.connects_failed);
  set("socketsHandedOver", counters.sockets_handed_over);
  set("runsLent", counters.runs_lent);
  set("segmentsCopied", counters.segments_copied);
  set("sessionsOpen", engine.directory().open_count());
  set("queuedBytes", engine.queued_bytes());
  // A reactor without a home writes for JavaScript; one with a home is sent to by others, and hands deliveries over.
  const bool has_own_thread = engine.has_own_thread();
  set("outboundRingBytesUsed", own.ring_bytes_used);
  set("outboundRingBytes", has_own_thread ? 0 : kRingBytes);
  set("deliveryBlocksLent", engine.blocks_lent());
  set("deliveryBlocks", has_own_thread ? kDeliveryBlocks : 0);
  set("bytesUnderWay", own.bytes_under_way);
  set("cpuNs", own.cpu_ns);
  const BufferPoolCounters& pool = own.pool;
  set("poolHits", pool.hits);
  set("poolMisses", pool.misses);
  set("poolRefused", pool.refused);
  set("poolBytes", pool.tier_bytes + pool.dedicated_bytes);
  set("dedicatedBytes", pool.dedicated_bytes);
  set("slicesLent", pool.slices_lent);
  set("slicesShared", pool.slices_shared);
  set("slicesInService", pool.slices_in_service);
  set("slicesRetired", pool.slices_retired);
  set("slicesReserve", pool.slices_reserve);
  set("slicesGrown", pool.slices_grown);
  set("slicesShrunk", pool.slices_shrunk);
  set("growthsRefused", pool.growths_refused);
  set("slabsRetired", pool.slabs_retired);
  set("fragmentationPermille", pool.fragmentation_permille);
  set("foreignReturns", pool.foreign_returns);
  set("warmBytes", pool.warm_bytes);
  set("hugePagesAccepted", pool.huge_pages_accepted);
  set("hugePagesRefused", pool.huge_pages_refused);
  set("poisonViolations", pool.poison_violations);
}

Napi::Float64Array turn_latency_copy(Napi::Env env, const SessionEngine& engine) {
  constexpr size_t kWords = ReactorLatencyHistogram::kCopyWords;
  Napi::Float64Array copy = Napi::Float64Array::New(env, kWords);
  // A Worker that is being terminated gets no memory from V8 any more, and its exception is never seen.
  if (copy.IsEmpty()) return copy;
  engine.turn_latency().copy_to(std::span<double, kWords>(copy.Data(), kWords));
  return copy;
}

}  // namespace msgtrans
