// From the options of a transport, as JavaScript resolved them, to the reactors that are to be started: how many, where
// they run, what share of the buffers each gets.
//
// Thread: the environment's.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "session/thread_reactor.h"

namespace msgtrans {

class ReactorSetup {
 public:
  // `number` is home's, claimed by the caller.
  ReactorSetup(uint32_t number, const Napi::Object& options);

  // Places the reactors on threads of their own and claims their numbers. False: see problem().
  bool claim_threads();
  // Gives all numbers back, home's too: nothing was started.
  void release_numbers();

  [[nodiscard]] const EngineOptions& home() const { return home_; }
  [[nodiscard]] const std::vector<ThreadReactorOptions>& threads() const { return threads_; }
  [[nodiscard]] uint64_t spin_ns() const { return spin_ns_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  // Throws std::bad_alloc.
  bool claim_all();

  EngineOptions home_;
  TierCounts buffers_;
  uint32_t workers_per_numa_node_;
  bool enable_numa_optimization_;
  uint64_t spin_ns_;
  std::vector<ThreadReactorOptions> threads_;
  std::string problem_;
};

}  // namespace msgtrans
