#include "topology/cgroup_limits.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "topology/kernel_text.h"

namespace msgtrans {

namespace {

// The first of `names` that exists and is not empty in the innermost folder that has one. Controllers are switched on
// folder by folder, and where a cgroup has no cpuset of its own its parent's holds.
template <typename Set>
std::optional<Set> read_nearest_set(const TextFiles& files, ProblemLog& problems,
                                    const std::vector<std::string>& folders,
                                    std::initializer_list<const char*> names) {
  for (const std::string& folder : folders) {
    for (const char* name : names) {
      const std::optional<Set> set = problems.read<Set>(files, folder + "/" + name, &Set::parse);
      if (set && !set->empty()) return set;
    }
  }
  return std::nullopt;
}

template <typename Set>
void narrow(std::optional<Set>& limit, const std::optional<Set>& further) {
  if (further) limit = limit ? *limit & *further : *further;
}

void narrow_quota(std::optional<double>& limit, const std::optional<double>& further) {
  if (further) limit = limit ? std::min(*limit, *further) : *further;
}

// -1 in `cpu.cfs_quota_us` is "no limit".
std::optional<double> read_v1_quota(const TextFiles& files, ProblemLog& problems, const std::string& folder) {
  const std::string path = folder + "/cpu.cfs_quota_us";
  const std::optional<int64_t> quota = problems.read<int64_t>(files, path, &parse_integer);
  if (!quota || *quota == -1) return std::nullopt;
  const std::optional<int64_t> period =
      problems.read<int64_t>(files, folder + "/cpu.cfs_period_us", &parse_integer);
  if (!period) return std::nullopt;
  if (*quota <= 0 || *period <= 0) {
    problems.add(TopologyFault::malformed, path, std::to_string(*quota) + " of " + std::to_string(*period));
    return std::nullopt;
  }
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

CgroupLimits read_cgroup_limits(const TextFiles& files, ProblemLog& problems) {
  CgroupLimits limits;
  const auto membership =
      problems.read<CgroupMembership>(files, "/proc/self/cgroup", &parse_cgroup_membership);
  const auto mounts = problems.read<CgroupMounts>(files, "/proc/self/mountinfo", &parse_cgroup_mounts);
  if (!membership || !mounts) return limits;

  if (mounts->unified && !membership->unified.empty()) {
    const std::vector<std::string> folders = cgroup_folders(*mounts->unified, membership->unified);
    narrow(limits.cpus, read_nearest_set<CpuSet>(files, problems, folders, {"cpuset.cpus.effective"}));
    narrow(limits.memory_nodes, read_nearest_set<NodeSet>(files, problems, folders, {"cpuset.mems.effective"}));
    for (const std::string& folder : folders) {
      const auto bandwidth = problems.read<CpuBandwidth>(files, folder + "/cpu.max", &parse_cpu_max);
      if (bandwidth) narrow_quota(limits.cpu_quota, bandwidth->cpus);
    }
  }
  if (mounts->cpuset && !membership->cpuset.empty()) {
    const std::vector<std::string> folders = cgroup_folders(*mounts->cpuset, membership->cpuset);
    narrow(limits.cpus, read_nearest_set<CpuSet>(files, problems, folders, {"cpuset.effective_cpus", "cpuset.cpus"}));
    narrow(limits.memory_nodes,
           read_nearest_set<NodeSet>(files, problems, folders, {"cpuset.effective_mems", "cpuset.mems"}));
  }
  if (mounts->cpu && !membership->cpu.empty()) {
    for (const std::string& folder : cgroup_folders(*mounts->cpu, membership->cpu)) {
      narrow_quota(limits.cpu_quota, read_v1_quota(files, problems, folder));
    }
  }
  return limits;
}

}  // namespace msgtrans
