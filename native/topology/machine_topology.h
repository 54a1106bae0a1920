// The machine as this process may use it: nodes with their CPUs, memory and distances, physical cores, and what
// affinity and cgroups leave of them.
//
// Reading takes a few system calls for each CPU and is for start-ups. The result is a plain value; any thread may read
// it. It describes the moment: CPUs come and go, and whoever pins a thread must be ready to be refused.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "topology/cpu_set.h"
#include "topology/text_files.h"
#include "topology/topology_problem.h"

namespace msgtrans {

struct NumaNode {
  uint32_t node = 0;                // the kernel's number; numbers may have holes
  CpuSet cpus;                      // those online; none for memory on its own (CXL, HBM)
  uint64_t memory_bytes = 0;        // none for CPUs without memory of their own, or where the kernel does not tell
  std::vector<uint32_t> distances;  // to `MachineTopology::nodes[i]`; 10 is local, 20 twice as far
};

// The hardware threads of one physical core.
struct PhysicalCore {
  std::vector<uint32_t> cpus;  // rising
};

struct MachineTopology {
  static constexpr uint32_t kLocalDistance = 10;   // ACPI SLIT; the kernel's defaults where the firmware says nothing
  static constexpr uint32_t kRemoteDistance = 20;

  std::vector<NumaNode> nodes;      // rising by number, at least one
  std::vector<PhysicalCore> cores;  // every CPU of every node is in one; rising by first CPU
  CpuSet allowed_cpus;              // where this process may run; never empty, each in one of the nodes
  NodeSet allowed_memory_nodes;     // where its memory may come from
  std::optional<double> cpu_quota;  // CPU seconds a second that the cgroup grants; empty without a limit
  std::vector<TopologyProblem> problems;

  // The entry of `nodes` that `cpu` is in, or nullptr.
  [[nodiscard]] const NumaNode* node_of_cpu(uint32_t cpu) const;
  // The node nearest to nodes[index] that has memory this process may use (itself, as a rule); the lower number of two.
  [[nodiscard]] std::optional<uint32_t> nearest_memory_node(size_t index) const;
  // Ends the process when what is said above does not hold.
  void check_invariants() const;
};

// `affinity`: the CPUs the scheduler grants this process (`affinity.h`); may be empty when that is not known.
// Without readable, believable files there is one node of the allowed CPUs.
MachineTopology read_machine_topology(const TextFiles& files, const CpuSet& affinity);

// This machine, for the process as it was started: the affinity is that of its first thread.
MachineTopology read_this_machine();

}  // namespace msgtrans
