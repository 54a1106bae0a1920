#include "topology/machine_topology.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "topology/fake_machine.h"

namespace msgtrans {
namespace {

const std::string kNodes = "/sys/devices/system/node/";

using Numbers = std::vector<uint32_t>;

std::vector<Numbers> cores_of(const MachineTopology& topology) {
  std::vector<Numbers> cores;
  for (const PhysicalCore& core : topology.cores) cores.push_back(core.cpus);
  return cores;
}

void expect_one_node(const MachineTopology& topology, const std::string& cpus) {
  topology.check_invariants();
  ASSERT_EQ(topology.nodes.size(), 1u);
  EXPECT_EQ(topology.nodes[0].node, 0u);
  EXPECT_EQ(topology.nodes[0].cpus.to_string(), cpus);
  EXPECT_EQ(topology.nodes[0].distances, Numbers{10});
}

TEST(MachineTopology, reads_one_node) {
  const MachineTopology topology = FakeMachine::one_node().topology();
  expect_one_node(topology, "0-3");
  EXPECT_EQ(topology.nodes[0].memory_bytes, 8192u * 1024);
  EXPECT_EQ(topology.allowed_cpus.to_string(), "0-3");
  EXPECT_EQ(topology.allowed_memory_nodes.to_string(), "0");
  EXPECT_FALSE(topology.cpu_quota);
  EXPECT_EQ(cores_of(topology), (std::vector<Numbers>{{0}, {1}, {2}, {3}}));
  EXPECT_TRUE(topology.problems.empty());
}

TEST(MachineTopology, reads_two_nodes_with_hardware_threads) {
  const MachineTopology topology = FakeMachine::two_nodes().topology();
  topology.check_invariants();
  ASSERT_EQ(topology.nodes.size(), 2u);
  EXPECT_EQ(topology.nodes[1].cpus.to_string(), "4-7,12-15");
  EXPECT_EQ(topology.nodes[1].distances, (Numbers{21, 10}));
  EXPECT_EQ(topology.node_of_cpu(12)->node, 1u);
  EXPECT_EQ(topology.node_of_cpu(16), nullptr);
  EXPECT_EQ(topology.cores.size(), 8u);
  EXPECT_EQ(topology.cores[0].cpus, (Numbers{0, 8}));
}

TEST(MachineTopology, reads_nodes_with_holes_without_cpus_and_without_memory) {
  const MachineTopology topology = FakeMachine::four_nodes().topology();
  topology.check_invariants();
  ASSERT_EQ(topology.nodes.size(), 4u);
  EXPECT_EQ(topology.nodes[1].node, 2u);
  EXPECT_TRUE(topology.nodes[2].cpus.empty());
  EXPECT_EQ(topology.nodes[3].memory_bytes, 0u);
  EXPECT_EQ(topology.allowed_memory_nodes.to_string(), "0,2-3");
  EXPECT_EQ(topology.nearest_memory_node(0), 0u);
  EXPECT_EQ(topology.nearest_memory_node(3), 2u) << "15 to node 2, 17 to node 3, 40 to node 0";
}

TEST(MachineTopology, takes_a_node_for_its_own_nearest_whatever_the_firmware_says) {
  FakeMachine machine = FakeMachine::two_nodes();
  machine.nodes[1].distances = "10 10";
  EXPECT_EQ(machine.topology().nearest_memory_node(1), 1u);
}

TEST(MachineTopology, leaves_out_cpus_that_are_offline) {
  FakeMachine machine = FakeMachine::two_nodes();
  machine.online = "0-6,8-15";
  const MachineTopology topology = machine.topology();
  topology.check_invariants();
  EXPECT_EQ(topology.nodes[1].cpus.to_string(), "4-6,12-15");
  EXPECT_EQ(topology.cores[7].cpus, Numbers{15}) << "the offline hardware thread is no part of its core";
}

TEST(MachineTopology, takes_what_the_scheduler_grants_for_online) {
  FakeMachine machine = FakeMachine::one_node();
  machine.online = "0-1";  // a container's own idea
  const MachineTopology topology = machine.topology("2-3");
  topology.check_invariants();
  EXPECT_EQ(topology.allowed_cpus.to_string(), "2-3");
  EXPECT_EQ(topology.nodes[0].cpus.to_string(), "0-3");
  EXPECT_TRUE(topology.problems.empty());
}

TEST(MachineTopology, makes_one_node_of_the_affinity_where_there_are_no_files) {
  const MachineTopology bare = read_machine_topology(MemoryFiles(), CpuSet{1, 5});
  expect_one_node(bare, "1,5");
  EXPECT_TRUE(bare.problems.empty()) << "containers hide files: no problem";
  EXPECT_TRUE(bare.allowed_memory_nodes.empty());
  EXPECT_FALSE(bare.nearest_memory_node(0));

  MemoryFiles files = FakeMachine::two_nodes().files();
  files.remove(kNodes + "online");
  const MachineTopology hidden = read_machine_topology(files, CpuSet{1, 5});
  expect_one_node(hidden, "1,5");
  EXPECT_EQ(hidden.nodes[0].memory_bytes, 4096u * 1024) << "from /proc/meminfo";
}

TEST(MachineTopology, has_a_cpu_even_where_nothing_is_known) {
  const MachineTopology topology = read_machine_topology(MemoryFiles(), CpuSet{});
  expect_one_node(topology, "0");
  EXPECT_EQ(topology.allowed_cpus, CpuSet{0});
}

TEST(MachineTopology, assumes_the_usual_distances_where_there_are_none) {
  MemoryFiles files = FakeMachine::two_nodes().files();
  files.remove(kNodes + "node0/distance");
  files.remove(kNodes + "node1/distance");
  const MachineTopology topology = read_machine_topology(files, CpuSet{0});
  topology.check_invariants();
  ASSERT_EQ(topology.nodes.size(), 2u);
  EXPECT_EQ(topology.nodes[1].distances, (Numbers{20, 10}));
  EXPECT_TRUE(topology.problems.empty());
}

TEST(MachineTopology, falls_back_to_one_node_and_names_what_it_does_not_believe) {
  struct Case {
    std::string path;
    TopologyFault fault;
    std::string content;
    std::function<void(MemoryFiles&)> break_it;
  };
  const auto write = [](const std::string& path, const std::string& text) {
    return [path, text](MemoryFiles& files) { files.set(path, text); };
  };
  const std::vector<Case> cases = {
      {kNodes + "online", TopologyFault::malformed, "0-x\n", write(kNodes + "online", "0-x\n")},
      {kNodes + "node1/cpulist", TopologyFault::malformed, "7-4", write(kNodes + "node1/cpulist", "7-4")},
      {kNodes + "node1/meminfo", TopologyFault::malformed, "", write(kNodes + "node1/meminfo", "")},
      {kNodes + "node0/distance", TopologyFault::malformed, "ten", write(kNodes + "node0/distance", "ten")},
      {kNodes + "node0/distance", TopologyFault::contradictory, "3 distances, 2 nodes online",
       write(kNodes + "node0/distance", "10 20 30\n")},
      {kNodes + "node1/cpulist", TopologyFault::contradictory, "CPUs of another node: 3",
       write(kNodes + "node1/cpulist", "3-7,12-15\n")},
      {kNodes + "online", TopologyFault::contradictory, "CPUs without a node: 12-15",
       write(kNodes + "node1/cpulist", "4-7\n")},
      {kNodes + "node1/cpulist", TopologyFault::unreadable, "",
       [](MemoryFiles& files) { files.remove(kNodes + "node1/cpulist"); }},
      {kNodes + "node1/meminfo", TopologyFault::unreadable, "",
       [](MemoryFiles& files) { files.fail(kNodes + "node1/meminfo", EIO); }},
  };
  for (const Case& broken : cases) {
    MemoryFiles files = FakeMachine::two_nodes().files();
    broken.break_it(files);
    const MachineTopology topology = read_machine_topology(files, *CpuSet::parse("0-15"));
    expect_one_node(topology, "0-15");
    ASSERT_EQ(topology.problems.size(), 1u) << broken.path << " " << broken.content;
    EXPECT_EQ(topology.problems[0].path, broken.path);
    EXPECT_EQ(topology.problems[0].fault, broken.fault) << broken.path;
    EXPECT_EQ(topology.problems[0].content, broken.content);
  }
}

TEST(MachineTopology, keeps_cpus_alone_whose_siblings_make_no_sense) {
  MemoryFiles files = FakeMachine::one_node().files();
  files.set("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "2-3\n");
  files.set("/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "?");
  files.set("/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "0-3\n");
  const MachineTopology topology = read_machine_topology(files, *CpuSet::parse("0-3"));
  topology.check_invariants();
  EXPECT_EQ(cores_of(topology), (std::vector<Numbers>{{0}, {1}, {2, 3}}));
  EXPECT_EQ(topology.problems.size(), 2u);
}

TEST(MachineTopology, stays_within_the_cpuset) {
  MemoryFiles files = FakeMachine::two_nodes().files();
  files.set("/proc/self/cgroup", "0::/app\n");
  files.set("/proc/self/mountinfo", kUnifiedMount);
  files.set("/cg/app/cpuset.cpus.effective", "4-7\n");
  files.set("/cg/app/cpuset.mems.effective", "1\n");
  files.set("/cg/app/cpu.max", "200000 100000\n");
  const MachineTopology topology = read_machine_topology(files, *CpuSet::parse("0-5"));
  topology.check_invariants();
  EXPECT_EQ(topology.allowed_cpus.to_string(), "4-5");
  EXPECT_EQ(topology.allowed_memory_nodes.to_string(), "1");
  EXPECT_EQ(topology.nearest_memory_node(0), 1u) << "node 0 has memory, but not for us";
  EXPECT_EQ(topology.cpu_quota, 2.0);
}

TEST(MachineTopology, believes_the_scheduler_when_the_cpuset_denies_it) {
  MemoryFiles files = FakeMachine::one_node().files();
  files.set("/proc/self/cgroup", "0::/app\n");
  files.set("/proc/self/mountinfo", kUnifiedMount);
  files.set("/cg/app/cpuset.cpus.effective", "100-101\n");
  files.set("/cg/app/cpuset.mems.effective", "9\n");
  const MachineTopology topology = read_machine_topology(files, *CpuSet::parse("0-1"));
  topology.check_invariants();
  EXPECT_EQ(topology.allowed_cpus.to_string(), "0-1");
  EXPECT_EQ(topology.allowed_memory_nodes.to_string(), "0");
  ASSERT_EQ(topology.problems.size(), 1u);
  EXPECT_EQ(topology.problems[0].content, "affinity 0-1, cpuset 100-101");
}

// The value of a line of /proc/self/status, which the kernel makes by another way than what is read here.
std::string status_value(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "none";
}

TEST(MachineTopology, agrees_with_the_kernel_about_this_machine) {
  const MachineTopology topology = read_this_machine();
  topology.check_invariants();
  EXPECT_EQ(topology.allowed_cpus.to_string(), status_value("Cpus_allowed_list"));
  if (!topology.allowed_memory_nodes.empty()) {
    EXPECT_TRUE(topology.allowed_memory_nodes.is_subset_of(*NodeSet::parse(status_value("Mems_allowed_list"))));
  }
}

}  // namespace
}  // namespace msgtrans
