// Work that needs a processor and nothing else: no memory, no lock, no kernel. What several threads of it get done
// together is what the processors are worth together, at this moment: their clock falls when all are busy, a hypervisor
// lends them to others, two may share a core. Whatever work is to be judged by how it scales is divided by it.

#include "loops/loop.h"
#include "loops/threads.h"

namespace msgtrans::loops {
namespace {

// One operation is about a microsecond, so that counting costs nothing beside it.
constexpr uint32_t kStepsPerOperation = 512;

// xorshift (Marsaglia, "Xorshift RNGs", 2003): each step needs the one before, so that no compiler folds the steps.
uint64_t shifted(uint64_t state) {
  for (uint32_t step = 0; step < kStepsPerOperation; ++step) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  return state;
}

class AluLoop : public Loop {
 public:
  explicit AluLoop(const Parameters& parameters) : threads_(threads_within_bounds(parameters.at("threads"))) {}

  void use_threads(uint32_t count) override { threads_ = threads_within_bounds(count); }

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + threads_ - 1) / threads_;
    std::vector<uint64_t> states(threads_);
    const auto work = [&](uint32_t thread) {
      uint64_t state = kSeed + thread;
      for (uint64_t index = 0; index < share; ++index) state = shifted(state);
      states[thread] = state;
    };
    Measured measured{.operations = share * threads_, .threads = threads_};
    measured.nanoseconds = run_threads(threads_, work, &measured.cpu_nanoseconds);
    for (const uint64_t state : states) {
      measured.checksum += state;
      // xorshift never reaches zero from elsewhere.
      if (state == 0) ++measured.faults;
    }
    return measured;
  }

 private:
  static constexpr uint64_t kSeed = 0x9e37'79b9'7f4a'7c15;

  uint32_t threads_;
};

MSGTRANS_LOOP("alu/steps/limit",
              [](const Parameters& parameters) -> Made { return std::make_unique<AluLoop>(parameters); });

}  // namespace
}  // namespace msgtrans::loops
