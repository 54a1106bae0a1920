#include "topology/machine_topology.h"

#include <unistd.h>

#include <string>

#include "base/assert.h"
#include "topology/affinity.h"
#include "topology/cgroup_limits.h"
#include "topology/kernel_text.h"

namespace msgtrans {

namespace {

const std::string kNodeFolder = "/sys/devices/system/node/";
const std::string kCpuFolder = "/sys/devices/system/cpu/";

// One node, with its files. Empty when they are not to be believed; what was wrong is then in `problems`.
std::optional<NumaNode> read_node(const TextFiles& files, ProblemLog& problems, uint32_t number,
                                  const NodeSet& online_nodes, const CpuSet& online_cpus) {
  const std::string folder = kNodeFolder + "node" + std::to_string(number);
  const auto cpus = problems.read_promised<CpuSet>(files, folder + "/cpulist", &CpuSet::parse);
  if (!cpus) return std::nullopt;
  NumaNode node{number, *cpus & online_cpus, 0, {}};
  const size_t before = problems.count();
  node.memory_bytes = problems.read<uint64_t>(files, folder + "/meminfo", &parse_memory_total_bytes).value_or(0);
  auto distances = problems.read<std::vector<uint32_t>>(files, folder + "/distance", &parse_distances);
  if (problems.count() != before) return std::nullopt;
  const uint32_t nodes_count = online_nodes.count();
  if (distances && distances->size() != nodes_count) {
    problems.add(TopologyFault::contradictory, folder + "/distance",
                 std::to_string(distances->size()) + " distances, " + std::to_string(nodes_count) + " nodes online");
    return std::nullopt;
  }
  if (!distances) {
    for (const uint32_t other : online_nodes.numbers()) {
      node.distances.push_back(other == number ? MachineTopology::kLocalDistance : MachineTopology::kRemoteDistance);
    }
  } else {
    node.distances = std::move(*distances);
  }
  return node;
}

// All nodes, or none when any of them is not to be believed: half a picture would place threads worse than no picture.
std::vector<NumaNode> read_nodes(const TextFiles& files, ProblemLog& problems, const CpuSet& online_cpus,
                                 const CpuSet& allowed_cpus) {
  const std::string list_path = kNodeFolder + "online";
  const auto online = problems.read<NodeSet>(files, list_path, &NodeSet::parse);
  if (!online || online->empty()) return {};
  std::vector<NumaNode> nodes;
  CpuSet seen;
  for (const uint32_t number : online->numbers()) {
    std::optional<NumaNode> node = read_node(files, problems, number, *online, online_cpus);
    if (!node) return {};
    if (const CpuSet twice = node->cpus & seen; !twice.empty()) {
      problems.add(TopologyFault::contradictory, kNodeFolder + "node" + std::to_string(number) + "/cpulist",
                   "CPUs of another node: " + twice.to_string());
      return {};
    }
    seen = seen | node->cpus;
    nodes.push_back(std::move(*node));
  }
  if (const CpuSet homeless = allowed_cpus - seen; !homeless.empty()) {
    problems.add(TopologyFault::contradictory, list_path, "CPUs without a node: " + homeless.to_string());
    return {};
  }
  return nodes;
}

// Every CPU lands in exactly one core, whatever the files say: one whose list does not name it stands alone.
std::vector<PhysicalCore> read_cores(const TextFiles& files, ProblemLog& problems, CpuSet cpus) {
  std::vector<PhysicalCore> cores;
  for (uint32_t cpu = cpus.lowest(); cpu < CpuSet::kNumbersMax; cpu = cpus.lowest()) {
    const std::string path = kCpuFolder + "cpu" + std::to_string(cpu) + "/topology/thread_siblings_list";
    const auto siblings = problems.read<CpuSet>(files, path, &CpuSet::parse);
    CpuSet core{cpu};
    if (siblings && !siblings->contains(cpu)) {
      problems.add(TopologyFault::contradictory, path, siblings->to_string());
    } else if (siblings) {
      core = *siblings & cpus;
    }
    cores.push_back({core.numbers()});
    cpus = cpus - core;
  }
  return cores;
}

// The allowed CPUs: affinity within the cgroup's cpuset. The kernel keeps the first within the second, so where they do
// not meet it is the cgroup's files that are not ours.
CpuSet allowed_of(const CpuSet& affinity, const CgroupLimits& limits, ProblemLog& problems) {
  if (!limits.cpus) return affinity;
  const CpuSet allowed = affinity & *limits.cpus;
  if (!allowed.empty()) return allowed;
  problems.add(TopologyFault::contradictory, "/proc/self/cgroup",
               "affinity " + affinity.to_string() + ", cpuset " + limits.cpus->to_string());
  return affinity;
}

}  // namespace

const NumaNode* MachineTopology::node_of_cpu(uint32_t cpu) const {
  for (const NumaNode& node : nodes) {
    if (node.cpus.contains(cpu)) return &node;
  }
  return nullptr;
}

std::optional<uint32_t> MachineTopology::nearest_memory_node(size_t index) const {
  std::optional<size_t> nearest;
  for (size_t other = 0; other < nodes.size(); ++other) {
    if (nodes[other].memory_bytes == 0 || !allowed_memory_nodes.contains(nodes[other].node)) continue;
    // Firmware has been seen to give a neighbour the local distance: a node with memory is always its own nearest.
    if (other == index) return nodes[index].node;
    if (!nearest || nodes[index].distances[other] < nodes[index].distances[*nearest]) nearest = other;
  }
  if (!nearest) return std::nullopt;
  return nodes[*nearest].node;
}

void MachineTopology::check_invariants() const {
  MSGTRANS_ASSERT(!nodes.empty());
  MSGTRANS_ASSERT(!allowed_cpus.empty());
  CpuSet in_nodes;
  for (size_t index = 0; index < nodes.size(); ++index) {
    MSGTRANS_ASSERT(index == 0 || nodes[index - 1].node < nodes[index].node);
    MSGTRANS_ASSERT(nodes[index].distances.size() == nodes.size());
    MSGTRANS_ASSERT((nodes[index].cpus & in_nodes).empty());
    in_nodes = in_nodes | nodes[index].cpus;
  }
  MSGTRANS_ASSERT(allowed_cpus.is_subset_of(in_nodes));
  CpuSet in_cores;
  for (const PhysicalCore& core : cores) {
    MSGTRANS_ASSERT(!core.cpus.empty());
    for (const uint32_t cpu : core.cpus) {
      MSGTRANS_ASSERT(in_nodes.contains(cpu) && !in_cores.contains(cpu));
      in_cores.add(cpu);
    }
  }
  MSGTRANS_ASSERT(in_cores == in_nodes);
  MSGTRANS_ASSERT(!cpu_quota || *cpu_quota > 0);
}

MachineTopology read_machine_topology(const TextFiles& files, const CpuSet& affinity) {
  MachineTopology topology;
  ProblemLog problems;
  const CgroupLimits limits = read_cgroup_limits(files, problems);
  const auto listed = problems.read<CpuSet>(files, kCpuFolder + "online", &CpuSet::parse);
  // The scheduler grants CPUs only while they are online; the file may be a container's own idea of them.
  CpuSet online = listed.value_or(CpuSet{}) | affinity;
  if (online.empty()) online.add(0);
  topology.allowed_cpus = allowed_of(affinity.empty() ? online : affinity, limits, problems);
  topology.cpu_quota = limits.cpu_quota;
  topology.nodes = read_nodes(files, problems, online, topology.allowed_cpus);
  if (topology.nodes.empty()) {
    const auto memory_bytes = problems.read<uint64_t>(files, "/proc/meminfo", &parse_memory_total_bytes);
    topology.nodes.push_back(
        {0, topology.allowed_cpus, memory_bytes.value_or(0), {MachineTopology::kLocalDistance}});
  }

  CpuSet cpus;
  NodeSet memory_nodes;
  for (const NumaNode& node : topology.nodes) {
    cpus = cpus | node.cpus;
    if (node.memory_bytes != 0) memory_nodes.add(node.node);
  }
  topology.cores = read_cores(files, problems, cpus);
  topology.allowed_memory_nodes = memory_nodes;
  // A cpuset that names none of them speaks of nodes that were not believed, or of another machine.
  if (limits.memory_nodes && !(memory_nodes & *limits.memory_nodes).empty()) {
    topology.allowed_memory_nodes = memory_nodes & *limits.memory_nodes;
  }
  topology.problems = problems.take();
  return topology;
}

MachineTopology read_this_machine() {
  return read_machine_topology(DiskFiles(), affinity_of(::getpid()).cpus);
}

}  // namespace msgtrans
