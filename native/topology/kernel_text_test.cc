#include "topology/kernel_text.h"

#include <gtest/gtest.h>

namespace msgtrans {
namespace {

using Folders = std::vector<std::string>;

TEST(KernelText, reads_whole_numbers) {
  EXPECT_EQ(parse_integer("100000\n"), 100000);
  EXPECT_EQ(parse_integer("-1"), -1);
  for (const char* text : {"", "\n", "1 2", "x", "1\n\n", "9223372036854775808"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(KernelText, finds_the_memory_of_a_node_and_of_the_machine) {
  EXPECT_EQ(parse_memory_total_bytes("Node 0 MemTotal:        9136340 kB\nNode 0 MemFree: 1 kB\n"), 9136340ull * 1024);
  EXPECT_EQ(parse_memory_total_bytes("\nNode 12 MemTotal:       0 kB\n"), 0u);
  EXPECT_EQ(parse_memory_total_bytes("MemFree: 3 kB\nMemTotal: 5 kB"), 5u * 1024);
  for (const char* text : {"", "MemTotal: kB", "MemTotal: 5 MB", "MemTotal: 5", "MemTotal: -5 kB",
                           "Node x MemTotal: 5 kB", "MemTotal: 18446744073709551615 kB", "MemTotal: 5 kB 6",
                           "MemFree: 5 kB"}) {
    EXPECT_FALSE(parse_memory_total_bytes(text)) << text;
  }
}

TEST(KernelText, reads_distances) {
  EXPECT_EQ(parse_distances("10 21 31\n"), (std::vector<uint32_t>{10, 21, 31}));
  EXPECT_EQ(parse_distances("10"), std::vector<uint32_t>{10});
  for (const char* text : {"", "\n", "10,20", "10 x", "-1", "10\n20"}) EXPECT_FALSE(parse_distances(text)) << text;
}

TEST(KernelText, reads_the_quota_of_a_cgroup) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n")->cpus, 1.5);
  EXPECT_EQ(parse_cpu_max("1000 100000")->cpus, 0.01);
  ASSERT_TRUE(parse_cpu_max("max 100000\n"));
  EXPECT_FALSE(parse_cpu_max("max 100000\n")->cpus);
  for (const char* text : {"", "max", "150000", "0 100000", "150000 0", "-1 100000", "1 2 3", "max max"}) {
    EXPECT_FALSE(parse_cpu_max(text)) << text;
  }
}

TEST(KernelText, reads_the_cgroups_of_a_process) {
  const auto hybrid = parse_cgroup_membership(
      "9:name=systemd:/user\n4:memory:/a:b\n3:cpuset:/set\n1:cpu,cpuacct:/slice/x\n0::/unified\n");
  ASSERT_TRUE(hybrid);
  EXPECT_EQ(hybrid->unified, "/unified");
  EXPECT_EQ(hybrid->cpuset, "/set");
  EXPECT_EQ(hybrid->cpu, "/slice/x") << "cpuacct is not cpu, and cpu,cpuacct is";
  EXPECT_EQ(parse_cgroup_membership("0::/a:b\n")->unified, "/a:b");
  EXPECT_EQ(parse_cgroup_membership("2:cpuacct:/x\n")->cpu, "");
  ASSERT_TRUE(parse_cgroup_membership(""));
  for (const char* text : {"0::", "x::/", "0:/", "\n", "0::relative"}) {
    EXPECT_FALSE(parse_cgroup_membership(text)) << text;
  }
}

TEST(KernelText, finds_where_cgroups_are_mounted) {
  const auto mounts = parse_cgroup_mounts(
      "23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 master:3 - cgroup cgroup rw,cpu,cpuacct\n"
      "34 31 0:31 /docker/abc /sys/fs/cgroup/my\\040sets rw - cgroup cgroup rw,cpuset\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
      "42 31 0:38 / /second rw,relatime - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mounts);
  EXPECT_EQ(mounts->unified->point, "/sys/fs/cgroup/unified");
  EXPECT_EQ(mounts->cpu->point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mounts->cpuset->point, "/sys/fs/cgroup/my sets");
  EXPECT_EQ(mounts->cpuset->root, "/docker/abc");
  ASSERT_TRUE(parse_cgroup_mounts(""));
  EXPECT_FALSE(parse_cgroup_mounts("")->unified);
  for (const char* text : {"x", "1 2 0:1 / /p rw cgroup2 c rw", "1 2 0:1 / p rw - cgroup2 c rw",
                           "1 2 0:1 / /p\\9 rw - cgroup2 c rw", "1 2 0:1 / /p\\000 rw - cgroup2 c rw"}) {
    EXPECT_FALSE(parse_cgroup_mounts(text)) << text;
  }
}

TEST(KernelText, walks_from_a_cgroup_up_to_the_mount) {
  EXPECT_EQ(cgroup_folders({"/", "/cg"}, "/a/b"), (Folders{"/cg/a/b", "/cg/a", "/cg"}));
  EXPECT_EQ(cgroup_folders({"/", "/cg"}, "/"), Folders{"/cg"});
  EXPECT_EQ(cgroup_folders({"/docker/x", "/cg"}, "/docker/x/y"), (Folders{"/cg/y", "/cg"}));
  EXPECT_EQ(cgroup_folders({"/docker/x", "/cg"}, "/docker/x"), Folders{"/cg"}) << "a container without a namespace";
  EXPECT_EQ(cgroup_folders({"/docker/x", "/cg"}, "/docker/xyz"), Folders{"/cg"}) << "another cgroup";
  EXPECT_EQ(cgroup_folders({"/", "/cg"}, "/../../etc"), Folders{"/cg"}) << "outside of the namespace";
  EXPECT_EQ(cgroup_folders({"/", "/cg"}, "/a//b/"), (Folders{"/cg/a//b", "/cg/a", "/cg"}));
  std::string deep;
  for (int level = 0; level < 1000; ++level) deep += "/x";
  EXPECT_EQ(cgroup_folders({"/", "/cg"}, deep).size(), 64u);
}

}  // namespace
}  // namespace msgtrans
