#include "topology/cgroup_limits.h"

#include <gtest/gtest.h>

#include "topology/memory_files.h"

namespace msgtrans {
namespace {

const std::string kFirstMounts =
    "34 31 0:31 / /v1/cpuset rw - cgroup cgroup rw,cpuset\n32 31 0:29 / /v1/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";

struct Read {
  CgroupLimits limits;
  std::vector<TopologyProblem> problems;
};

Read read(const MemoryFiles& files) {
  ProblemLog log;
  Read read{read_cgroup_limits(files, log), {}};
  read.problems = log.take();
  return read;
}

MemoryFiles unified() {
  return MemoryFiles({{"/proc/self/cgroup", "0::/app/web\n"}, {"/proc/self/mountinfo", kUnifiedMount}});
}

TEST(CgroupLimits, limits_nothing_without_cgroups) {
  const Read none = read(MemoryFiles());
  EXPECT_FALSE(none.limits.cpus || none.limits.memory_nodes || none.limits.cpu_quota);
  EXPECT_TRUE(none.problems.empty());
  EXPECT_FALSE(read(unified()).limits.cpus);
}

TEST(CgroupLimits, reads_version_two) {
  MemoryFiles files = unified();
  files.set("/cg/app/web/cpuset.cpus.effective", "2-3,5\n");
  files.set("/cg/app/web/cpuset.mems.effective", "1\n");
  files.set("/cg/app/web/cpu.max", "250000 100000\n");
  const Read two = read(files);
  EXPECT_EQ(two.limits.cpus, (CpuSet{2, 3, 5}));
  EXPECT_EQ(two.limits.memory_nodes, NodeSet{1});
  EXPECT_EQ(two.limits.cpu_quota, 2.5);
}

TEST(CgroupLimits, takes_the_cpuset_of_the_nearest_ancestor_that_has_one) {
  MemoryFiles files = unified();
  files.set("/cg/cpuset.cpus.effective", "0-7\n");
  EXPECT_EQ(read(files).limits.cpus->to_string(), "0-7");
  files.set("/cg/app/cpuset.cpus.effective", "0-3\n");
  EXPECT_EQ(read(files).limits.cpus->to_string(), "0-3");
  files.set("/cg/app/web/cpuset.cpus.effective", "\n");
  EXPECT_EQ(read(files).limits.cpus->to_string(), "0-3") << "an empty set is no set";
}

TEST(CgroupLimits, takes_the_smallest_quota_on_the_way_up) {
  MemoryFiles files = unified();
  files.set("/cg/app/web/cpu.max", "max 100000\n");
  files.set("/cg/app/cpu.max", "300000 100000\n");
  files.set("/cg/cpu.max", "400000 100000\n");
  EXPECT_EQ(read(files).limits.cpu_quota, 3.0);
  files.set("/cg/cpu.max", "50000 100000\n");
  EXPECT_EQ(read(files).limits.cpu_quota, 0.5);
}

MemoryFiles first() {
  return MemoryFiles({{"/proc/self/cgroup", "3:cpuset:/set\n1:cpu,cpuacct:/slice\n"},
                      {"/proc/self/mountinfo", kFirstMounts}});
}

TEST(CgroupLimits, reads_version_one) {
  MemoryFiles files = first();
  files.set("/v1/cpuset/set/cpuset.cpus", "0-7\n");
  files.set("/v1/cpuset/set/cpuset.mems", "0-1\n");
  files.set("/v1/cpu/slice/cpu.cfs_quota_us", "150000\n");
  files.set("/v1/cpu/slice/cpu.cfs_period_us", "100000\n");
  files.set("/v1/cpu/cpu.cfs_quota_us", "-1\n");
  const Read one = read(files);
  EXPECT_EQ(one.limits.cpus->to_string(), "0-7");
  EXPECT_EQ(one.limits.memory_nodes->to_string(), "0-1");
  EXPECT_EQ(one.limits.cpu_quota, 1.5);
  EXPECT_TRUE(one.problems.empty());

  files.set("/v1/cpuset/set/cpuset.effective_cpus", "4-7\n");
  files.set("/v1/cpuset/set/cpuset.effective_mems", "1\n");
  EXPECT_EQ(read(files).limits.cpus->to_string(), "4-7") << "effective goes before configured";
  EXPECT_EQ(read(files).limits.memory_nodes->to_string(), "1");
}

TEST(CgroupLimits, obeys_both_versions_side_by_side) {
  MemoryFiles files = first();
  files.set("/proc/self/cgroup", "3:cpuset:/set\n1:cpu:/slice\n0::/app\n");
  files.set("/proc/self/mountinfo", kFirstMounts + kUnifiedMount);
  files.set("/v1/cpuset/set/cpuset.cpus", "0-3\n");
  files.set("/cg/app/cpuset.cpus.effective", "2-5\n");
  EXPECT_EQ(read(files).limits.cpus->to_string(), "2-3");
}

TEST(CgroupLimits, tells_what_it_does_not_understand_and_goes_on) {
  MemoryFiles files = unified();
  files.set("/cg/app/web/cpuset.cpus.effective", "2-\n");
  files.set("/cg/app/cpuset.cpus.effective", "0-3\n");
  files.set("/cg/app/web/cpu.max", std::string(1000, 'z'));
  files.fail("/cg/app/cpu.max", EIO);
  const Read read_files = read(files);
  EXPECT_EQ(read_files.limits.cpus->to_string(), "0-3");
  EXPECT_FALSE(read_files.limits.cpu_quota);
  ASSERT_EQ(read_files.problems.size(), 3u);
  EXPECT_EQ(read_files.problems[0].path, "/cg/app/web/cpuset.cpus.effective");
  EXPECT_EQ(read_files.problems[0].content, "2-\n");
  EXPECT_EQ(read_files.problems[0].fault, TopologyFault::malformed);
  EXPECT_EQ(read_files.problems[1].content, std::string(TopologyProblem::kContentBytesMax, 'z'));
  EXPECT_EQ(read_files.problems[2].fault, TopologyFault::unreadable);
  EXPECT_EQ(read_files.problems[2].error, EIO);

  MemoryFiles quota = first();
  quota.set("/v1/cpu/slice/cpu.cfs_quota_us", "-2\n");
  quota.set("/v1/cpu/slice/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(read(quota).problems.size(), 1u);
}

}  // namespace
}  // namespace msgtrans
