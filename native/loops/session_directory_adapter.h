// What the loops need of the session directory, in one place: a directory full of sessions, their ids, and the
// question a foreign thread asks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "session/session_directory.h"
#include "session/session_id.h"
#include "session/slot_table.h"

namespace msgtrans::loops {

// Ids per batched question.
inline constexpr uint32_t kBatchIds = 16;

// A reactor number for as long as a loop lives. Slots outlive their reactor, so that numbers are taken again from the
// lowest: a run of many rounds must not leave a table behind for each. JavaScript's thread alone makes loops.
class BorrowedReactorNumber {
 public:
  BorrowedReactorNumber() {
    while (number_ < taken_.size() && taken_[number_]) ++number_;
    if (number_ == taken_.size()) throw std::runtime_error("all reactor numbers are taken");
    taken_[number_] = true;
  }
  ~BorrowedReactorNumber() { taken_[number_] = false; }
  BorrowedReactorNumber(const BorrowedReactorNumber&) = delete;
  BorrowedReactorNumber& operator=(const BorrowedReactorNumber&) = delete;

  [[nodiscard]] uint32_t value() const { return number_; }

 private:
  static inline std::array<bool, kReactorsMax> taken_ = {};
  uint32_t number_ = 0;
};

class DirectoryAdapter {
 public:
  explicit DirectoryAdapter(uint32_t sessions)
      : directory_(std::make_unique<SessionDirectory>(number_.value(), SlotTable::adopt(number_.value()))) {
    if (!directory_->valid() || !directory_->reserve(sessions)) throw std::runtime_error("no memory for the slots");
    // Every slot is given up once, so that each has a stale id, and taken again.
    std::vector<uint32_t> given_up;
    for (uint32_t index = 0; index < sessions; ++index) given_up.push_back(directory_->claim(nullptr));
    for (const uint32_t slot : given_up) {
      stale_.push_back(id_of(slot));
      directory_->release(slot);
    }
    for (uint32_t index = 0; index < sessions; ++index) {
      slots_.push_back(directory_->claim(nullptr));
      live_.push_back(id_of(slots_.back()));
    }
  }
  ~DirectoryAdapter() {
    for (const uint32_t slot : slots_) directory_->release(slot);
  }
  DirectoryAdapter(const DirectoryAdapter&) = delete;
  DirectoryAdapter& operator=(const DirectoryAdapter&) = delete;

  [[nodiscard]] const std::vector<uint64_t>& live() const { return live_; }
  [[nodiscard]] const std::vector<uint64_t>& stale() const { return stale_; }

 protected:
  [[nodiscard]] static bool is_open(uint64_t id) { return SlotTable::is_open(id); }

  // How many of at most kBatchIds sessions are open.
  [[nodiscard]] static uint32_t count_open_batch(const uint64_t* ids, uint32_t count) {
    std::array<uint8_t, kBatchIds> open;
    SlotTable::lookup_batch({ids, count}, {open.data(), count});
    uint32_t sum = 0;
    for (uint32_t index = 0; index < count; ++index) sum += open[index];
    return sum;
  }

 private:
  [[nodiscard]] uint64_t id_of(uint32_t slot) const {
    // Relaxed: this thread is the directory's owner.
    const uint32_t generation = directory_->state(slot).generation.load(std::memory_order_relaxed);
    return uint64_t{generation} << 32 | directory_->word(slot);
  }

  BorrowedReactorNumber number_;
  std::unique_ptr<SessionDirectory> directory_;
  std::vector<uint32_t> slots_;
  std::vector<uint64_t> live_;
  std::vector<uint64_t> stale_;
};

}  // namespace msgtrans::loops
