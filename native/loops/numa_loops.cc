// What memory costs by where it lies: a thread pinned to one node, a slab on one node, and four ways through it.
//
// Arms: `native` has the slab on the thread's node, `baseline` on the node farthest from it. The `pair-...` loops take
// both nodes as parameters `cpu_node` and `memory_node` (positions among the nodes with CPUs and with memory) and give
// the whole matrix. An operation is one cache line.

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "base/monotonic_clock.h"
#include "loops/loop.h"
#include "loops/numa_places.h"
#include "loops/random_numbers.h"
#include "memory/mapping.h"
#include "memory/page_advice.h"
#include "topology/memory_policy.h"

namespace msgtrans::loops {
namespace {

enum class Way {
  chase,         // each line says which one is next: latency
  random_read,   // lines by chance, known in advance: how many reads the node answers at once
  stream_read,   // one behind the other: bandwidth
  stream_write,
};

struct alignas(64) Line {
  uint64_t next;      // index, on one cycle through all lines
  uint64_t position;  // on that cycle
  uint64_t written;   // by the last pass of writing
  uint64_t unused[5];
};
static_assert(sizeof(Line) == 64);

struct NodePair {
  uint32_t cpu;
  uint32_t memory_node;
};

class NodeMemory final : public Loop {
 public:
  NodeMemory(Way way, NodePair pair, uint64_t bytes)
      : way_(way), pair_(pair), lines_count_(bytes / sizeof(Line)), mapping_(Mapping::create(bytes)) {
    if (lines_count_ < 2) throw std::invalid_argument("bytes: at least two cache lines");
    if (!mapping_.valid()) throw std::runtime_error("no memory for the slab");
    // Refused where the sandbox forbids it; `wrong_node()` then tells whether first touch did as well.
    (void)prefer_memory_node_for(mapping_.data(), mapping_.bytes(), pair.memory_node);
    advise_huge_pages(mapping_.data(), mapping_.bytes());
    on_cpu(pair.cpu, [this] { link_lines(); });
  }

  // Why the slab is not where it should be, sampled once for each 2 MB; empty when it is.
  [[nodiscard]] std::string wrong_node() const {
    for (size_t offset = 0; offset < mapping_.bytes(); offset += size_t{2} << 20) {
      const MemoryNodeResult found = memory_node_of(mapping_.data() + offset);
      if (found.error != 0) {
        return "the kernel does not tell where pages are (errno " + std::to_string(found.error) + ")";
      }
      if (found.node != pair_.memory_node) {
        return "memory came from node " + std::to_string(found.node) + " instead of node " +
               std::to_string(pair_.memory_node);
      }
    }
    return "";
  }

  Measured run(uint64_t operations) override {
    Measured measured{.operations = operations};
    on_cpu(pair_.cpu, [&] {
      const uint64_t start = monotonic_ns();
      go(operations, measured);
      measured.nanoseconds = monotonic_ns() - start;
    });
    return measured;
  }

 private:
  Line* lines() const { return reinterpret_cast<Line*>(mapping_.data()); }

  // One cycle through all lines in an order that no prefetcher guesses (Sattolo, "An algorithm to generate a random
  // cyclic permutation", 1986).
  void link_lines() {
    std::vector<uint32_t> order(lines_count_);
    std::iota(order.begin(), order.end(), 0u);
    RandomNumbers random(20'260'101);
    for (uint32_t last = static_cast<uint32_t>(lines_count_ - 1); last > 0; --last) {
      std::swap(order[last], order[random.below(last)]);
    }
    for (uint64_t position = 0; position < lines_count_; ++position) {
      const uint64_t next = order[(position + 1) % lines_count_];
      lines()[order[position]] = {next, position, 0, {}};
    }
    at_ = order[0];
  }

  void go(uint64_t operations, Measured& measured) {
    switch (way_) {
      case Way::chase:
        return chase(operations, measured);
      case Way::random_read:
        return random_read(operations, measured);
      case Way::stream_read:
        return stream_read(operations, measured);
      case Way::stream_write:
        return stream_write(operations, measured);
    }
  }

  void chase(uint64_t operations, Measured& measured) {
    const uint64_t from = lines()[at_].position;
    uint64_t at = at_;
    for (uint64_t step = 0; step < operations; ++step) at = lines()[at].next;
    at_ = at;
    measured.checksum = at;
    measured.faults = lines()[at].position == (from + operations) % lines_count_ ? 0 : 1;
  }

  // No read waits for another one, apart from what the processor's own queues hold.
  void random_read(uint64_t operations, Measured& measured) {
    uint64_t sum = 0;
    uint64_t strays = 0;
    const auto bound = static_cast<uint32_t>(lines_count_);
    for (uint64_t step = 0; step < operations; ++step) {
      const Line& line = lines()[random_.below(bound)];
      sum += line.position;
      strays += line.next >= lines_count_ ? 1 : 0;
    }
    measured.checksum = sum;
    measured.faults = strays;
  }

