#include "binding/topology_door.h"

#include <vector>

#include "topology/affinity.h"
#include "topology/machine_topology.h"
#include "topology/reactor_placement.h"

namespace msgtrans {

namespace {

Napi::Array array_of(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (size_t index = 0; index < numbers.size(); ++index) array.Set(static_cast<uint32_t>(index), numbers[index]);
  return array;
}

template <typename Item, typename Convert>
Napi::Array array_of(Napi::Env env, const std::vector<Item>& items, Convert&& convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (size_t index = 0; index < items.size(); ++index) {
    array.Set(static_cast<uint32_t>(index), convert(env, items[index]));
  }
  return array;
}

Napi::Object node_object(Napi::Env env, const NumaNode& node) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("node", node.node);
  object.Set("cpus", array_of(env, node.cpus.numbers()));
  object.Set("memoryBytes", static_cast<double>(node.memory_bytes));
  object.Set("distances", array_of(env, node.distances));
  return object;
}

const char* fault_name(TopologyFault fault) {
  switch (fault) {
    case TopologyFault::unreadable:
      return "unreadable";
    case TopologyFault::malformed:
      return "malformed";
    case TopologyFault::contradictory:
      return "contradictory";
  }
  return "";
}

Napi::Object problem_object(Napi::Env env, const TopologyProblem& problem) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("fault", fault_name(problem.fault));
  object.Set("path", problem.path);
  object.Set("content", problem.content);
  object.Set("errno", problem.error);
  return object;
}

Napi::Value machine_topology(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const MachineTopology topology = read_this_machine();
  Napi::Object object = Napi::Object::New(env);
  object.Set("nodes", array_of(env, topology.nodes, node_object));
  object.Set("smtSiblings", array_of(env, topology.cores, [](Napi::Env in, const PhysicalCore& core) {
               return array_of(in, core.cpus);
             }));
  object.Set("allowedCpus", array_of(env, topology.allowed_cpus.numbers()));
  object.Set("allowedMemoryNodes", array_of(env, topology.allowed_memory_nodes.numbers()));
  object.Set("cpuQuota", topology.cpu_quota ? Napi::Number::New(env, *topology.cpu_quota).As<Napi::Value>()
                                            : env.Null().As<Napi::Value>());
  object.Set("problems", array_of(env, topology.problems, problem_object));
  return object;
}

const char* confinement_name(Confinement confinement) {
  switch (confinement) {
    case Confinement::none:
      return "none";
    case Confinement::node:
      return "node";
    case Confinement::cpu:
      return "cpu";
  }
  return "";
}

Napi::Object place_object(Napi::Env env, const ThreadPlace& place) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("node", place.node);
  object.Set("confinement", confinement_name(place.confinement));
  object.Set("cpus", array_of(env, place.cpus.numbers()));
  object.Set("memoryNode", place.memory_node ? Napi::Number::New(env, *place.memory_node).As<Napi::Value>()
                                             : env.Null().As<Napi::Value>());
  return object;
}

Napi::Value reactor_placement(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  PlacementRequest request;
  request.workers_per_numa_node = info[0].As<Napi::Number>().Uint32Value();
  request.enable_numa_optimization = info[1].As<Napi::Boolean>().Value();
  request.javascript_cpu = current_cpu();
  const PlacementResult result = place_reactors(read_this_machine(), request);
  Napi::Object object = Napi::Object::New(env);
  object.Set("reactorsRequested", static_cast<double>(result.reactors_requested));
  object.Set("nodesUsable", result.nodes_usable);
  if (!result.placement) return object;
  object.Set("reactors", array_of(env, result.placement->reactors, place_object));
  object.Set("helpers", array_of(env, result.placement->helpers, place_object));
  return object;
}

}  // namespace

void define_topology(Napi::Env env, Napi::Object exports) {
  exports.Set("machineTopology", Napi::Function::New<machine_topology>(env, "machineTopology"));
  exports.Set("reactorPlacement", Napi::Function::New<reactor_placement>(env, "reactorPlacement"));
}

}  // namespace msgtrans
