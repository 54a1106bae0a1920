// Parsers of the texts the kernel writes about memory nodes and cgroups: text in, value out, nothing else. An empty
// result means that the text is not what the kernel writes there. (Lists of CPUs and nodes: `cpu_set.h`.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace msgtrans {

// One whole number, with a line end or without.
std::optional<int64_t> parse_integer(std::string_view text);

// The line `MemTotal` of /proc/meminfo, or of a node's ("Node 0 MemTotal:  9136340 kB"), in bytes.
std::optional<uint64_t> parse_memory_total_bytes(std::string_view meminfo);

// A node's `distance`: "10 21", one figure for each node online, by rising node number; 10 is the node itself.
std::optional<std::vector<uint32_t>> parse_distances(std::string_view text);

// `cpu.max` of cgroup v2: "max 100000" or "150000 100000", quota and period in microseconds.
struct CpuBandwidth {
  std::optional<double> cpus;  // CPU seconds a second; empty for "max"
};
std::optional<CpuBandwidth> parse_cpu_max(std::string_view text);

// /proc/self/cgroup: in which cgroup of each hierarchy the process is. Empty paths: no such hierarchy.
struct CgroupMembership {
  std::string unified;  // v2, "0::/path"
  std::string cpuset;   // v1, "3:cpuset:/path"
  std::string cpu;      // v1, "1:cpu,cpuacct:/path"
};
std::optional<CgroupMembership> parse_cgroup_membership(std::string_view text);

// /proc/self/mountinfo: where those hierarchies are mounted. `root` is the cgroup that is seen at `point`.
struct CgroupMount {
  std::string root;
  std::string point;
};
struct CgroupMounts {
  std::optional<CgroupMount> unified;
  std::optional<CgroupMount> cpuset;
  std::optional<CgroupMount> cpu;
};
std::optional<CgroupMounts> parse_cgroup_mounts(std::string_view mountinfo);

// The folders of the cgroup `path` and of its ancestors as far as the mount shows them, innermost first, at most 64.
// A cgroup outside of what is mounted (namespaces) is seen at the mount point only.
std::vector<std::string> cgroup_folders(const CgroupMount& mount, const std::string& path);

}  // namespace msgtrans
