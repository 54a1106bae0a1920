// proves: sync/doorbell.h
#include "proofs/model_main.h"
#include "proofs/wake_up.h"
#include "sync/doorbell.h"
#include "sync/spsc_ring.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

// Two links with a producer each. The consumer reads a link only when its bit says so, and sleeps when none does: an
// element without a bit, or a bit without a wake-up, ends in a deadlock.
struct EveryRingIsAnswered : rl::test_suite<EveryRingIsAnswered, 3> {
  static constexpr uint32_t kElements = 2;
  SpscRing<uint32_t, RelacyAtomics> link0{4};
  SpscRing<uint32_t, RelacyAtomics> link1{4};
  Doorbell<RelacyAtomics, 1> doorbell;
  WakeUp wake_up;

  void thread(unsigned index) {
    if (index < 2) {
      for (uint32_t value = 1; value <= kElements; ++value) {
        require((index == 0 ? link0 : link1).try_push(value), "four slots are full");
        if (doorbell.ring(index)) wake_up.write();
      }
      return;
    }
    uint32_t taken[2] = {0, 0};
    while (taken[0] + taken[1] < 2 * kElements) {
      doorbell.take([&](uint32_t i) {
        uint32_t value = 0;
        while ((i == 0 ? link0 : link1).try_pop(value)) require(value == ++taken[i], "out of order");
      });
      if (taken[0] + taken[1] == 2 * kElements) break;
      if (!doorbell.prepare_sleep()) continue;
      wake_up.block();
      doorbell.awake();
    }
  }
};

// What stands on a link is plain memory here: a visit must have acquired what was published before the ring.
struct TheVisitSeesTheNews : rl::test_suite<TheVisitSeesTheNews, 3> {
  RelacyAtomics::Plain<uint32_t> news[2];
  Doorbell<RelacyAtomics, 2> doorbell;
  WakeUp wake_up;

  void thread(unsigned index) {
    if (index < 2) {
      news[index].set(7);
      // One link in each word for a start and an end of the set.
      if (doorbell.ring(index * 127)) wake_up.write();
      return;
    }
    for (uint32_t visits = 0; visits < 2;) {
      doorbell.take([&](uint32_t i) {
        require(news[i / 127].get() == 7, "rang without news");
        visits += 1;
      });
      if (visits == 2 || !doorbell.prepare_sleep()) continue;
      wake_up.block();
      doorbell.awake();
    }
  }
};

}  // namespace

int main(int argc, char** argv) { return model_main<EveryRingIsAnswered, TheVisitSeesTheNews>(argc, argv); }
