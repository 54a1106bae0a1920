// What a map and a queue are, without threads. The checker compares histories with these.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "proofs/linearizability/history.h"

namespace msgtrans::proofs {

inline void append_word(std::string& text, uint64_t word) { text.append(reinterpret_cast<const char*>(&word), 8); }

// One key. A map is linearizable if each of its keys is (Herlihy and Wing's locality), which keeps the search small.
struct KeyModel {
  using State = std::optional<uint64_t>;

  static bool step(State& state, const Operation& operation) {
    switch (operation.action) {
      case Action::kGet: return operation.done == state.has_value() && (!state || operation.result == *state);
      case Action::kSet:  // done: there was a value before
        if (operation.done != state.has_value() || (state && operation.result != *state)) return false;
        state = operation.value;
        return true;
      case Action::kInsert:
        if (operation.done == state.has_value()) return false;
        if (state) return operation.result == *state;
        state = operation.value;
        return true;
      case Action::kReplace:
        if (operation.done != state.has_value() || (state && operation.result != *state)) return false;
        if (state) state = operation.value;
        return true;
      case Action::kRemove:
        if (operation.done != state.has_value() || (state && operation.result != *state)) return false;
        state.reset();
        return true;
      case Action::kCompareAndSwap: {
        const bool matches = state && *state == operation.expected;
        if (operation.done != matches) return false;
        if (matches) state = operation.value;
        return true;
      }
      default: return false;
    }
  }

  static void append_state(std::string& text, const State& state) {
    text.push_back(state ? '1' : '0');
    append_word(text, state.value_or(0));
  }
};

// First in, first out, no more than kCapacity. `kExact`: "full" and "empty" are answers about one moment. The queues
// that claim an index before they fill its slot do not promise that: they may also say so while another operation is
// under way, and never otherwise.
template <size_t kCapacity, bool kExact>
struct QueueModel {
  using State = std::deque<uint64_t>;

  static bool step(State& state, const Operation& operation) {
    const bool is_push = operation.action == Action::kPush;
    if (!operation.done) {
      return (is_push ? state.size() == kCapacity : state.empty()) || (!kExact && operation.overlapped);
    }
    if (is_push) {
      if (state.size() == kCapacity) return false;
      state.push_back(operation.value);
      return true;
    }
    if (state.empty() || state.front() != operation.result) return false;
    state.pop_front();
    return true;
  }

  static void append_state(std::string& text, const State& state) {
    for (const uint64_t value : state) append_word(text, value);
  }
};

}  // namespace msgtrans::proofs
