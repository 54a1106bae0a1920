// proves: memory/return_stack.h
#include "memory/return_stack.h"
#include "proofs/model_main.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

constexpr SliceId kSlices = 2;

// Two slices that an owner lends to two holders, with bytes that one thread at a time may touch.
struct Lending {
  std::array<LendingNode<RelacyAtomics>, kSlices> nodes;
  std::array<RelacyAtomics::Plain<uint32_t>, kSlices> bytes;
  ReturnStack<RelacyAtomics> stack;
  // Which round's slices the holders may use: the channel through which they learn of them.
  RelacyAtomics::Atomic<uint32_t> round{0};

  LendingNode<RelacyAtomics>& node(SliceId id) { return nodes[id]; }

  void tell(uint32_t number) {
    // Release: pairs with the acquire load in wait_for(); publishes the bytes and the shared words.
    round.store(number, std::memory_order_release);
  }
  void wait_for(uint32_t number) {
    // Acquire: pairs with the release store in tell().
    while (round.load(std::memory_order_acquire) < number) RelacyAtomics::pause();
  }
};

// The owner writes into a slice again as soon as it is home: if a holder still reads it, that is a race. One holder
// gives back one by one, the other in a batch.
struct BytesAreHomeWhenReleased : rl::test_suite<BytesAreHomeWhenReleased, 3> {
  static constexpr uint32_t kRounds = 2;
  Lending lending;

  void thread(unsigned index) {
    const auto node_of = [this](SliceId id) -> LendingNode<RelacyAtomics>& { return lending.node(id); };
    for (uint32_t round = 1; round <= kRounds; ++round) {
      if (index == 2) {
        own(round, node_of);
        continue;
      }
      lending.wait_for(round);
      for (SliceId id = 0; id < kSlices; ++id) require(lending.bytes[id].get() == round, "bytes of another round");
      if (index == 0) {
        for (SliceId id = 0; id < kSlices; ++id) lending.stack.give_back(id, node_of);
      } else {
        const std::array<SliceId, kSlices> all = {0, 1};
        lending.stack.give_back(all.data(), all.size(), node_of);
      }
    }
  }

  template <typename NodeOf>
  void own(uint32_t round, const NodeOf& node_of) {
    for (SliceId id = 0; id < kSlices; ++id) {
      lending.bytes[id].set(round);
      require(ReturnStack<RelacyAtomics>::share(lending.nodes[id], 2), "a slice was abroad already");
    }
    lending.tell(round);
    uint32_t home = 0;
    while (home < kSlices) {
      const uint32_t count = lending.stack.take_all(node_of, [&](SliceId id) { lending.bytes[id].set(0); });
      if (count == 0) RelacyAtomics::pause();
      home += count;
    }
  }
};

// The owner shares a slice that may lie in the list, just now be taken from it, or be abroad: the ordinary reference
// is taken and dropped in turn, and the list never holds the slice twice.
struct SharedAgainWhileComingHome : rl::test_suite<SharedAgainWhileComingHome, 3> {
  Lending lending;
  int32_t references = 0;
  uint32_t released = 0;

  void share(SliceId id) {
    if (ReturnStack<RelacyAtomics>::share(lending.nodes[id], 1)) references += 1;
  }
  void take() {
    const auto node_of = [this](SliceId id) -> LendingNode<RelacyAtomics>& { return lending.node(id); };
    lending.stack.take_all(node_of, [this](SliceId id) {
      lending.bytes[id].set(released);
      references -= 1;
      released += 1;
    });
    require(references >= 0 && references <= static_cast<int32_t>(kSlices), "the reference was dropped twice");
  }

  void thread(unsigned index) {
    const auto node_of = [this](SliceId id) -> LendingNode<RelacyAtomics>& { return lending.node(id); };
    if (index < 2) {
      // Each holder has both slices, from its own round on.
      lending.wait_for(index + 1);
      for (SliceId id = 0; id < kSlices; ++id) {
        // Whatever it is: a race with the owner's write is what matters.
        (void)lending.bytes[id].get();
        lending.stack.give_back(id, node_of);
      }
      return;
    }
    for (uint32_t round = 1; round <= 2; ++round) {
      share(0);
      share(1);
      lending.tell(round);
      take();
    }
  }
  void after() {
    take();
    require(references == 0 && released >= kSlices, "a slice did not come home");
    for (auto& node : lending.nodes) {
      // Relaxed: all threads have ended.
      require(node.word.load(std::memory_order_relaxed) == 0, "a word is not zero");
    }
  }
};

// The first holder makes another of the second thread, and leaves its own part to the owner, as with a block of slices:
// the owner writes again when both are done with the bytes, whichever was last.
struct KeptBeyondItsBlock : rl::test_suite<KeptBeyondItsBlock, 3> {
  static constexpr uint32_t kKept = 2;
  Lending lending;
  RelacyAtomics::Atomic<uint32_t> is_back{0};

  void thread(unsigned index) {
    const auto node_of = [this](SliceId id) -> LendingNode<RelacyAtomics>& { return lending.node(id); };
    if (index == 0) {
      lending.wait_for(1);
      (void)lending.bytes[0].get();
      ReturnStack<RelacyAtomics>::add_holder(lending.nodes[0]);
      lending.tell(kKept);
      (void)lending.bytes[0].get();
      // Release: pairs with the acquire load in own(); our reads come before the owner takes our part back.
      is_back.store(1, std::memory_order_release);
    } else if (index == 1) {
      lending.wait_for(kKept);
      // Whoever finds itself alone may write: that is a race if anybody still reads.
      if (ReturnStack<RelacyAtomics>::is_sole(lending.nodes[0])) {
        lending.bytes[0].set(7);
      } else {
        (void)lending.bytes[0].get();
      }
      lending.stack.give_back(0, node_of);
    } else {
      own(node_of);
    }
  }

  template <typename NodeOf>
  void own(const NodeOf& node_of) {
    lending.bytes[0].set(1);
    require(ReturnStack<RelacyAtomics>::share(lending.nodes[0], 1), "the slice was abroad already");
    lending.tell(1);
    // Acquire: pairs with the release store of the first holder.
    while (is_back.load(std::memory_order_acquire) == 0) RelacyAtomics::pause();
    uint32_t home = ReturnStack<RelacyAtomics>::take_back(lending.nodes[0]) ? 1 : 0;
    while (home == 0) {
      home = lending.stack.take_all(node_of, [](SliceId) {});
      if (home == 0) RelacyAtomics::pause();
    }
    lending.bytes[0].set(2);
  }
};

}  // namespace

int main(int argc, char** argv) {
  return model_main<BytesAreHomeWhenReleased, SharedAgainWhileComingHome, KeptBeyondItsBlock>(argc, argv);
}
