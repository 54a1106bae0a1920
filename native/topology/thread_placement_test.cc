// Affinity, memory policy and both together, on this machine: as far as it has CPUs and the sandbox permits.
#include "topology/thread_placement.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include "memory/mapping.h"
#include "topology/affinity.h"
#include "topology/memory_policy.h"

namespace msgtrans {
namespace {

// What a test does to its thread ends with the thread.
void in_thread(const std::function<void()>& body) { std::thread(body).join(); }

std::string thread_name() {
  char name[16] = {};
  EXPECT_EQ(::pthread_getname_np(::pthread_self(), name, sizeof name), 0);
  return name;
}

bool not_permitted(int error) { return error == EPERM || error == ENOSYS; }

TEST(Affinity, moves_the_calling_thread_and_no_other) {
  const CpuSet before = affinity_of(0).cpus;
  ASSERT_FALSE(before.empty());
  for (const uint32_t cpu : before.numbers()) {
    in_thread([cpu] {
      const AffinityResult pinned = pin_current_thread(CpuSet{cpu});
      EXPECT_EQ(pinned.error, 0);
      EXPECT_EQ(pinned.cpus, CpuSet{cpu});
      EXPECT_EQ(current_cpu(), cpu) << "moved before the call returned";
      in_thread([cpu] { EXPECT_EQ(affinity_of(0).cpus, CpuSet{cpu}) << "threads inherit it"; });
    });
  }
  EXPECT_EQ(affinity_of(0).cpus, before);
  EXPECT_EQ(affinity_of(::getpid()).cpus, before);
}

TEST(Affinity, tells_what_the_kernel_refuses) {
  in_thread([] {
    const CpuSet before = affinity_of(0).cpus;
    EXPECT_EQ(pin_current_thread(CpuSet{}).error, EINVAL);
    EXPECT_EQ(pin_current_thread(CpuSet{CpuSet::kNumbersMax - 1}).error, EINVAL) << "no such CPU here";
    EXPECT_EQ(affinity_of(0).cpus, before);
    CpuSet partly{before.lowest(), CpuSet::kNumbersMax - 1};
    const AffinityResult granted = pin_current_thread(partly);
    EXPECT_EQ(granted.error, 0);
    EXPECT_EQ(granted.cpus, CpuSet{before.lowest()}) << "the result is what was granted";
  });
  EXPECT_EQ(affinity_of(INT32_MAX).error, ESRCH);
}

TEST(Affinity, names_threads_in_fifteen_bytes) {
  in_thread([] {
    EXPECT_EQ(name_current_thread("reactor-7"), 0);
    EXPECT_EQ(thread_name(), "reactor-7");
    EXPECT_EQ(name_current_thread("a-name-that-is-too-long"), 0);
    EXPECT_EQ(thread_name(), "a-name-that-is-");
    EXPECT_EQ(name_current_thread(""), 0);
    EXPECT_EQ(thread_name(), "");
  });
}

TEST(MemoryPolicy, takes_pages_from_the_node_that_was_asked_for) {
  const uint32_t node = read_this_machine().allowed_memory_nodes.lowest();
  if (node == NodeSet::kNumbersMax) GTEST_SKIP() << "this machine does not tell its nodes";
  in_thread([node] {
    const int error = prefer_memory_node(node);
    if (not_permitted(error)) GTEST_SKIP() << "memory policy is not permitted here";
    ASSERT_EQ(error, 0);
    const Mapping mapping = Mapping::create(1 << 16);
    EXPECT_EQ(memory_node_of(mapping.data()).error, ENOENT) << "nobody touched it yet";
    mapping.data()[0] = 1;
    const MemoryNodeResult found = memory_node_of(mapping.data());
    EXPECT_EQ(found.error, 0);
    EXPECT_EQ(found.node, node);
    EXPECT_EQ(reset_memory_policy(), 0);
  });
}

TEST(MemoryPolicy, sets_the_node_of_a_mapping) {
  const uint32_t node = read_this_machine().allowed_memory_nodes.lowest();
  if (node == NodeSet::kNumbersMax) GTEST_SKIP() << "this machine does not tell its nodes";
  const Mapping mapping = Mapping::create(1 << 16);
  const int error = prefer_memory_node_for(mapping.data(), mapping.bytes(), node);
  if (not_permitted(error)) GTEST_SKIP() << "memory policy is not permitted here";
  ASSERT_EQ(error, 0);
  mapping.data()[0] = 1;
  EXPECT_EQ(memory_node_of(mapping.data()).node, node);
  EXPECT_EQ(prefer_memory_node_for(mapping.data() + 1, 1, node), EINVAL) << "whole pages only";
}

TEST(MemoryPolicy, tells_that_there_is_no_such_node) {
  in_thread([] {
    const int error = prefer_memory_node(NodeSet::kNumbersMax - 1);
    if (not_permitted(error)) GTEST_SKIP() << "memory policy is not permitted here";
    EXPECT_EQ(error, EINVAL);
  });
}

TEST(ThreadPlacement, settles_a_thread_in_its_place) {
  const uint32_t cpu = affinity_of(0).cpus.lowest();
  in_thread([cpu] {
    const ThreadPlacementResult result =
        settle_current_thread({0, Confinement::cpu, CpuSet{cpu}, std::nullopt}, "settled");
    EXPECT_EQ(result.name_error, 0);
    EXPECT_EQ(result.cpu_error, 0);
    EXPECT_EQ(result.memory_error, 0);
    EXPECT_EQ(result.cpus, CpuSet{cpu});
    EXPECT_EQ(affinity_of(0).cpus, CpuSet{cpu});
    EXPECT_EQ(thread_name(), "settled");
  });
}

TEST(ThreadPlacement, leaves_a_thread_alone_that_is_not_confined) {
  in_thread([] {
    const CpuSet before = affinity_of(0).cpus;
    const ThreadPlacementResult result = settle_current_thread({}, "free");
    EXPECT_EQ(result.cpu_error, 0);
    EXPECT_TRUE(result.cpus.empty());
    EXPECT_EQ(affinity_of(0).cpus, before);
    EXPECT_EQ(thread_name(), "free");
  });
}

TEST(ThreadPlacement, tells_each_refusal_apart) {
  in_thread([] {
    const ThreadPlacementResult result = settle_current_thread(
        {0, Confinement::cpu, CpuSet{CpuSet::kNumbersMax - 1}, NodeSet::kNumbersMax - 1}, "refused");
    EXPECT_EQ(result.name_error, 0);
    EXPECT_EQ(result.cpu_error, EINVAL);
    EXPECT_NE(result.memory_error, 0);
    EXPECT_TRUE(result.cpus.empty());
  });
}

}  // namespace
}  // namespace msgtrans
