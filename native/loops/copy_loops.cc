// One memcpy of a payload, from memory to memory, on one thread: what a transfer pays that copies once, and nothing else.
// With `touch` 1 the source is written before, and every byte of the copy is read after it.

#include <cstring>
#include <memory>
#include <vector>

#include "base/monotonic_clock.h"
#include "loops/loop.h"

namespace msgtrans::loops {
namespace {

class CopyLoop final : public Loop {
 public:
  explicit CopyLoop(const Parameters& parameters)
      : touches_(parameters.at("touch") == 1), source_(words_in(parameters.at("bytes"))), target_(source_.size()) {}

  Measured run(uint64_t operations) override {
    Measured measured{.operations = operations};
    const size_t bytes = source_.size() * sizeof(uint32_t);
    const uint64_t start = monotonic_ns();
    for (uint64_t index = 0; index < operations; ++index) {
      const auto number = static_cast<uint32_t>(index);
      if (touches_) {
        for (uint32_t& word : source_) word = number;
      } else {
        source_[0] = number;
      }
      std::memcpy(target_.data(), source_.data(), bytes);
      keep(target_.data());
      uint32_t sum = target_[0];
      if (touches_) {
        sum = 0;
        for (const uint32_t word : target_) sum += word;
      }
      const uint32_t expected = touches_ ? number * static_cast<uint32_t>(target_.size()) : number;
      if (sum != expected) ++measured.faults;
      measured.checksum += sum;
    }
    measured.nanoseconds = monotonic_ns() - start;
    return measured;
  }

 private:
  static size_t words_in(uint64_t bytes) {
    constexpr uint64_t kBytesMax = uint64_t{1} << 30;
    if (bytes == 0 || bytes % sizeof(uint32_t) != 0 || bytes > kBytesMax) {
      throw std::invalid_argument("bytes: a multiple of 4, 1 GiB at most");
    }
    return bytes / sizeof(uint32_t);
  }

  bool touches_;
  std::vector<uint32_t> source_;
  std::vector<uint32_t> target_;
};

MSGTRANS_LOOP("zero-copy-transfer/hand-over/rival:memcpy",
              [](const Parameters& parameters) -> Made { return std::make_unique<CopyLoop>(parameters); });

}  // namespace
}  // namespace msgtrans::loops
