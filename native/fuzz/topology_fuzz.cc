// The texts of the kernel: no parser reads out of bounds, what is printed is read back, and whatever a machine claims
// to be, the topology read from it holds its invariants and reactors are placed by the rules.
//
// Input: the affinity as a list of CPUs in the first line, then files: a line "=<path>" and the text up to the next
// one. Every text also goes through every parser.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "topology/kernel_text.h"
#include "topology/machine_topology.h"
#include "topology/memory_files.h"
#include "topology/reactor_placement.h"

namespace {

using msgtrans::Confinement;
using msgtrans::CpuSet;
using msgtrans::MachineTopology;
using msgtrans::MemoryFiles;
using msgtrans::NodeSet;
using msgtrans::PlacementRequest;
using msgtrans::ThreadPlace;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "topology_fuzz: %s\n", what);
  std::abort();
}

template <typename Set>
void require_read_back(std::string_view text) {
  const auto set = Set::parse(text);
  if (set) require(Set::parse(set->to_string()) == set, "a printed list is another set");
}

void parse_everything(std::string_view text) {
  require_read_back<CpuSet>(text);
  require_read_back<NodeSet>(text);
  (void)msgtrans::parse_integer(text);
  (void)msgtrans::parse_memory_total_bytes(text);
  (void)msgtrans::parse_distances(text);
  const auto bandwidth = msgtrans::parse_cpu_max(text);
  require(!bandwidth || !bandwidth->cpus || *bandwidth->cpus > 0, "a quota of no CPU");
  const auto membership = msgtrans::parse_cgroup_membership(text);
  const auto mounts = msgtrans::parse_cgroup_mounts(text);
  if (mounts && mounts->unified) {
    const std::string path = membership ? membership->unified : std::string(text.substr(0, 64));
    const auto folders = msgtrans::cgroup_folders(*mounts->unified, path);
    require(!folders.empty() && folders.size() <= 64, "folders without a bound");
  }
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

MemoryFiles files_of(std::string_view text) {
  MemoryFiles files;
  std::string path;
  std::string content;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with('=')) {
      if (!path.empty()) files.set(path, content);
      path = line.substr(1);
      content.clear();
      continue;
    }
    content += line;
    content += '\n';
  }
  if (!path.empty()) files.set(path, content);
  return files;
}

void check_placement(const MachineTopology& topology, const PlacementRequest& request) {
  const auto result = msgtrans::place_reactors(topology, request);
  require(result.placement.has_value() == (result.reactors_requested <= msgtrans::kOwnThreadReactorsMax),
          "the limit of reactors is not kept");
  if (!result.placement) return;
  require(result.placement->reactors.size() == result.reactors_requested, "another number of reactors");
  require(result.placement->helpers.size() == result.nodes_usable, "another number of helpers");
  CpuSet pinned;
  for (const ThreadPlace& place : result.placement->reactors) {
    require(place.cpus.is_subset_of(topology.allowed_cpus), "a reactor outside of the allowed CPUs");
    require(place.cpus.empty() == (place.confinement == Confinement::none), "CPUs and confinement disagree");
    if (place.confinement != Confinement::cpu) continue;
    require(request.enable_numa_optimization, "pinned although the option is off");
    require(place.cpus.count() == 1 && (place.cpus & pinned).empty(), "one CPU for two reactors");
    require(topology.node_of_cpu(place.cpus.lowest())->node == place.node, "pinned to another node");
    pinned = pinned | place.cpus;
  }
  require(topology.allowed_cpus.count() > 1 || pinned.empty(), "pinned to the only CPU");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_everything(text);
  const CpuSet affinity = CpuSet::parse(take_line(text)).value_or(CpuSet{});
  const MemoryFiles files = files_of(text);
  for (const auto& [path, content] : files.texts()) parse_everything(content);
  const MachineTopology topology = msgtrans::read_machine_topology(files, affinity);
  topology.check_invariants();
  for (const bool enable : {false, true}) {
    for (const uint32_t workers : {0u, 1u, 3u, 64u, 256u}) {
      check_placement(topology, {.workers_per_numa_node = workers,
                                 .enable_numa_optimization = enable,
                                 .javascript_cpu = static_cast<uint32_t>(size % 16)});
    }
  }
  return 0;
}
