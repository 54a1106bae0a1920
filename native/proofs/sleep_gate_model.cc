// proves: sync/sleep_gate.h
#include "proofs/model_main.h"
#include "proofs/wake_up.h"
#include "sync/sleep_gate.h"
#include "sync/spsc_ring.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

// One producer on a real ring, which publishes with release and knows nothing of the gate.
struct NothingIsMissed : rl::test_suite<NothingIsMissed, 2> {
  static constexpr uint32_t kElements = 3;
  SpscRing<uint32_t, RelacyAtomics> ring{4};
  SleepGate<RelacyAtomics> gate;
  WakeUp wake_up;

  void thread(unsigned index) {
    if (index == 0) {
      for (uint32_t value = 1; value <= kElements; ++value) {
        require(ring.try_push(value), "four slots are full");
        if (gate.must_wake()) wake_up.write();
      }
    } else {
      for (uint32_t taken = 0; taken < kElements;) {
        uint32_t value = 0;
        if (ring.try_pop(value)) {
          require(value == ++taken, "out of order");
          continue;
        }
        gate.announce();
        if (ring.try_pop(value)) {
          gate.awake();
          require(value == ++taken, "out of order");
          continue;
        }
        wake_up.block();
        gate.awake();
      }
    }
  }
};

// Two producers, the second of which may lower the flag that stands between the first and the consumer. The word that
// they publish is plain relaxed: all the order there is comes from the gate.
struct TheGateCarriesTheOrder : rl::test_suite<TheGateCarriesTheOrder, 3> {
  RelacyAtomics::Atomic<uint32_t> published[2] = {{0}, {0}};
  SleepGate<RelacyAtomics> gate;
  WakeUp wake_up;
  uint32_t wake_ups[2] = {0, 0};
  uint32_t sleeps = 0;

  [[nodiscard]] bool sees_both() const {
    // Relaxed: the gate's exchanges must make the stores visible.
    return published[0].load(std::memory_order_relaxed) == 1 && published[1].load(std::memory_order_relaxed) == 1;
  }

  void thread(unsigned index) {
    if (index < 2) {
      // Relaxed: the gate's exchange must publish it.
      published[index].store(1, std::memory_order_relaxed);
      if (gate.must_wake()) {
        wake_ups[index] += 1;
        wake_up.write();
      }
      return;
    }
    for (;;) {
      gate.announce();
      if (sees_both()) break;
      sleeps += 1;
      wake_up.block();
      gate.awake();
    }
    gate.awake();
  }
  void after() {
    // One more may come for the announcement that found both, before it was taken back.
    require(wake_ups[0] + wake_ups[1] <= sleeps + 1, "a sleep was woken from twice");
  }
};

}  // namespace

int main(int argc, char** argv) { return model_main<NothingIsMissed, TheGateCarriesTheOrder>(argc, argv); }
