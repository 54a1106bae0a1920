// Which node memory comes from. The kernel takes a page from the node of the CPU that touches it first, so pinning
// before touching is enough where that node has memory; these calls are for the other cases (a node without memory, a
// mapping touched by somebody else) and for checking. They are system calls: no libnuma.
//
// Containers often forbid them (EPERM, ENOSYS). What they ask for is a preference, memory is never refused because of
// it, and the caller goes on without.
#pragma once

#include <cstddef>
#include <cstdint>

#include "topology/cpu_set.h"

namespace msgtrans {

// Pages that the calling thread touches first from now on come from `node` while it has any. Returns an errno.
int prefer_memory_node(uint32_t node);

// Back to the node of the touching CPU. Returns an errno.
int reset_memory_policy();

// The same for the pages of [data, data + bytes) that nobody touched yet, whoever will. Whole pages. Returns an errno.
int prefer_memory_node_for(void* data, size_t bytes, uint32_t node);

struct MemoryNodeResult {
  int error = 0;  // errno; ENOENT: the page was not touched yet
  uint32_t node = NodeSet::kNumbersMax;
};

// The node that the page at `data` lies on.
MemoryNodeResult memory_node_of(const void* data);

}  // namespace msgtrans
