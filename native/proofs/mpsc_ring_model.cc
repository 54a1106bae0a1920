// proves: sync/mpsc_ring.h
#include "proofs/model_main.h"
#include "sync/mpsc_ring.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

using Ring = MpscRing<uint32_t, RelacyAtomics>;

// Which producer and which of its elements: 10 * producer + number.
void push_runs(Ring& ring, uint32_t producer, uint32_t runs, uint32_t run_length) {
  for (uint32_t run = 0; run < runs; ++run) {
    uint32_t values[2] = {};
    for (uint32_t i = 0; i < run_length; ++i) values[i] = 10 * producer + run * run_length + i + 1;
    while (!ring.try_push_all(values, run_length)) RelacyAtomics::pause();
  }
}

// Takes `total` elements and requires those of each producer to come once and in order.
void take_in_order(Ring& ring, uint32_t total, uint32_t count_max) {
  uint32_t last[2] = {0, 0};
  for (uint32_t taken = 0; taken < total;) {
    uint32_t got[4] = {};
    const uint32_t count = ring.take(got, count_max);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t producer = got[i] / 10;
      require(producer < 2 && got[i] % 10 == last[producer] + 1, "an element is missing, twice there or out of order");
      last[producer] += 1;
    }
    taken += count;
    if (count == 0) RelacyAtomics::pause();
  }
}

// Two slots for six elements of two producers: every push waits for a slot, one by one.
struct ElementsOfTwoProducers : rl::test_suite<ElementsOfTwoProducers, 3> {
  Ring ring{2, UINT64_MAX - 1};

  void thread(unsigned index) {
    if (index < 2) {
      push_runs(ring, index, 3, 1);
    } else {
      take_in_order(ring, 6, 1);
    }
  }
};

// Runs of two through four slots: a run's later marks are relaxed, and the consumer takes several at once.
struct RunsOfTwoProducers : rl::test_suite<RunsOfTwoProducers, 3> {
  Ring ring{4, UINT64_MAX - 2};

  void thread(unsigned index) {
    if (index < 2) {
      push_runs(ring, index, 2, 2);
    } else {
      take_in_order(ring, 8, 4);
    }
  }
};

// A run is next to itself, whatever another producer does between its marks; one that does not fit leaves no trace.
struct RunsStayWhole : rl::test_suite<RunsStayWhole, 3> {
  Ring ring{4, 0};
  uint32_t accepted[2] = {0, 0};

  void thread(unsigned index) {
    if (index == 2) return;
    const uint32_t values[3] = {10 * index + 1, 10 * index + 2, 10 * index + 3};
    accepted[index] = ring.try_push_all(values, 3) ? 3 : 0;
  }

  void after() {
    uint32_t got[4] = {};
    const uint32_t count = ring.take(got, 4);
    require(count == 3 && accepted[0] + accepted[1] == 3, "four slots took two runs of three, or none");
    const uint32_t producer = accepted[0] == 3 ? 0 : 1;
    for (uint32_t i = 0; i < 3; ++i) require(got[i] == 10 * producer + i + 1, "a run was torn");
  }
};

}  // namespace

int main(int argc, char** argv) {
  return model_main<ElementsOfTwoProducers, RunsOfTwoProducers, RunsStayWhole>(argc, argv);
}
