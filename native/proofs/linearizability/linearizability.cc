// Records histories of the structures of sync/ and checks that they are linearizable; then of two that are not, which
// have to be found.
//
//   linearizability [--histories N] [--seed S]
//
// N is per structure. A check is one structure: that no history of it is wrong and that at least a quarter of its
// operations overlapped another, or that a planted mistake was found. Prints the seed, the shares, and at the end
// "linearizability: N passed, N failed". Exits 0 when all passed, 1 when not, 2 on a parameter that it does not know.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "proofs/linearizability/checker.h"
#include "proofs/linearizability/planted.h"
#include "proofs/linearizability/subjects.h"

using namespace msgtrans::proofs;

namespace {

constexpr double kOverlapShareMin = 0.25;

struct Tally {
  uint64_t histories = 0;
  uint64_t operations = 0;
  uint64_t overlapping = 0;
  uint64_t wrong = 0;
  uint64_t first_wrong = 0;
};

template <typename Subject>
bool holds(std::vector<Operation>& history) {
  for (uint64_t part = 0; part < Subject::kParts; ++part) {
    std::vector<Operation> operations;
    for (const Operation& operation : history) {
      if (Subject::part_of(operation) == part) operations.push_back(operation);
    }
    if (!Checker<typename Subject::Model>::is_linearizable(operations)) return false;
  }
  return true;
}

template <typename Subject>
Tally check(uint64_t histories, uint64_t seed, bool stop_at_wrong) {
  Recorder<Subject> recorder(seed);
  Tally tally;
  while (tally.histories < histories && !(stop_at_wrong && tally.wrong != 0)) {
    std::vector<Operation> history = recorder.record(seed + tally.histories);
    // What a structure leaves over (threads without an end of the ring) is no overlap of its operations.
    std::erase_if(history, [](const Operation& operation) { return Subject::part_of(operation) >= Subject::kParts; });
    tally.overlapping += mark_overlaps(history);
    tally.operations += history.size();
    ++tally.histories;
    if (!holds<Subject>(history) && tally.wrong++ == 0) tally.first_wrong = tally.histories;
  }
  return tally;
}

template <typename Subject>
bool passes(const char* name, uint64_t histories, uint64_t seed) {
  const Tally tally = check<Subject>(histories, seed, false);
  const double share = static_cast<double>(tally.overlapping) / static_cast<double>(tally.operations);
  std::printf("%s: %" PRIu64 " histories, %" PRIu64 " operations, %.1f %% overlap another, %" PRIu64
              " not linearizable\n",
              name, tally.histories, tally.operations, share * 100, tally.wrong);
  if (tally.wrong != 0) std::printf("%s: the first is history %" PRIu64 "\n", name, tally.first_wrong);
  if (share < kOverlapShareMin) std::printf("%s: fewer than %.0f %% overlap\n", name, kOverlapShareMin * 100);
  std::fflush(stdout);
  return tally.wrong == 0 && share >= kOverlapShareMin;
}

template <typename Subject>
bool is_found(const char* name, uint64_t histories, uint64_t seed) {
  const Tally tally = check<Subject>(histories, seed, true);
  if (tally.wrong != 0) {
    std::printf("planted, %s: found in history %" PRIu64 "\n", name, tally.first_wrong);
  } else {
    std::printf("planted, %s: not found in %" PRIu64 " histories\n", name, tally.histories);
  }
  return tally.wrong != 0;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t histories = 2'500;
  uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--histories" && i + 1 < argc) {
      histories = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      histories = 0;
    }
  }
  if (histories == 0) {
    std::fprintf(stderr, "usage: %s [--histories N] [--seed S]\n", argv[0]);
    return 2;
  }
  std::printf("seed %" PRIu64 ", %u threads of %u operations\n", seed, kRecordedThreads, kOperationsPerThread);
  const bool checks[] = {
      passes<MapSubject>("lock-free map", histories, seed),
      passes<MpmcSubject>("MPMC queue", histories, seed),
      passes<MpscSubject>("MPSC ring", histories, seed),
      passes<SpscSubject>("SPSC ring", histories, seed),
      is_found<ReplaceInTwoSteps>("a replace in two steps", histories, seed),
      is_found<StaleIndexSubject>("a pop with a stale index", histories, seed),
  };
  const auto passed = std::count(std::begin(checks), std::end(checks), true);
  const auto failed = std::count(std::begin(checks), std::end(checks), false);
  std::printf("linearizability: %d passed, %d failed\n", static_cast<int>(passed), static_cast<int>(failed));
  return failed == 0 ? 0 : 1;
}
