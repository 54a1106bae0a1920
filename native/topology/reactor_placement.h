// Which node and which CPU each own-thread reactor and each helper thread belongs to: policy only, a pure function of
// the topology and the options. `thread_placement.h` carries it out.
//
// Rules, in this order:
// 1. Every node with a CPU this process may use gets `workers_per_numa_node` reactors and one helper.
// 2. Nothing leaves the allowed CPUs, and no CPU is given twice.
// 3. One physical core is left to the JavaScript thread, with all its hardware threads: the one it is on, where its
//    node has another core to work on.
// 4. A node's reactors take a physical core each before any takes the second hardware thread of a core.
// 5. Reactors beyond the CPUs of their node stay within the node and are the scheduler's to place: two threads pinned
//    to one CPU would stop each other.
// 6. Nothing is pinned without `enable_numa_optimization`, nor where there is only one CPU.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "topology/cpu_set.h"
#include "topology/machine_topology.h"

namespace msgtrans {

// A process has 256 reactors at most, and one of them is that of the JavaScript thread.
inline constexpr uint32_t kOwnThreadReactorsMax = 255;

enum class Confinement : uint8_t {
  none,  // the scheduler decides, as it does for any thread
  node,  // any allowed CPU of the node
  cpu,   // one CPU
};

struct ThreadPlace {
  uint32_t node = 0;
  Confinement confinement = Confinement::none;
  CpuSet cpus;  // where the thread may run; empty without confinement
  // Whose memory to ask for: given only where touching it first would not do, because the node has none to give.
  std::optional<uint32_t> memory_node;
};

struct PlacementRequest {
  uint32_t workers_per_numa_node = 0;
  bool enable_numa_optimization = true;
  // The CPU of the JavaScript thread; where it is not known, or not allowed, the lowest allowed one counts as its.
  std::optional<uint32_t> javascript_cpu = std::nullopt;
  // CPUs that reactors placed earlier hold.
  CpuSet cpus_taken = {};
};

struct ReactorPlacement {
  // The first reactor of every node, then the second of every node, and so on: a list cut short is spread all the same.
  std::vector<ThreadPlace> reactors;
  std::vector<ThreadPlace> helpers;  // one for each node that has reactors
};

struct PlacementResult {
  // More than `kOwnThreadReactorsMax` when refused, and then there is no placement.
  uint64_t reactors_requested = 0;
  uint32_t nodes_usable = 0;
  std::optional<ReactorPlacement> placement;
};

PlacementResult place_reactors(const MachineTopology& topology, const PlacementRequest& request);

}  // namespace msgtrans
