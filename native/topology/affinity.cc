#include "topology/affinity.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace msgtrans {

// The system calls themselves: glibc's `cpu_set_t` ends at CPU 1 023.

AffinityResult affinity_of(pid_t thread) {
  AffinityResult result;
  // Returns how many bytes the kernel wrote; the rest of the set stays zero.
  const long bytes = ::syscall(SYS_sched_getaffinity, thread, CpuSet::kBytes, result.cpus.words());
  if (bytes < 0) result = {errno, {}};
  return result;
}

AffinityResult pin_current_thread(const CpuSet& cpus) {
  if (::syscall(SYS_sched_setaffinity, 0, CpuSet::kBytes, cpus.words()) != 0) return {errno, {}};
  return affinity_of(0);
}

uint32_t current_cpu() {
  const int cpu = ::sched_getcpu();
  return cpu < 0 ? CpuSet::kNumbersMax : static_cast<uint32_t>(cpu);
}

int name_current_thread(std::string_view name) {
  char kept[16] = {};
  name.copy(kept, sizeof kept - 1);
  return ::pthread_setname_np(::pthread_self(), kept);
}

}  // namespace msgtrans
