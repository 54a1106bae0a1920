// proves: sync/lock_free_map.h, sync/lock_free_map_table.h, sync/lock_free_map_migration.h, sync/lock_free_map_layout.h
// proves: sync/lock_free_map_scan.h, sync/lock_free_map_keys.h, sync/striped_count.h
#include "proofs/model_main.h"
#include "sync/lock_free_map.h"

using namespace msgtrans;
using namespace msgtrans::proofs;

namespace {

// Two buckets of one slot to begin with; the third key makes the map move, one bucket at a time.
struct ModelShape : MapShape {
  static constexpr uint32_t kBucketSlots = 1;
  static constexpr uint32_t kClaimedPerBucketMax = 1;
  static constexpr uint32_t kChunkBuckets = 1;
  static constexpr uint32_t kVerifiedChunks = 1;
  static constexpr uint32_t kBucketBitsMin = 1;
  static constexpr uint32_t kOwnStripes = 1;
  static constexpr uint32_t kSharedStripes = 1;
  static constexpr uint32_t kShrinkCheckRemovals = 1;
};

class ModelMemory final : public MapMemory {
 public:
  void* allocate(size_t bytes) override { return std::calloc(1, bytes); }
  void free(void* memory, size_t) override { std::free(memory); }
  void drop() override {}
  [[nodiscard]] size_t bytes_in_use() const override { return 0; }
};

using Map = LockFreeMap<U64Keys, RelacyAtomics, ModelShape>;
using Participant = Map::Participant;

ModelMemory memory;

// The map of a schedule.
struct Fixture {
  EpochDomain<RelacyAtomics> domain{{1, 1, 0}};
  std::unique_ptr<Map> map;

  void make() { map = Map::create(domain, memory, 1, 0); }
  void drop() { map.reset(); }
};

// Two threads insert one key.
struct InsertRace : Fixture {
  RelacyAtomics::Plain<uint32_t> content[2];
  uint32_t inserted[2] = {};

  void insert(unsigned index) {
    Participant& participant = *domain.claim();
    content[index].set(index + 1);
    uint64_t seen = 0;
    if (map->get(participant, 7, seen)) {
      require(content[seen].get() == seen + 1, "what came before the insert is not seen by a read");
    }
    const MapResult result = map->insert(participant, 7, index);
    inserted[index] = result.status == MapStatus::kInserted;
    if (result.status == MapStatus::kPresent) {
      require(result.previous == 1 - index, "a value that nobody stored");
      require(content[result.previous].get() == result.previous + 1, "what came before the insert is not seen");
    }
    domain.give_back(&participant);
  }
  void end() {
    require(inserted[0] + inserted[1] == 1, "not exactly one insert succeeded");
    drop();
  }
};

// Of two that insert one key, one does; who sees its value sees what it wrote before.
struct OneInsertWins : rl::test_suite<OneInsertWins, 2>, InsertRace {
  void before() { make(); }
  void thread(unsigned index) { insert(index); }
  void after() { end(); }
};

// The same where the key has a slot already, so that its word tells neither of the other.
struct OneInsertWinsAfterARemoval : rl::test_suite<OneInsertWinsAfterARemoval, 2>, InsertRace {
  void before() {
    make();
    Participant* const participant = domain.claim();
    map->set(*participant, 7, 0);
    map->remove(*participant, 7);
    domain.give_back(participant);
  }
  void thread(unsigned index) { insert(index); }
  void after() { end(); }
};

// Who reads a value sees what its writer did before, also when the key was there already.
struct AReadSeesWhatCameBeforeTheWrite : rl::test_suite<AReadSeesWhatCameBeforeTheWrite, 2>, Fixture {
  RelacyAtomics::Plain<uint32_t> content;

