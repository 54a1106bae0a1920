// Carries a place out on the thread that calls: name, CPUs, memory. To be called first in a thread, before it touches
// the memory it will use, so that pages come from its node.
#pragma once

#include <string_view>

#include "topology/reactor_placement.h"

namespace msgtrans {

// What the kernel granted; each is an errno, 0 also where nothing was asked for. A refusal is to be reported (it costs
// speed) and no reason to stop.
struct ThreadPlacementResult {
  int name_error = 0;
  int cpu_error = 0;     // the thread runs where the scheduler likes
  int memory_error = 0;  // pages come from wherever the kernel finds them
  CpuSet cpus;           // where the thread may run now; empty without confinement or when refused
};

ThreadPlacementResult settle_current_thread(const ThreadPlace& place, std::string_view name);

}  // namespace msgtrans
