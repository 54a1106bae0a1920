// The session directory: is the session of this id still open, as any thread asks it; and, as its owner does for each
// session that comes and goes, a slot claimed and the oldest one released.

#include <stdexcept>
#include <vector>

#include "loops/counted/counted_path.h"
#include "loops/random_numbers.h"
#include "loops/session_directory_adapter.h"

namespace msgtrans::loops {
namespace {

constexpr uint32_t kSessions = 8 * 1024;
constexpr uint32_t kQuestions = 32 * 1024;
// So that the answer is not a constant and the generation is really compared.
constexpr uint32_t kStaleEvery = 16;

class DirectoryLookup final : public CountedPath, private DirectoryAdapter {
 public:
  DirectoryLookup() : DirectoryAdapter(kSessions) {
    RandomNumbers random{0x5e55'10d1};
    for (uint32_t index = 0; index < kQuestions; ++index) {
      const bool is_live = random.below(kStaleEvery) != 0;
      ids_.push_back((is_live ? live() : stale())[random.below(kSessions)]);
      open_ += is_live ? 1 : 0;
    }
  }

  [[nodiscard]] uint64_t operations() const override { return kQuestions; }
  Counted run() override {
    uint64_t open = 0;
    for (const uint64_t id : ids_) open += is_open(id) ? 1 : 0;
    return {.checksum = open, .faults = open == open_ ? 0u : kQuestions};
  }

 private:
  std::vector<uint64_t> ids_;
  uint64_t open_ = 0;
};

// An operation is one session: its slot claimed, and given back when as many others came after it.
class DirectoryChurn final : public CountedPath {
 public:
  DirectoryChurn() : directory_(0) {
    if (!directory_.valid() || !directory_.reserve(2 * kSessions)) throw std::runtime_error("no memory for the slots");
    for (uint32_t index = 0; index < kSessions; ++index) slots_.push_back(directory_.claim(nullptr));
  }
  ~DirectoryChurn() override {
    for (const uint32_t slot : slots_) directory_.release(slot);
  }

  [[nodiscard]] uint64_t operations() const override { return 2 * kSessions; }
  Counted run() override {
    Counted counted;
    for (uint32_t round = 0; round < 2; ++round) {
      for (uint32_t& slot : slots_) {
        directory_.release(slot);
        slot = directory_.claim(nullptr);
        counted.checksum += slot;
        counted.faults += slot == kSlotsMax ? 1 : 0;
      }
    }
    return counted;
  }

 private:
  SessionDirectory directory_;
  std::vector<uint32_t> slots_;
};

constexpr NamedPath kPaths[] = {
    {"directory-lookup", make_path<DirectoryLookup>},
    {"directory-churn", make_path<DirectoryChurn>},
};

}  // namespace

std::span<const NamedPath> directory_paths() { return kPaths; }

}  // namespace msgtrans::loops
