#include "proofs/allocation_failure_scenarios.h"

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "memory/buffer_pool.h"
#include "memory/pool_warmer.h"
#include "proofs/allocation_failure_sites.h"
#include "sync/epoch_thread.h"
#include "sync/lock_free_map.h"
#include "sync/lock_free_map_memory.h"
#include "sync/record_queue.h"
#include "topology/machine_topology.h"
#include "topology/reactor_placement.h"

namespace msgtrans {

namespace {

constexpr uint64_t kMapKeys = 2'000;

// Grows through several tables; every write that is refused says so, and those that were not are found.
void lock_free_map() {
  ProcessEpoch::Participant* participant = this_thread_participant();
  MapMemory* memory = MapMemory::create(size_t{1} << 30);
  std::unique_ptr<LockFreeMap<>> map;
  if (participant == nullptr && memory != nullptr) memory->drop();
  if (participant != nullptr && memory != nullptr) map = LockFreeMap<>::create(process_epoch(), *memory, 1, 7);
  uint64_t refused = participant == nullptr || map == nullptr ? 1 : 0;
  if (refused > 0) {
    MSGTRANS_EXPECT(Refusals::happened());
    Refusals::disarm();
    if (participant == nullptr) participant = this_thread_participant();
    if (map == nullptr) map = LockFreeMap<>::create(process_epoch(), *MapMemory::create(size_t{1} << 30), 1, 7);
    MSGTRANS_EXPECT(participant != nullptr && map != nullptr);
    if (participant == nullptr || map == nullptr) return;
  }
  for (uint64_t key = 0; key < kMapKeys; ++key) {
    const uint64_t value = key << 40 | key;  // boxed when it does not fit a word
    MapResult result = map->set(*participant, key, value);
    if (result.status == MapStatus::kOutOfMemory) {
      MSGTRANS_EXPECT(Refusals::happened());
      ++refused;
      uint64_t found = 0;
      MSGTRANS_EXPECT(!map->get(*participant, key, found));
      for (int attempt = 0; attempt < 16 && result.status == MapStatus::kOutOfMemory; ++attempt) {
        result = map->set(*participant, key, value);
      }
    }
    MSGTRANS_EXPECT(result.status == MapStatus::kInserted);
  }
  for (uint64_t key = 0; key < kMapKeys; ++key) {
    uint64_t value = 0;
    MSGTRANS_EXPECT(map->get(*participant, key, value) && value == (key << 40 | key));
    if (key % 2 == 0) MSGTRANS_EXPECT(map->remove(*participant, key).status == MapStatus::kRemoved);
  }
  map = nullptr;
  for (int turn = 0; turn < 3; ++turn) process_epoch().flush(*participant);
}

void record_queue() {
  std::unique_ptr<RecordQueue> queue = RecordQueue::create(64, 24);
  if (queue == nullptr) {
    MSGTRANS_EXPECT(Refusals::happened());
    Refusals::disarm();
    queue = RecordQueue::create(64, 24);
  }
  MSGTRANS_EXPECT(queue != nullptr);
  if (queue == nullptr) return;
  uint8_t records[24 * 80] = {};
  MSGTRANS_EXPECT(queue->push(records, 80) == 64 && queue->counters().dropped == 16);
  MSGTRANS_EXPECT(queue->pop(records, 80) == 64);
}

void topology() {
  try {
    const MachineTopology machine = read_this_machine();
    machine.check_invariants();
    PlacementRequest request;
    request.workers_per_numa_node = 1;
    const PlacementResult placed = place_reactors(machine, request);
    MSGTRANS_EXPECT(placed.placement.has_value());
  } catch (const std::bad_alloc&) {
    // Start-up code with the caller's try around it; what matters is that nothing swallows or leaks.
    MSGTRANS_EXPECT(Refusals::happened());
  }
}

// The pool grows with a warmer's thread, shrinks, lends to other threads and makes mappings of their own.
void buffer_pool() {
  BufferPoolOptions options;
  options.tier_counts = {32, 8, 20, 0};
  options.tier_counts_max = {4096, 32, 160, 0};
  options.window_calls = 8;
  options.quiet_windows = 1;
  const Mapping memory = Mapping::create_aligned(BufferPool::bytes_needed(options), kHugePageBytes);
  if (!memory.valid()) return MSGTRANS_EXPECT(Refusals::happened());
  try {
    const auto budget = std::make_shared<ByteBudget>(size_t{64} << 20);
    const auto warmer = std::make_shared<PoolWarmer>();
    BufferPool pool(memory.data(), options, {warmer, budget});
    std::array<SliceId, 400> ids{};
    uint32_t refused = 0;
    for (int round = 0; round < 3; ++round) {
      size_t count = 0;
      for (size_t i = 0; i < ids.size(); ++i) {
        const Slice slice = pool.acquire(i % 50 == 49 ? size_t{3} << 20 : i % 3 == 0 ? 60'000 : 900);
        if (!slice.valid()) {
          ++refused;
          continue;
        }
        slice.data[0] = 1;
        ids[count++] = slice.id;
        if (i % 4 == 0) pool.maintain();
      }
      pool.check_invariants();
      MSGTRANS_EXPECT(refused == 0 || Refusals::happened());
      for (size_t i = 0; i < count; ++i) pool.release(ids[i]);
      for (int i = 0; i < 64; ++i) pool.maintain();
      pool.check_invariants();
    }
    pool.warm_up(options.tier_counts);
    MSGTRANS_EXPECT(pool.counters().refused == refused);
    const Slice probe = pool.acquire(900);
    MSGTRANS_EXPECT(probe.valid());
    if (probe.valid()) pool.release(probe.id);
  } catch (const std::bad_alloc&) {
    // Only where it is made; EngineOptions users see it as a reactor that is not valid.
    MSGTRANS_EXPECT(Refusals::happened());
  }
}

constexpr AllocationScenario kScenarios[] = {
    {"start-up", start_up},
    {"message-path", message_path},
    {"in-process", in_process_path},
    {"own-thread", own_thread_path},
    {"lock-free-map", lock_free_map},
    {"record-queue", record_queue},
    {"topology", topology},
    {"buffer-pool", buffer_pool},
};

}  // namespace

std::span<const AllocationScenario> allocation_scenarios() { return kScenarios; }

}  // namespace msgtrans