  void stream_read(uint64_t operations, Measured& measured) {
    uint64_t sum = 0;
    uint64_t whole_passes = 0;
    for (uint64_t left = operations; left > 0;) {
      const uint64_t count = std::min(left, lines_count_ - at_stream_);
      for (uint64_t index = at_stream_; index < at_stream_ + count; ++index) sum += lines()[index].position;
      at_stream_ = (at_stream_ + count) % lines_count_;
      if (count == lines_count_) whole_passes += 1;
      left -= count;
    }
    measured.checksum = sum;
    // A pass over all lines adds all positions: a lower bound that holds wherever the run began.
    measured.faults = sum >= whole_passes * (lines_count_ * (lines_count_ - 1) / 2) ? 0 : 1;
  }

  // Writes whole lines, as a receive buffer is written. The chain is gone after that, and this loop has no use for it.
  void stream_write(uint64_t operations, Measured& measured) {
    for (uint64_t left = operations; left > 0;) {
      const uint64_t count = std::min(left, lines_count_ - at_stream_);
      for (uint64_t index = at_stream_; index < at_stream_ + count; ++index) {
        uint64_t* words = reinterpret_cast<uint64_t*>(mapping_.data()) + index * 8;
        for (int word = 0; word < 8; ++word) words[word] = pass_;
      }
      at_stream_ += count;
      left -= count;
      measured.faults += lines()[at_stream_ - 1].written == pass_ ? 0u : 1u;
      if (at_stream_ == lines_count_) {
        at_stream_ = 0;
        pass_ += 1;
      }
    }
    measured.checksum = pass_;
  }

  const Way way_;
  const NodePair pair_;
  const uint64_t lines_count_;
  const Mapping mapping_;
  RandomNumbers random_{20'260'102};
  uint64_t at_ = 0;
  uint64_t at_stream_ = 0;
  uint64_t pass_ = 1;
};

Made make_in(const MachineTopology& topology, Way way, size_t cpu_index, size_t memory_index, uint64_t bytes) {
  const NodePair pair{cpus_apart(topology, cpu_index).front(), topology.nodes[memory_index].node};
  auto loop = std::make_unique<NodeMemory>(way, pair, bytes);
  // With one node there is nothing that memory could be confused with.
  if (topology.nodes.size() > 1) {
    std::string wrong = loop->wrong_node();
    if (!wrong.empty()) return Made::not_measurable(std::move(wrong));
  }
  return loop;
}

template <Way kWay>
Made make_local(const Parameters& parameters) {
  const MachineTopology topology = read_this_machine();
  for (const size_t index : nodes_with_cpus(topology)) {
    const bool has_memory = topology.allowed_memory_nodes.contains(topology.nodes[index].node);
    // A kernel that tells nothing of nodes has one, and its memory is there.
    if (has_memory || topology.nodes.size() == 1) return make_in(topology, kWay, index, index, parameters.at("bytes"));
  }
  return Made::not_measurable("no NUMA node has both CPUs and memory for this process");
}

template <Way kWay>
Made make_remote(const Parameters& parameters) {
  const MachineTopology topology = read_this_machine();
  const std::vector<size_t> with_memory = nodes_with_memory(topology);
  for (const size_t index : nodes_with_cpus(topology)) {
    if (!topology.allowed_memory_nodes.contains(topology.nodes[index].node)) continue;
    const std::optional<size_t> remote = farthest(topology, index, with_memory);
    if (remote) return make_in(topology, kWay, index, *remote, parameters.at("bytes"));
  }
  return Made::not_measurable(nodes_here(topology));
}

template <Way kWay>
Made make_pair(const Parameters& parameters) {
  const MachineTopology topology = read_this_machine();
  const std::vector<size_t> with_cpus = nodes_with_cpus(topology);
  const std::vector<size_t> with_memory = nodes_with_memory(topology);
  const uint64_t cpu_node = parameters.at("cpu_node");
  const uint64_t memory_node = parameters.at("memory_node");
  if (cpu_node >= with_cpus.size() || memory_node >= with_memory.size()) {
    return Made::not_measurable(nodes_here(topology));
  }
  return make_in(topology, kWay, with_cpus[cpu_node], with_memory[memory_node], parameters.at("bytes"));
}

MSGTRANS_LOOP("numa/slab-read/native", &make_local<Way::random_read>);
MSGTRANS_LOOP("numa/slab-read/baseline", &make_remote<Way::random_read>);
MSGTRANS_LOOP("numa/pointer-chase/native", &make_local<Way::chase>);
MSGTRANS_LOOP("numa/pointer-chase/baseline", &make_remote<Way::chase>);
MSGTRANS_LOOP("numa/stream-read/native", &make_local<Way::stream_read>);
MSGTRANS_LOOP("numa/stream-read/baseline", &make_remote<Way::stream_read>);
MSGTRANS_LOOP("numa/stream-write/native", &make_local<Way::stream_write>);
MSGTRANS_LOOP("numa/stream-write/baseline", &make_remote<Way::stream_write>);
MSGTRANS_LOOP("numa/pair-pointer-chase/native", &make_pair<Way::chase>);
MSGTRANS_LOOP("numa/pair-stream-read/native", &make_pair<Way::stream_read>);
MSGTRANS_LOOP("numa/pair-stream-write/native", &make_pair<Way::stream_write>);

}  // namespace
}  // namespace msgtrans::loops
