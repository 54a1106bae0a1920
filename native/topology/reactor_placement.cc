#include "topology/reactor_placement.h"

#include <algorithm>

namespace msgtrans {

namespace {

struct UsableNode {
  uint32_t node;
  CpuSet cpus;                         // allowed ones
  std::vector<uint32_t> cpus_ranked;   // those a reactor may be pinned to, best first
  std::optional<uint32_t> memory_node;
};

std::vector<UsableNode> usable_nodes(const MachineTopology& topology) {
  std::vector<UsableNode> usable;
  for (size_t index = 0; index < topology.nodes.size(); ++index) {
    const NumaNode& node = topology.nodes[index];
    const CpuSet cpus = node.cpus & topology.allowed_cpus;
    if (cpus.empty()) continue;
    std::optional<uint32_t> memory_node = topology.nearest_memory_node(index);
    if (memory_node == node.node) memory_node.reset();
    usable.push_back({node.node, cpus, {}, memory_node});
  }
  return usable;
}

// The cores of a node as far as they are allowed, by their lowest allowed CPU.
std::vector<std::vector<uint32_t>> cores_within(const MachineTopology& topology, const CpuSet& cpus) {
  std::vector<std::vector<uint32_t>> cores;
  for (const PhysicalCore& core : topology.cores) {
    std::vector<uint32_t> allowed;
    for (const uint32_t cpu : core.cpus) {
      if (cpus.contains(cpu)) allowed.push_back(cpu);
    }
    if (!allowed.empty()) cores.push_back(std::move(allowed));
  }
  std::sort(cores.begin(), cores.end());
  return cores;
}

void leave_core_to(uint32_t javascript_cpu, std::vector<std::vector<uint32_t>>& cores) {
  if (cores.size() < 2) return;
  std::erase_if(cores, [javascript_cpu](const std::vector<uint32_t>& core) {
    return std::find(core.begin(), core.end(), javascript_cpu) != core.end();
  });
}

// First hardware threads of all cores, then the second ones.
std::vector<uint32_t> ranked(const std::vector<std::vector<uint32_t>>& cores, const CpuSet& taken) {
  // A core with somebody on it already is as good as an SMT sibling: its free threads come one rank later for each.
  std::vector<std::vector<uint32_t>> ranks;
  for (const std::vector<uint32_t>& core : cores) {
    size_t rank = 0;
    for (const uint32_t cpu : core) rank += taken.contains(cpu) ? 1 : 0;
    for (const uint32_t cpu : core) {
      if (taken.contains(cpu)) continue;
      if (ranks.size() <= rank) ranks.resize(rank + 1);
      ranks[rank++].push_back(cpu);
    }
  }
  std::vector<uint32_t> cpus;
  for (const std::vector<uint32_t>& rank : ranks) cpus.insert(cpus.end(), rank.begin(), rank.end());
  return cpus;
}

ThreadPlace place_in(const UsableNode& node, bool confine) {
  if (!confine) return {node.node, Confinement::none, {}, std::nullopt};
  return {node.node, Confinement::node, node.cpus, node.memory_node};
}

}  // namespace

PlacementResult place_reactors(const MachineTopology& topology, const PlacementRequest& request) {
  std::vector<UsableNode> nodes = usable_nodes(topology);
  PlacementResult result;
  result.nodes_usable = static_cast<uint32_t>(nodes.size());
  result.reactors_requested = uint64_t{request.workers_per_numa_node} * nodes.size();
  if (result.reactors_requested > kOwnThreadReactorsMax) return result;

  const bool pin = request.enable_numa_optimization && topology.allowed_cpus.count() > 1;
  // With one node, "anywhere in the node" is what the scheduler does anyway.
  const bool confine = pin && nodes.size() > 1;
  if (pin) {
    uint32_t javascript_cpu = request.javascript_cpu.value_or(CpuSet::kNumbersMax);
    if (!topology.allowed_cpus.contains(javascript_cpu)) javascript_cpu = topology.allowed_cpus.lowest();
    for (UsableNode& node : nodes) {
      auto cores = cores_within(topology, node.cpus);
      leave_core_to(javascript_cpu, cores);
      node.cpus_ranked = ranked(cores, request.cpus_taken);
    }
  }

  ReactorPlacement placement;
  for (uint32_t worker = 0; worker < request.workers_per_numa_node; ++worker) {
    for (const UsableNode& node : nodes) {
      ThreadPlace place = place_in(node, confine);
      if (worker < node.cpus_ranked.size()) {
        place.confinement = Confinement::cpu;
        place.cpus = CpuSet{node.cpus_ranked[worker]};
        place.memory_node = node.memory_node;
      }
      placement.reactors.push_back(place);
    }
  }
  for (const UsableNode& node : nodes) placement.helpers.push_back(place_in(node, confine));
  result.placement = std::move(placement);
  return result;
}

}  // namespace msgtrans
