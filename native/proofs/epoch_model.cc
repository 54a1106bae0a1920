// proves: sync/epoch.h
#include "proofs/model_main.h"
#include "sync/epoch.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

using Domain = EpochDomain<RelacyAtomics>;

// Freeing writes to the content, so a reader that is not done with it is a data race.
struct Block {
  Retired retired;
  RelacyAtomics::Plain<uint32_t> content{1};

  static void destroy(Retired* retired) { reinterpret_cast<Block*>(retired)->content.set(0); }
};

// Every retired block is sealed and tried to be freed at once.
constexpr EpochLimits kAtOnce = {1, 1, 0};

// One thread replaces what the others look at.
struct NothingIsFreedUnderAReader : rl::test_suite<NothingIsFreedUnderAReader, 3> {
  static constexpr uint32_t kReplacements = 2;
  Domain domain{kAtOnce};
  Block blocks[kReplacements + 1];
  RelacyAtomics::Atomic<Block*> shared{nullptr};

  // Relaxed: before the threads begin.
  void before() { shared.store(&blocks[0], std::memory_order_relaxed); }

  void thread(unsigned index) {
    Domain::Participant* const participant = domain.claim();
    if (index == 0) {
      for (uint32_t i = 1; i <= kReplacements; ++i) {
        EpochGuard<RelacyAtomics> guard(*participant);
        // Release: pairs with the acquire load below.
        Block* const old = shared.exchange(&blocks[i], std::memory_order_acq_rel);
        domain.retire(*participant, &old->retired, 1, Block::destroy);
      }
    } else {
      for (int visit = 0; visit < 2; ++visit) {
        EpochGuard<RelacyAtomics> guard(*participant);
        // Acquire: pairs with the exchange above.
        const Block* const seen = shared.load(std::memory_order_acquire);
        require(seen->content.get() == 1, "a block was freed while it could be seen");
      }
    }
    domain.give_back(participant);
  }
};

// One look, one replacement, and no fence behind the look that would hide a mark which orders nothing.
struct ALookIsOverBeforeTheBlockIsFreed : rl::test_suite<ALookIsOverBeforeTheBlockIsFreed, 2> {
  Domain domain{kAtOnce};
  Block blocks[2];
  RelacyAtomics::Atomic<Block*> shared{nullptr};
  Domain::Participant* participants[2] = {};

  void before() {
    for (auto& participant : participants) participant = domain.claim();
    // Relaxed: before the threads begin.
    shared.store(&blocks[0], std::memory_order_relaxed);
  }

  void thread(unsigned index) {
    EpochGuard<RelacyAtomics> guard(*participants[index]);
    if (index == 0) {
      // Release: pairs with the acquire load below.
      Block* const old = shared.exchange(&blocks[1], std::memory_order_acq_rel);
      domain.retire(*participants[index], &old->retired, 1, Block::destroy);
    } else {
      // Acquire: pairs with the exchange above.
      const Block* const seen = shared.load(std::memory_order_acquire);
      require(seen->content.get() == 1, "a block was freed while it could be seen");
    }
  }
};

// Every thread retires its own, and gives its participant to the next; each block is freed once at most.
struct ParticipantsAreHandedOn : rl::test_suite<ParticipantsAreHandedOn, 2> {
  Domain domain{kAtOnce};
  Block blocks[4];

  void thread(unsigned index) {
    for (uint32_t round = 0; round < 2; ++round) {
      Domain::Participant* const participant = domain.claim();
      {
        EpochGuard<RelacyAtomics> guard(*participant);
        Block& block = blocks[index * 2 + round];
        require(block.content.get() == 1, "a block was freed before it was retired");
        domain.retire(*participant, &block.retired, 1, Block::destroy);
      }
      domain.give_back(participant);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  return model_main<ALookIsOverBeforeTheBlockIsFreed, NothingIsFreedUnderAReader, ParticipantsAreHandedOn>(argc, argv);
}
