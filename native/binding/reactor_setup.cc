#include "binding/reactor_setup.h"

#include <memory>
#include <new>
#include <unordered_map>

#include "binding/reactor_number.h"
#include "memory/byte_budget.h"
#include "memory/pool_warmer.h"
#include "memory/tier_sharing.h"
#include "topology/affinity.h"
#include "topology/machine_topology.h"
#include "topology/reactor_placement.h"
#include "topology/thread_placement.h"

namespace msgtrans {

namespace {

// Address space that the tiers of one reactor may grow into. It is reserved, not used; descriptors of slices reach 4 GB.
constexpr size_t kPoolBytesMax = size_t{1} << 30;

uint32_t option_u32(const Napi::Object& options, const char* name) {
  return options.Get(name).As<Napi::Number>().Uint32Value();
}

uint64_t nanoseconds(const Napi::Object& options, const char* name, double unit_ns) {
  return static_cast<uint64_t>(options.Get(name).As<Napi::Number>().DoubleValue() * unit_ns);
}

BufferPoolOptions pool_share(const TierCounts& counts, uint32_t reactors, uint32_t index, BufferPoolOptions pool) {
  pool.tier_counts = share_out(counts, reactors, index);
  pool.tier_counts_max = growth_limits(pool.tier_counts, kPoolBytesMax);
  return pool;
}

}  // namespace

ReactorSetup::ReactorSetup(uint32_t number, const Napi::Object& options)
    : workers_per_numa_node_(option_u32(options, "workersPerNumaNode")),
      enable_numa_optimization_(options.Get("enableNumaOptimization").As<Napi::Boolean>().Value()),
      spin_ns_(nanoseconds(options, "spinTimeUs", 1e3)) {
  home_.reactor = number;
  home_.process_wide = true;
  home_.session_capacity = option_u32(options, "initialSessionCapacity");
  home_.limits.payload_bytes_max = option_u32(options, "payloadBytesMax");
  home_.limits.ext_header_bytes_max = option_u32(options, "extHeaderBytesMax");
  home_.stall_timeout_ns = nanoseconds(options, "stallTimeoutMs", 1e6);
  home_.linger_timeout_ns = nanoseconds(options, "lingerTimeoutMs", 1e6);
  home_.pool.dedicated_bytes_max = static_cast<size_t>(options.Get("bufferBytesMax").As<Napi::Number>().Int64Value());
  const bool debug_buffers = options.Get("debugBuffers").As<Napi::Boolean>().Value();
  home_.pool.poisoning = debug_buffers ? Poisoning::kCount : Poisoning::kOff;
  home_.seals_sent = debug_buffers;
  const auto buffers = options.Get("zeroCopyBuffers").As<Napi::Object>();
  buffers_ = {option_u32(buffers, "smallBuffers"), option_u32(buffers, "mediumBuffers"),
              option_u32(buffers, "largeBuffers"), option_u32(buffers, "hugeBuffers")};
}

bool ReactorSetup::claim_threads() {
  try {
    return claim_all();
  } catch (const std::bad_alloc&) {
    problem_ = "no memory to make reactors with";
    return false;
  }
}

bool ReactorSetup::claim_all() {
  ReactorPlacement placement;
  if (workers_per_numa_node_ > 0) {
    PlacementRequest request;
    request.workers_per_numa_node = workers_per_numa_node_;
    request.enable_numa_optimization = enable_numa_optimization_;
    request.javascript_cpu = current_cpu();
    PlacementResult placed = place_reactors(read_this_machine(), request);
    if (!placed.placement) {
      problem_ = "workersPerNumaNode " + std::to_string(workers_per_numa_node_) + " on " +
                 std::to_string(placed.nodes_usable) + " nodes asks for " + std::to_string(placed.reactors_requested) +
                 " reactors; a process has 256 at most, the one of this thread included";
      return false;
    }
    placement = std::move(*placed.placement);
  }
  // Touches what the pools of a node grow by, so that reactors do not.
  std::unordered_map<uint32_t, std::shared_ptr<PoolWarmer>> warmers;
  for (const ThreadPlace& place : placement.helpers) {
    warmers[place.node] = std::make_shared<PoolWarmer>([place] { settle_current_thread(place, "msgtrans-pool"); });
  }
  home_.pool_services.dedicated_budget = std::make_shared<ByteBudget>(home_.pool.dedicated_bytes_max);
  const auto reactors = static_cast<uint32_t>(placement.reactors.size()) + 1;
  threads_.reserve(placement.reactors.size());
  for (const ThreadPlace& place : placement.reactors) {
    const std::optional<uint32_t> number = ReactorNumber::claim();
    if (!number) {
      problem_ = "too many reactors: this process has 256, the most there can be; close a transport first";
      return false;
    }
    // At once, so that `release_numbers` knows it whatever is refused from here on.
    ThreadReactorOptions& thread = threads_.emplace_back();
    thread.engine = home_;
    thread.engine.reactor = *number;
    thread.engine.home = home_.reactor;
    thread.engine.pool = pool_share(buffers_, reactors, static_cast<uint32_t>(threads_.size()), home_.pool);
    thread.engine.pool_services.warmer = warmers[place.node];
    thread.place = place;
    thread.thread_name = "msgtrans-" + std::to_string(*number);
    thread.spin_ns = spin_ns_;
  }
  home_.pool = pool_share(buffers_, reactors, 0, home_.pool);
  home_.pool_services.warmer = std::make_shared<PoolWarmer>();
  return true;
}

void ReactorSetup::release_numbers() {
  ReactorNumber::release(home_.reactor);
  for (const ThreadReactorOptions& thread : threads_) ReactorNumber::release(thread.engine.reactor);
}

}  // namespace msgtrans
