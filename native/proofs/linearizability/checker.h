// Decides whether a recorded history is linearizable: whether its operations can be put in one order that respects who
// had returned before whom was called, and in which each outcome is what the sequential model gives.
//
// Algorithm: Wing and Gong, "Testing and verifying concurrent objects" (1993), with Lowe's memory of the combinations
// (set of operations done, state) already tried, "Testing for linearizability" (2017): depth first over the operations
// that may come next, backwards when none fits.
//
// `Model::State` begins as State{}; `Model::step(state, operation)` says whether the operation may have had its outcome
// in that state, and moves the state on; `Model::append_state(text, state)` writes what tells states apart.
//
// Thread: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "proofs/linearizability/history.h"

namespace msgtrans::proofs {

template <typename Model>
class Checker {
 public:
  static bool is_linearizable(const std::vector<Operation>& operations) { return Checker(operations).search(); }

 private:
  using State = typename Model::State;

  // Calls and returns in the order of their moments, doubly linked so that an operation can be taken out and put back.
  struct Entry {
    size_t operation;
    size_t returned;  // of a call: its return's entry; of a return: 0
    size_t before;
    size_t after;
  };
  struct Choice {
    size_t entry;
    State state_before;
  };

  explicit Checker(const std::vector<Operation>& operations)
      : operations_(operations), done_((operations.size() + 7) / 8, '\0') {
    struct Moment {
      uint64_t at;
      size_t operation;
      bool is_return;
    };
    std::vector<Moment> moments;
    for (size_t i = 0; i < operations.size(); ++i) {
      moments.push_back({operations[i].called, i, false});
      moments.push_back({operations[i].returned, i, true});
    }
    std::sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
    entries_.resize(moments.size() + 1);  // entry 0 is the list's head; 0 as `after` is its end
    std::vector<size_t> call_entry(operations.size());
    for (size_t i = 0; i < moments.size(); ++i) {
      const size_t entry = i + 1;
      entries_[entry] = {moments[i].operation, 0, entry - 1, entry == moments.size() ? 0 : entry + 1};
      if (moments[i].is_return) {
        entries_[call_entry[moments[i].operation]].returned = entry;
      } else {
        call_entry[moments[i].operation] = entry;
      }
    }
    entries_[0].after = moments.empty() ? 0 : 1;
  }

  bool search() {
    size_t at = entries_[0].after;
    while (entries_[0].after != 0) {
      // Calls come before the first return, so there always is an entry here.
      const Entry& entry = entries_[at];
      if (entry.returned != 0) {
        State state = state_;
        if (Model::step(state, operations_[entry.operation]) && remember(entry.operation, state)) {
          choices_.push_back({at, state_});
          state_ = state;
          flip(entry.operation);
          take_out(at);
          at = entries_[0].after;
        } else {
          at = entry.after;
        }
      } else {
        // This operation had returned, and nothing that may come before it fits.
        if (choices_.empty()) return false;
        const Choice choice = choices_.back();
        choices_.pop_back();
        state_ = choice.state_before;
        flip(entries_[choice.entry].operation);
        put_back(choice.entry);
        at = entries_[choice.entry].after;
      }
    }
    return true;
  }

  void flip(size_t operation) { done_[operation / 8] = static_cast<char>(done_[operation / 8] ^ 1 << operation % 8); }

  // False when this combination was tried before.
  bool remember(size_t operation, const State& state) {
    flip(operation);
    std::string combination = done_;
    flip(operation);
    Model::append_state(combination, state);
    return tried_.insert(std::move(combination)).second;
  }

  void take_out(size_t call) {
    unlink(call);
    unlink(entries_[call].returned);
  }
  void put_back(size_t call) {
    relink(entries_[call].returned);
    relink(call);
  }
  void unlink(size_t entry) {
    entries_[entries_[entry].before].after = entries_[entry].after;
    if (entries_[entry].after != 0) entries_[entries_[entry].after].before = entries_[entry].before;
  }
  void relink(size_t entry) {
    entries_[entries_[entry].before].after = entry;
    if (entries_[entry].after != 0) entries_[entries_[entry].after].before = entry;
  }

  const std::vector<Operation>& operations_;
  std::vector<Entry> entries_;
  std::vector<Choice> choices_;
  std::unordered_set<std::string> tried_;
  std::string done_;  // one bit per operation
  State state_{};
};

}  // namespace msgtrans::proofs
