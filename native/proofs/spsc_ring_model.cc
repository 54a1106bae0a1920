// proves: sync/spsc_ring.h
#include "proofs/model_main.h"
#include "sync/spsc_ring.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

using Ring = SpscRing<uint32_t, RelacyAtomics>;

// Two slots and an index about to wrap: every element waits for one to be given back.
struct ElementsCrossOnceAndInOrder : rl::test_suite<ElementsCrossOnceAndInOrder, 2> {
  static constexpr uint32_t kElements = 4;
  Ring ring{2, UINT64_MAX - 1};

  void thread(unsigned index) {
    if (index == 0) {
      for (uint32_t value = 1; value <= kElements; ++value) {
        while (!ring.try_push(value)) RelacyAtomics::pause();
      }
    } else {
      for (uint32_t value = 1; value <= kElements; ++value) {
        uint32_t got = 0;
        while (!ring.try_pop(got)) RelacyAtomics::pause();
        require(got == value, "an element is missing, twice there or out of order");
      }
    }
  }
};

// Batches of two through four slots; what is staged and not published must not be seen.
struct BatchesCrossWhole : rl::test_suite<BatchesCrossWhole, 2> {
  static constexpr uint32_t kBatches = 3;
  Ring ring{4, UINT64_MAX - 2};

  void thread(unsigned index) {
    if (index == 0) {
      for (uint32_t batch = 0; batch < kBatches; ++batch) {
        for (uint32_t i = 0; i < 2; ++i) {
          while (!ring.stage(2 * batch + i)) RelacyAtomics::pause();
        }
        ring.publish();
      }
    } else {
      uint32_t expected = 0;
      while (expected < 2 * kBatches) {
        uint32_t got[4] = {};
        const uint32_t count = ring.take(got, 4);
        require(count % 2 == 0, "half a batch was seen");
        for (uint32_t i = 0; i < count; ++i) require(got[i] == expected++, "an element is out of order");
        if (count == 0) RelacyAtomics::pause();
      }
      require(ring.size() == 0, "something was left over");
    }
  }
};

}  // namespace

int main(int argc, char** argv) { return model_main<ElementsCrossOnceAndInOrder, BatchesCrossWhole>(argc, argv); }
