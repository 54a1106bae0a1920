// Where threads run and what they are called. Every call is a request to the kernel that may be refused (a CPU went
// offline, a sandbox forbids it): the caller goes on unpinned, and says so.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "topology/cpu_set.h"

namespace msgtrans {

struct AffinityResult {
  int error = 0;  // errno; 0 when `cpus` holds what the kernel grants
  CpuSet cpus;
};

// The CPUs that `thread` may run on; 0 is the calling thread, `getpid()` the first thread of the process.
AffinityResult affinity_of(pid_t thread);

// Lets the calling thread run on `cpus` only, and moves it there before returning. Threads it starts from now on
// inherit that. `cpus` of the result is what the kernel made of it: offline CPUs and those outside of the cpuset are
// left out, and with none left the error is EINVAL and nothing changed.
AffinityResult pin_current_thread(const CpuSet& cpus);

// The CPU the calling thread is on at this moment; CpuSet::kNumbersMax where the kernel does not tell.
uint32_t current_cpu();

// Names the calling thread for `top`, `perf` and debuggers. The kernel keeps 15 bytes, the rest is cut off. Not for the
// first thread of a process, whose name is that of the program. Returns an errno.
int name_current_thread(std::string_view name);

}  // namespace msgtrans
