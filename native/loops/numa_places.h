// Which CPUs and nodes the loops of the suite `numa` use, and threads that stay there.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "topology/affinity.h"
#include "topology/machine_topology.h"

namespace msgtrans::loops {

// The CPUs of nodes[index] that this process may use, one of each core before the second hardware threads.
inline std::vector<uint32_t> cpus_apart(const MachineTopology& topology, size_t index) {
  const CpuSet allowed = topology.nodes[index].cpus & topology.allowed_cpus;
  std::vector<uint32_t> cpus;
  for (size_t rank = 0; cpus.size() < allowed.count(); ++rank) {
    for (const PhysicalCore& core : topology.cores) {
      std::vector<uint32_t> of_core;
      for (const uint32_t cpu : core.cpus) {
        if (allowed.contains(cpu)) of_core.push_back(cpu);
      }
      if (rank < of_core.size()) cpus.push_back(of_core[rank]);
    }
  }
  return cpus;
}

// The entries of `nodes` that have CPUs, and those that have memory, for this process.
inline std::vector<size_t> nodes_with_cpus(const MachineTopology& topology) {
  std::vector<size_t> indexes;
  for (size_t index = 0; index < topology.nodes.size(); ++index) {
    if (!cpus_apart(topology, index).empty()) indexes.push_back(index);
  }
  return indexes;
}
inline std::vector<size_t> nodes_with_memory(const MachineTopology& topology) {
  std::vector<size_t> indexes;
  for (size_t index = 0; index < topology.nodes.size(); ++index) {
    if (topology.allowed_memory_nodes.contains(topology.nodes[index].node)) indexes.push_back(index);
  }
  return indexes;
}

// Of `candidates`, the entry of `nodes` farthest from nodes[from]; empty when there is none but itself.
inline std::optional<size_t> farthest(const MachineTopology& topology, size_t from,
                                      const std::vector<size_t>& candidates) {
  std::optional<size_t> best;
  const std::vector<uint32_t>& distances = topology.nodes[from].distances;
  for (const size_t index : candidates) {
    if (index == from) continue;
    if (!best || distances[index] > distances[*best]) best = index;
  }
  return best;
}

inline void pin_or_throw(uint32_t cpu) {
  const int error = pin_current_thread(CpuSet{cpu}).error;
  if (error != 0) {
    throw std::runtime_error("CPU " + std::to_string(cpu) + " refused the thread: errno " + std::to_string(error));
  }
}

// Runs `body` on a thread of its own and returns when it has ended; the caller's affinity stays as it is.
template <typename Body>
void on_cpu(uint32_t cpu, Body&& body) {
  std::string failure;
  std::thread([&] {
    try {
      pin_or_throw(cpu);
      body();
    } catch (const std::exception& error) {
      failure = error.what();
    }
  }).join();
  if (!failure.empty()) throw std::runtime_error(failure);
}

inline std::string nodes_here(const MachineTopology& topology) {
  const size_t count = topology.nodes.size();
  return "this machine has " + std::to_string(count) + (count == 1 ? " NUMA node" : " NUMA nodes");
}

}  // namespace msgtrans::loops
