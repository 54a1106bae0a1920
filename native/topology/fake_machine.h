// Machines that the tests make up, as the files that a kernel would show of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/cpu_set.h"
#include "topology/machine_topology.h"
#include "topology/memory_files.h"

namespace msgtrans {

struct FakeNode {
  uint32_t node;
  std::string cpus;  // list
  uint64_t memory_kilobytes;
  std::string distances;
};

struct FakeMachine {
  std::vector<FakeNode> nodes;
  std::string online;                 // list of CPUs
  std::vector<std::string> siblings;  // list of CPUs of each core with more than one

  [[nodiscard]] MemoryFiles files() const {
    MemoryFiles files;
    NodeSet node_numbers;
    for (const FakeNode& node : nodes) {
      const std::string folder = "/sys/devices/system/node/node" + std::to_string(node.node);
      node_numbers.add(node.node);
      files.set(folder + "/cpulist", node.cpus + "\n");
      files.set(folder + "/distance", node.distances + "\n");
      const std::string name = "Node " + std::to_string(node.node);
      files.set(folder + "/meminfo", name + " MemTotal:       " + std::to_string(node.memory_kilobytes) + " kB\n" +
                                         name + " MemFree:        1 kB\n");
    }
    files.set("/sys/devices/system/node/online", node_numbers.to_string() + "\n");
    files.set("/sys/devices/system/cpu/online", online + "\n");
    for (const std::string& core : siblings) {
      for (const uint32_t cpu : CpuSet::parse(core)->numbers()) {
        files.set("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", core + "\n");
      }
    }
    files.set("/proc/meminfo", "MemTotal:       4096 kB\nMemFree:        1 kB\n");
    return files;
  }

  // Read with every CPU online allowed, or with `affinity`.
  [[nodiscard]] MachineTopology topology() const { return topology(online); }
  [[nodiscard]] MachineTopology topology(const std::string& affinity) const {
    return read_machine_topology(files(), *CpuSet::parse(affinity));
  }

  // One node of four CPUs, each a core.
  static FakeMachine one_node() { return {{{0, "0-3", 8192, "10"}}, "0-3", {}}; }
  // Two nodes of four cores with two hardware threads each, numbered as firmware usually does: 0-7 first, 8-15 second.
  static FakeMachine two_nodes() {
    return {{{0, "0-3,8-11", 8192, "10 21"}, {1, "4-7,12-15", 16384, "21 10"}},
            "0-15",
            {"0,8", "1,9", "2,10", "3,11", "4,12", "5,13", "6,14", "7,15"}};
  }
  // Four nodes with holes everywhere: nodes 0, 2, 3 and 7; CPUs 3 and 5 offline; node 3 has memory only, node 7 has
  // CPUs only.
  static FakeMachine four_nodes() {
    return {{{0, "0-2", 4096, "10 20 30 40"},
             {2, "4,6-7", 4096, "20 10 25 15"},
             {3, "", 65536, "30 25 10 17"},
             {7, "8-9", 0, "40 15 17 10"}},
            "0-2,4,6-9",
            {}};
  }
};

}  // namespace msgtrans
