#include "topology/memory_policy.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace msgtrans {

namespace {

// The kernel reads one bit less than it is told of.
constexpr unsigned long kMaskBits = NodeSet::kNumbersMax + 1;

}  // namespace

int prefer_memory_node(uint32_t node) {
  const NodeSet nodes{node};
  return ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes.words(), kMaskBits) == 0 ? 0 : errno;
}

int reset_memory_policy() {
  return ::syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0ul) == 0 ? 0 : errno;
}

int prefer_memory_node_for(void* data, size_t bytes, uint32_t node) {
  const NodeSet nodes{node};
  return ::syscall(SYS_mbind, data, bytes, MPOL_PREFERRED, nodes.words(), kMaskBits, 0u) == 0 ? 0 : errno;
}

MemoryNodeResult memory_node_of(const void* data) {
  // Without target nodes `move_pages` moves nothing and reports where each page is.
  void* page = const_cast<void*>(data);
  int status = 0;
  if (::syscall(SYS_move_pages, 0, 1ul, &page, nullptr, &status, 0) != 0) return {errno, NodeSet::kNumbersMax};
  if (status < 0) return {-status, NodeSet::kNumbersMax};
  return {0, static_cast<uint32_t>(status)};
}

}  // namespace msgtrans
