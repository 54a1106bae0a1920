// One operation of a recorded history, and the figures of a history as a whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace msgtrans::proofs {

enum class Action : uint8_t { kGet, kSet, kInsert, kReplace, kRemove, kCompareAndSwap, kPush, kPop };

struct Operation {
  Action action = Action::kGet;
  uint64_t key = 0;
  uint64_t value = 0;
  uint64_t expected = 0;
  // The outcome: whether it did what it was asked for, and the value it gave back.
  bool done = false;
  uint64_t result = 0;
  // Moments, all different within a history.
  uint64_t called = 0;
  uint64_t returned = 0;
  // Whether another operation was under way meanwhile.
  bool overlapped = false;
};

// Operations sorted by call; marks those that overlap another and returns how many do.
inline uint64_t mark_overlaps(std::vector<Operation>& operations) {
  std::sort(operations.begin(), operations.end(),
            [](const Operation& a, const Operation& b) { return a.called < b.called; });
  uint64_t count = 0;
  uint64_t last_return = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    const bool with_earlier = last_return > operations[i].called;
    const bool with_later = i + 1 < operations.size() && operations[i + 1].called < operations[i].returned;
    operations[i].overlapped = with_earlier || with_later;
    count += operations[i].overlapped;
    last_return = std::max(last_return, operations[i].returned);
  }
  return count;
}

}  // namespace msgtrans::proofs
