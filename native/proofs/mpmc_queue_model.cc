// proves: sync/mpmc_queue.h
#include "proofs/model_main.h"
#include "sync/mpmc_queue.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

using Queue = MpmcQueue<uint32_t, RelacyAtomics>;

// What the consumers have seen, each in a place of its own; judged when all threads are done.
template <uint32_t kConsumers, uint32_t kValues>
struct Ledger {
  uint32_t times[kConsumers][kValues + 1] = {};
  uint32_t last_of_producer[kConsumers][2] = {};

  // Values of producer p are p * kValues / 2 + 1 and up.
  void note(uint32_t consumer, uint32_t value) {
    require(value >= 1 && value <= kValues, "a value that nobody pushed");
    const uint32_t producer = (value - 1) / (kValues / 2);
    require(value > last_of_producer[consumer][producer], "a producer's elements came out of order");
    last_of_producer[consumer][producer] = value;
    times[consumer][value] += 1;
  }

  void require_each_once() const {
    for (uint32_t value = 1; value <= kValues; ++value) {
      uint32_t sum = 0;
      for (uint32_t consumer = 0; consumer < kConsumers; ++consumer) sum += times[consumer][value];
      require(sum == 1, "an element was lost or came twice");
    }
  }
};

// Two slots, two producers, two consumers, the index about to wrap.
struct ElementsOneByOne : rl::test_suite<ElementsOneByOne, 4> {
  Queue queue{2, UINT64_MAX - 1};
  Ledger<2, 4> ledger;

  void thread(unsigned index) {
    if (index < 2) {
      for (uint32_t i = 0; i < 2; ++i) {
        while (!queue.try_push(2 * index + i + 1)) RelacyAtomics::pause();
      }
    } else {
      for (uint32_t i = 0; i < 2; ++i) {
        uint32_t value = 0;
        while (!queue.try_pop(value)) RelacyAtomics::pause();
        ledger.note(index - 2, value);
      }
    }
  }
  void after() { ledger.require_each_once(); }
};

// Runs of up to three through four slots.
struct ElementsInRuns : rl::test_suite<ElementsInRuns, 4> {
  Queue queue{4, UINT64_MAX - 2};
  Ledger<2, 6> ledger;

  void thread(unsigned index) {
    uint32_t values[3] = {};
    if (index < 2) {
      for (uint32_t i = 0; i < 3; ++i) values[i] = 3 * index + i + 1;
      for (uint32_t done = 0; done < 3;) {
        const uint32_t count = queue.push_some(values + done, 3 - done);
        if (count == 0) RelacyAtomics::pause();
        done += count;
      }
    } else {
      for (uint32_t done = 0; done < 3;) {
        const uint32_t count = queue.take(values, 3 - done);
        for (uint32_t i = 0; i < count; ++i) ledger.note(index - 2, values[i]);
        if (count == 0) RelacyAtomics::pause();
        done += count;
      }
    }
  }
  void after() { ledger.require_each_once(); }
};

// Nobody waits: what finds no room is dropped and counted, and what was accepted comes out.
struct DropsAreCounted : rl::test_suite<DropsAreCounted, 3> {
  Queue queue{2, 0};
  uint32_t accepted[2] = {0, 0};
  uint32_t taken = 0;

  void thread(unsigned index) {
    if (index < 2) {
      for (uint32_t i = 0; i < 3; ++i) accepted[index] += queue.try_push(i) ? 1 : 0;
    } else {
      uint32_t value = 0;
      for (uint32_t i = 0; i < 3; ++i) taken += queue.try_pop(value) ? 1 : 0;
    }
  }
  void after() {
    uint32_t value = 0;
    while (queue.try_pop(value)) taken += 1;
    require(taken == accepted[0] + accepted[1], "accepted and taken differ");
    require(taken >= 2, "an empty queue refused");
  }
};

}  // namespace

int main(int argc, char** argv) {
  return model_main<ElementsOneByOne, ElementsInRuns, DropsAreCounted>(argc, argv);
}