  void before() {
    make();
    Participant* const participant = domain.claim();
    map->set(*participant, 7, 0);
    domain.give_back(participant);
  }
  void thread(unsigned index) {
    Participant& participant = *domain.claim();
    uint64_t seen = 0;
    if (index == 0) {
      content.set(1);
      map->replace(participant, 7, 1);
    } else if (map->get(participant, 7, seen) && seen == 1) {
      require(content.get() == 1, "what came before the write is not seen by a read");
    }
    domain.give_back(&participant);
  }
  void after() { drop(); }
};

// While both threads insert, which moves the map, a key that is there stays, and updates of it are not lost.
struct NothingIsLostInAMove : rl::test_suite<NothingIsLostInAMove, 2>, Fixture {
  static constexpr uint64_t kStays = 100;
  void before() {
    make();
    Participant* const participant = domain.claim();
    map->set(*participant, kStays, 0);
    domain.give_back(participant);
  }
  void thread(unsigned index) {
    Participant& participant = *domain.claim();
    map->insert(participant, index, index + 10);
    // Adds one by compare-and-swap, as often as it takes.
    for (;;) {
      uint64_t seen = 0;
      require(map->get(participant, kStays, seen), "a key that was never removed is gone");
      if (map->compare_and_swap(participant, kStays, seen, seen + 1).status == MapStatus::kReplaced) break;
    }
    map->insert(participant, index + 2, index + 10);
    // Also in a table that this thread has made the root without having moved every chunk itself.
    uint64_t seen = 0;
    require(map->get(participant, kStays, seen) && seen >= 1, "a key that was never removed is gone after a move");
    require(map->get(participant, index, seen) && seen == index + 10, "an insert is gone after a move");
    domain.give_back(&participant);
  }
  void after() {
    Participant& participant = *domain.claim();
    uint64_t value = 0;
    require(map->get(participant, kStays, value) && value == 2, "an update was lost");
    for (uint64_t key = 0; key < 4; ++key) {
      require(map->get(participant, key, value) && value == key % 2 + 10, "an insert was lost");
    }
    require(map->size() == 5, "the count is wrong");
    domain.give_back(&participant);
    drop();
  }
};

// Boxed values are freed when they are replaced and nobody reads them; a removed key does not come back.
struct BoxesOutliveTheirReaders : rl::test_suite<BoxesOutliveTheirReaders, 2>, Fixture {
  void before() {
    make();
    Participant* const participant = domain.claim();
    map->set(*participant, 1, UINT64_MAX);
    domain.give_back(participant);
  }
  void thread(unsigned index) {
    Participant& participant = *domain.claim();
    if (index == 0) {
      map->set(participant, 1, UINT64_MAX - 1);
      map->set(participant, 2, 5);
      map->set(participant, 3, 5);
      require(map->remove(participant, 1).previous == UINT64_MAX - 1, "the removed value is another");
      uint64_t value = 0;
      require(!map->get(participant, 1, value), "a removed key is there");
    } else {
      for (int turn = 0; turn < 2; ++turn) {
        uint64_t value = UINT64_MAX;
        map->get(participant, 1, value);
        require(value >= UINT64_MAX - 1, "a value that nobody stored");
      }
    }
    domain.give_back(&participant);
  }
  void after() { drop(); }
};

// A cursor passes a key that stays exactly once, and one that comes and goes at most once.
struct CursorPassesEachKeyOnce : rl::test_suite<CursorPassesEachKeyOnce, 2>, Fixture {
  struct Sink {
    size_t entries = 0;
    uint64_t keys[8] = {};

    bool push(uint64_t key, uint64_t) {
      keys[entries++] = key;
      return true;
    }
    [[nodiscard]] size_t count() const { return entries; }
    void truncate(size_t count) { entries = count; }
  };

  void before() {
    make();
    Participant* const participant = domain.claim();
    map->set(*participant, 1, 1);
    map->set(*participant, 2, 1);
    domain.give_back(participant);
  }
  void thread(unsigned index) {
    Participant& participant = *domain.claim();
    if (index == 0) {
      map->remove(participant, 2);
      map->set(participant, 3, 1);
      map->set(participant, 2, 1);
      map->set(participant, 4, 1);
    } else {
      Sink sink;
      MapCursor cursor;
      while (map->scan(participant, cursor, sink) != MapScan::kEnd) RelacyAtomics::pause();
      uint32_t times[5] = {};
      for (size_t i = 0; i < sink.entries; ++i) ++times[sink.keys[i]];
      require(times[1] == 1, "a key that stayed did not come exactly once");
      for (const uint32_t each : times) require(each <= 1, "a key came twice");
    }
    domain.give_back(&participant);
  }
  void after() { drop(); }
};

}  // namespace

int main(int argc, char** argv) {
  return model_main<OneInsertWins, OneInsertWinsAfterARemoval, AReadSeesWhatCameBeforeTheWrite, NothingIsLostInAMove,
                    BoxesOutliveTheirReaders, CursorPassesEachKeyOnce>(argc, argv);
}
