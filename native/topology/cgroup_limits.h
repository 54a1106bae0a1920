// What the cgroups of this process (v2, v1, or both mounted side by side) leave it of the machine.
#pragma once

#include <optional>

#include "topology/cpu_set.h"
#include "topology/text_files.h"
#include "topology/topology_problem.h"

namespace msgtrans {

struct CgroupLimits {
  std::optional<CpuSet> cpus;           // cpuset; empty where none is stated
  std::optional<NodeSet> memory_nodes;  // cpuset, nodes that memory may come from
  std::optional<double> cpu_quota;      // CPU seconds a second, the smallest of the cgroup's and its ancestors'
};

// Reads /proc/self/cgroup, /proc/self/mountinfo and the files they lead to. Files that are missing limit nothing.
CgroupLimits read_cgroup_limits(const TextFiles& files, ProblemLog& problems);

}  // namespace msgtrans
