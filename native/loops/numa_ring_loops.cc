// What a hand-over between two threads costs by where they run: on one node or on two, pinned or left to the scheduler.
//
// `ring-handoff`: one thread passes elements to another through an SPSC ring, `batch` at a time; an operation is one
// element. `ring-ping-pong`: an element goes there and one comes back; an operation is one round trip. Waiting is
// spinning, with a yield once it takes long, so that two threads on one CPU still come to an end.

#include <algorithm>
#include <barrier>
#include <memory>
#include <thread>
#include <utility>

#include "base/monotonic_clock.h"
#include "loops/loop.h"
#include "loops/numa_places.h"
#include "loops/threads.h"
#include "sync/atomics_policy.h"
#include "sync/spsc_ring.h"

namespace msgtrans::loops {
namespace {

using Ring = SpscRing<uint64_t>;
constexpr uint32_t kRingCapacity = 4096;
constexpr uint32_t kSpinsBeforeYield = 1024;

class Waiting {
 public:
  void again() {
    if (++spins_ % kSpinsBeforeYield == 0) {
      std::this_thread::yield();
    } else {
      StdAtomics::pause();
    }
  }

 private:
  uint32_t spins_ = 0;
};

// The CPU of each of the two threads; empty leaves both to the scheduler.
using Places = std::optional<std::pair<uint32_t, uint32_t>>;

// Runs `first` and `second` on two threads in their places, and returns the nanoseconds from the moment both are there.
template <typename First, typename Second>
uint64_t run_pair(const Places& places, First&& first, Second&& second) {
  std::barrier<> both_placed(2);
  uint64_t started[2] = {};
  uint64_t ended[2] = {};
  run_threads(2, [&](uint32_t thread) {
    // The places were pinned to once already when the loop was made; a refusal now costs precision and no result.
    if (places) (void)pin_current_thread(CpuSet{thread == 0 ? places->first : places->second});
    both_placed.arrive_and_wait();
    started[thread] = static_cast<uint64_t>(monotonic_ns());
    if (thread == 0) {
      first();
    } else {
      second();
    }
    ended[thread] = static_cast<uint64_t>(monotonic_ns());
  });
  return std::max<uint64_t>(1, std::max(ended[0], ended[1]) - std::min(started[0], started[1]));
}

// Makes a ring whose slots lie on the node of `cpu`, by first touch.
std::unique_ptr<Ring> ring_near(std::optional<uint32_t> cpu) {
  std::unique_ptr<Ring> ring;
  if (!cpu) return std::make_unique<Ring>(kRingCapacity);
  on_cpu(*cpu, [&] { ring = std::make_unique<Ring>(kRingCapacity); });
  return ring;
}

std::optional<uint32_t> first_of(const Places& places) {
  return places ? std::optional(places->first) : std::nullopt;
}
std::optional<uint32_t> second_of(const Places& places) {
  return places ? std::optional(places->second) : std::nullopt;
}

class RingHandoff final : public Loop {
 public:
  // The ring lies with the consumer, as that of an own-thread reactor does with the JavaScript thread.
  RingHandoff(Places places, uint64_t batch)
      : places_(places), batch_(static_cast<uint32_t>(batch)), ring_(ring_near(second_of(places))) {
    if (batch == 0 || batch > kRingCapacity) throw std::invalid_argument("batch: 1 to 4096");
  }

  Measured run(uint64_t operations) override {
    uint64_t sum = 0;
    uint64_t faults = 0;
    const auto produce = [&] {
      Waiting waiting;
      for (uint64_t sent = 0; sent < operations;) {
        const uint64_t until = std::min(operations, sent + batch_);
        while (sent < until) {
          if (ring_->stage(sent)) {
            ++sent;
          } else {
            ring_->publish();
            waiting.again();
          }
        }
        ring_->publish();
      }
    };
    const auto consume = [&] {
      Waiting waiting;
      for (uint64_t taken = 0; taken < operations;) {
        const uint32_t count = ring_->consume(batch_, [&](uint64_t value) {
          faults += value == taken ? 0u : 1u;
          sum += value;
          ++taken;
        });
        if (count == 0) waiting.again();
      }
    };
    const uint64_t nanoseconds = run_pair(places_, produce, consume);
    return {.nanoseconds = nanoseconds, .operations = operations, .checksum = sum, .faults = faults};
  }

