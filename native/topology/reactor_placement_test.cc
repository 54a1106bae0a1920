#include "topology/reactor_placement.h"

#include <gtest/gtest.h>

#include <string>

#include "topology/fake_machine.h"

namespace msgtrans {
namespace {

// "0:1 1:4": node and CPU of each reactor; "0:*" confined to the node, "0:-" not confined.
std::string described(const std::vector<ThreadPlace>& places) {
  std::string text;
  for (const ThreadPlace& place : places) {
    if (!text.empty()) text += ' ';
    text += std::to_string(place.node) + ':';
    if (place.confinement == Confinement::cpu) text += place.cpus.to_string();
    if (place.confinement == Confinement::node) text += '*';
    if (place.confinement == Confinement::none) text += '-';
  }
  return text;
}

std::string reactors(const MachineTopology& topology, PlacementRequest request) {
  const PlacementResult result = place_reactors(topology, request);
  return result.placement ? described(result.placement->reactors) : "refused";
}

TEST(ReactorPlacement, makes_none_when_none_are_wanted) {
  const PlacementResult result = place_reactors(FakeMachine::two_nodes().topology(), {.workers_per_numa_node = 0});
  EXPECT_EQ(result.nodes_usable, 2u);
  EXPECT_TRUE(result.placement->reactors.empty());
  EXPECT_EQ(described(result.placement->helpers), "0:* 1:*");
}

TEST(ReactorPlacement, leaves_the_javascript_thread_its_core) {
  const MachineTopology topology = FakeMachine::one_node().topology();
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 2, .javascript_cpu = 0}), "0:1 0:2");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 2, .javascript_cpu = 1}), "0:0 0:2");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 3, .javascript_cpu = 3}), "0:0 0:1 0:2");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 1}), "0:1") << "not known: the lowest";
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 1, .javascript_cpu = 77}), "0:1") << "not allowed: the same";
}

TEST(ReactorPlacement, leaves_the_other_hardware_thread_of_that_core_too) {
  const MachineTopology topology = FakeMachine::two_nodes().topology();
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 7, .javascript_cpu = 8}),
            "0:1 1:4 0:2 1:5 0:3 1:6 0:9 1:7 0:10 1:12 0:11 1:13 0:* 1:14");
}

TEST(ReactorPlacement, takes_physical_cores_before_their_second_threads) {
  const MachineTopology topology = FakeMachine::two_nodes().topology("4-7,12-15");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 6, .javascript_cpu = 4}), "1:5 1:6 1:7 1:13 1:14 1:15");
}

TEST(ReactorPlacement, goes_round_the_nodes) {
  EXPECT_EQ(reactors(FakeMachine::four_nodes().topology(), {.workers_per_numa_node = 2, .javascript_cpu = 0}),
            "0:1 2:4 7:8 0:2 2:6 7:9")
      << "node 3 has no CPU";
}

TEST(ReactorPlacement, never_leaves_the_allowed_cpus) {
  const MachineTopology topology = FakeMachine::two_nodes().topology("2-3,10,12");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 3, .javascript_cpu = 2}), "0:3 1:12 0:* 1:* 0:* 1:*");
  const PlacementResult result = place_reactors(topology, {.workers_per_numa_node = 3, .javascript_cpu = 2});
  EXPECT_EQ(result.placement->reactors[2].cpus.to_string(), "2-3,10") << "the allowed CPUs of node 0";
  EXPECT_EQ(result.placement->helpers[1].cpus.to_string(), "12");
  EXPECT_EQ(reactors(FakeMachine::two_nodes().topology("0-3"), {.workers_per_numa_node = 1}), "0:1")
      << "node 1 is not ours";
}

TEST(ReactorPlacement, pins_no_two_reactors_to_one_cpu) {
  EXPECT_EQ(reactors(FakeMachine::one_node().topology(), {.workers_per_numa_node = 5, .javascript_cpu = 0}),
            "0:1 0:2 0:3 0:- 0:-");
}

TEST(ReactorPlacement, goes_round_cpus_that_are_taken) {
  const MachineTopology topology = FakeMachine::two_nodes().topology("0-3,8-11");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 2, .javascript_cpu = 0, .cpus_taken = {1, 2}}), "0:3 0:9");
  EXPECT_EQ(reactors(topology, {.workers_per_numa_node = 7, .javascript_cpu = 0, .cpus_taken = {1}}),
            "0:2 0:3 0:9 0:10 0:11 0:- 0:-")
      << "a second thread beside somebody ranks with the second threads";
}

TEST(ReactorPlacement, does_not_pin_where_there_is_one_cpu) {
  EXPECT_EQ(reactors(FakeMachine::two_nodes().topology("5"), {.workers_per_numa_node = 2}), "1:- 1:-");
}

TEST(ReactorPlacement, pins_to_the_only_core_of_another_node) {
  EXPECT_EQ(reactors(FakeMachine::two_nodes().topology("0,4"), {.workers_per_numa_node = 1, .javascript_cpu = 0}),
            "0:0 1:4")
      << "no core can be left on node 0: its reactors would have none";
}

TEST(ReactorPlacement, does_not_pin_when_the_option_is_off) {
  const PlacementResult result = place_reactors(FakeMachine::four_nodes().topology(),
                                                {.workers_per_numa_node = 2, .enable_numa_optimization = false});
  EXPECT_EQ(described(result.placement->reactors), "0:- 2:- 7:- 0:- 2:- 7:-");
  EXPECT_EQ(described(result.placement->helpers), "0:- 2:- 7:-");
  EXPECT_FALSE(result.placement->reactors[2].memory_node);
}

TEST(ReactorPlacement, asks_for_memory_of_the_nearest_node_only_where_its_own_has_none) {
  const PlacementResult result =
      place_reactors(FakeMachine::four_nodes().topology(), {.workers_per_numa_node = 1, .javascript_cpu = 0});
  ASSERT_EQ(described(result.placement->reactors), "0:1 2:4 7:8");
  EXPECT_FALSE(result.placement->reactors[0].memory_node);
  EXPECT_EQ(result.placement->reactors[2].memory_node, 2u);
  EXPECT_EQ(result.placement->helpers[2].memory_node, 2u);
}

TEST(ReactorPlacement, refuses_more_reactors_than_there_can_be) {
  const MachineTopology one = FakeMachine::one_node().topology();
  EXPECT_EQ(place_reactors(one, {.workers_per_numa_node = 255}).placement->reactors.size(), 255u);
  const PlacementResult result = place_reactors(one, {.workers_per_numa_node = 256});
  EXPECT_FALSE(result.placement);
  EXPECT_EQ(result.reactors_requested, 256u);
  const MachineTopology two = FakeMachine::two_nodes().topology();
  EXPECT_EQ(place_reactors(two, {.workers_per_numa_node = 127}).placement->reactors.size(), 254u);
  EXPECT_FALSE(place_reactors(two, {.workers_per_numa_node = 128}).placement);
  EXPECT_EQ(place_reactors(two, {.workers_per_numa_node = UINT32_MAX}).reactors_requested, 2ull * UINT32_MAX);
}

}  // namespace
}  // namespace msgtrans
