// What is done while allocations are refused. A scenario says what must hold in spite of it by MSGTRANS_EXPECT.
#pragma once

#include <span>

namespace msgtrans {

struct AllocationScenario {
  const char* name;
  void (*run)();
};

std::span<const AllocationScenario> allocation_scenarios();

// allocation_failure_sockets.cc
void start_up();
void message_path();
// allocation_failure_threads.cc
void in_process_path();
void own_thread_path();

}  // namespace msgtrans