 private:
  const Places places_;
  const uint32_t batch_;
  const std::unique_ptr<Ring> ring_;
};

class RingPingPong final : public Loop {
 public:
  explicit RingPingPong(Places places)
      : places_(places), there_(ring_near(second_of(places))), back_(ring_near(first_of(places))) {}

  Measured run(uint64_t operations) override {
    uint64_t sum = 0;
    uint64_t faults = 0;
    const auto take = [](Ring& ring) {
      Waiting waiting;
      uint64_t value = 0;
      while (!ring.try_pop(value)) waiting.again();
      return value;
    };
    // One element is under way at a time, so the rings are never full.
    const auto ask = [&] {
      for (uint64_t round = 0; round < operations; ++round) {
        faults += there_->try_push(round) ? 0u : 1u;
        const uint64_t answer = take(*back_);
        faults += answer == round + 1 ? 0u : 1u;
        sum += answer;
      }
    };
    uint64_t refused = 0;
    const auto answer = [&] {
      for (uint64_t round = 0; round < operations; ++round) refused += back_->try_push(take(*there_) + 1) ? 0u : 1u;
    };
    const uint64_t nanoseconds = run_pair(places_, ask, answer);
    return {.nanoseconds = nanoseconds, .operations = operations, .checksum = sum, .faults = faults + refused};
  }

 private:
  const Places places_;
  const std::unique_ptr<Ring> there_;
  const std::unique_ptr<Ring> back_;
};

// Two CPUs of one node, on two cores where it has them.
Places within_one_node(const MachineTopology& topology) {
  for (const size_t index : nodes_with_cpus(topology)) {
    const std::vector<uint32_t> cpus = cpus_apart(topology, index);
    if (cpus.size() >= 2) return std::pair(cpus[0], cpus[1]);
  }
  return std::nullopt;
}

Places across_nodes(const MachineTopology& topology) {
  const std::vector<size_t> nodes = nodes_with_cpus(topology);
  const std::optional<size_t> remote = farthest(topology, nodes.front(), nodes);
  if (!remote) return std::nullopt;
  return std::pair(cpus_apart(topology, nodes.front()).front(), cpus_apart(topology, *remote).front());
}

constexpr const char* kOneCpu = "no NUMA node has two CPUs for this process";

MSGTRANS_LOOP("numa/ring-handoff/native", [](const Parameters& parameters) -> Made {
  const Places places = within_one_node(read_this_machine());
  if (!places) return Made::not_measurable(kOneCpu);
  return std::make_unique<RingHandoff>(places, parameters.at("batch"));
});
MSGTRANS_LOOP("numa/ring-handoff/baseline", [](const Parameters& parameters) -> Made {
  const MachineTopology topology = read_this_machine();
  const Places places = across_nodes(topology);
  if (!places) return Made::not_measurable(nodes_here(topology));
  return std::make_unique<RingHandoff>(places, parameters.at("batch"));
});
MSGTRANS_LOOP("numa/ring-ping-pong/native", [](const Parameters&) -> Made {
  const Places places = within_one_node(read_this_machine());
  if (!places) return Made::not_measurable(kOneCpu);
  return std::make_unique<RingPingPong>(places);
});
MSGTRANS_LOOP("numa/ring-ping-pong/baseline", [](const Parameters&) -> Made {
  if (!within_one_node(read_this_machine())) return Made::not_measurable(kOneCpu);
  return std::make_unique<RingPingPong>(std::nullopt);
});

}  // namespace
}  // namespace msgtrans::loops
