// Suite `session-directory`: is the session of this id still open? Asked for 100 000 random ids, as a foreign thread
// asks it, against the table that everybody writes first: `unordered_map` behind `shared_mutex`.
//
// One in 16 ids is stale (its session was closed and its slot taken by another), so that the answer is not a constant
// and the generation is really compared.

#include <shared_mutex>
#include <unordered_map>

#include "base/monotonic_clock.h"
#include "loops/loop.h"
#include "loops/random_numbers.h"
#include "loops/session_directory_adapter.h"
#include "loops/threads.h"

namespace msgtrans::loops {
namespace {

constexpr uint64_t kSeed = 0x5e55'10d1;
constexpr uint32_t kStaleEvery = 16;
// Each thread walks the same random order from a place of its own; a power of two so that the walk wraps by a mask.
constexpr size_t kAskedIds = 1u << 17;

// The ids that are asked for, and how many of them are open.
struct Questions {
  std::vector<uint64_t> ids;
  std::vector<uint8_t> open;  // by position

  Questions(const std::vector<uint64_t>& live, const std::vector<uint64_t>& stale) : ids(kAskedIds), open(kAskedIds) {
    RandomNumbers random(kSeed);
    for (size_t index = 0; index < kAskedIds; ++index) {
      const bool is_open = random.below(kStaleEvery) != 0;
      const std::vector<uint64_t>& from = is_open ? live : stale;
      ids[index] = from[random.below(static_cast<uint32_t>(from.size()))];
      open[index] = is_open ? 1 : 0;
    }
  }

  // How many of `count` positions from `first` on are open.
  [[nodiscard]] uint64_t open_between(uint64_t first, uint64_t count) const {
    uint64_t whole = 0;
    for (const uint8_t each : open) whole += each;
    uint64_t expected = count / kAskedIds * whole;
    for (uint64_t index = 0; index < count % kAskedIds; ++index) expected += open[(first + index) % kAskedIds];
    return expected;
  }
};

// The common shape of the arms: `Table` answers `count` questions from a position on.
template <typename Table>
class DirectoryRead : public Loop {
 public:
  explicit DirectoryRead(const Parameters& parameters)
      : threads_(threads_within_bounds(parameters.at("threads"))),
        table_(static_cast<uint32_t>(parameters.at("sessions"))),
        questions_(table_.live(), table_.stale()) {}

  void use_threads(uint32_t count) override { threads_ = threads_within_bounds(count); }

  Measured run(uint64_t operations) override {
    const uint64_t share = (operations + threads_ - 1) / threads_;
    std::vector<uint64_t> found(threads_);
    const auto ask = [&](uint32_t thread) {
      found[thread] = table_.count_open(questions_.ids, first_of(thread), share);
    };
    Measured measured{.operations = share * threads_, .threads = threads_};
    if (threads_ == 1) {
      const uint64_t cpu_before = thread_cpu_ns();
      const uint64_t start = monotonic_ns();
      ask(0);
      measured.nanoseconds = monotonic_ns() - start;
      measured.cpu_nanoseconds = thread_cpu_ns() - cpu_before;
    } else {
      measured.nanoseconds = run_threads(threads_, ask, &measured.cpu_nanoseconds);
    }
    for (uint32_t thread = 0; thread < threads_; ++thread) {
      measured.checksum += found[thread];
      if (found[thread] != questions_.open_between(first_of(thread), share)) ++measured.faults;
    }
    return measured;
  }

 private:
  [[nodiscard]] static uint64_t first_of(uint32_t thread) { return thread * (kAskedIds / 3); }

  uint32_t threads_;
  Table table_;
  Questions questions_;
};

class MapBehindSharedMutex {
 public:
  explicit MapBehindSharedMutex(uint32_t sessions) {
    RandomNumbers random(kSeed + 1);
    sessions_.reserve(sessions);
    for (uint32_t index = 0; index < sessions; ++index) {
      const uint64_t id = uint64_t{1 + random.below(1000)} << 32 | index;
      live_.push_back(id);
      stale_.push_back(id + (uint64_t{1000} << 32));
      sessions_.emplace(id, index);
    }
  }
  [[nodiscard]] const std::vector<uint64_t>& live() const { return live_; }
  [[nodiscard]] const std::vector<uint64_t>& stale() const { return stale_; }

  uint64_t count_open(const std::vector<uint64_t>& ids, uint64_t first, uint64_t count) {
    uint64_t open = 0;
    for (uint64_t index = 0; index < count; ++index) {
      const std::shared_lock lock(mutex_);
      open += sessions_.count(ids[(first + index) % kAskedIds]);
    }
    return open;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<uint64_t, uint32_t> sessions_;
  std::vector<uint64_t> live_;
  std::vector<uint64_t> stale_;
};

class DirectorySingle : public DirectoryAdapter {
 public:
  using DirectoryAdapter::DirectoryAdapter;
  uint64_t count_open(const std::vector<uint64_t>& ids, uint64_t first, uint64_t count) const {
    uint64_t open = 0;
    for (uint64_t index = 0; index < count; ++index) open += is_open(ids[(first + index) % kAskedIds]) ? 1 : 0;
    return open;
  }
};

class DirectoryBatch : public DirectoryAdapter {
 public:
  using DirectoryAdapter::DirectoryAdapter;
  uint64_t count_open(const std::vector<uint64_t>& ids, uint64_t first, uint64_t count) const {
    uint64_t open = 0;
    for (uint64_t index = 0; index < count;) {
      const uint64_t at = (first + index) % kAskedIds;
      const uint64_t batch = std::min({uint64_t{kBatchIds}, count - index, kAskedIds - at});
      open += count_open_batch(ids.data() + at, static_cast<uint32_t>(batch));
      index += batch;
    }
    return open;
  }
};

template <typename Table>
Made make_read(const Parameters& parameters) {
  return std::make_unique<DirectoryRead<Table>>(parameters);
}

MSGTRANS_LOOP("session-directory/read/native", make_read<DirectorySingle>);
MSGTRANS_LOOP("session-directory/read/baseline", make_read<MapBehindSharedMutex>);
MSGTRANS_LOOP("session-directory/batch/native", make_read<DirectoryBatch>);
MSGTRANS_LOOP("session-directory/batch/native:single", make_read<DirectorySingle>);

}  // namespace
}  // namespace msgtrans::loops
