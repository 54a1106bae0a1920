#include "topology/thread_placement.h"

#include "topology/affinity.h"
#include "topology/memory_policy.h"

namespace msgtrans {

ThreadPlacementResult settle_current_thread(const ThreadPlace& place, std::string_view name) {
  ThreadPlacementResult result;
  result.name_error = name_current_thread(name);
  if (place.confinement == Confinement::none) return result;
  const AffinityResult granted = pin_current_thread(place.cpus);
  result.cpu_error = granted.error;
  result.cpus = granted.cpus;
  if (place.memory_node) result.memory_error = prefer_memory_node(*place.memory_node);
  return result;
}

}  // namespace msgtrans
