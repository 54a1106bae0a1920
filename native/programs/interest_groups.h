// Sessions put into groups of a given size in the order of their coming. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace msgtrans {

class InterestGroups {
 public:
  explicit InterestGroups(uint32_t size) : size_(size) {}

  // Gives the number of the group that `session` belongs to now.
  uint32_t join(uint64_t session) {
    if (groups_.empty() || joined_to_newest_ == size_) {
      groups_.emplace_back();
      joined_to_newest_ = 0;
    }
    ++joined_to_newest_;
    ++sessions_;
    groups_.back().push_back(session);
    return static_cast<uint32_t>(groups_.size() - 1);
  }

  // `group` is what join() gave. Places of those who leave are not given out again. Numbers begin anew when
  // all have left.
  void leave(uint64_t session, uint32_t group) {
    std::vector<uint64_t>& members = groups_[group];
    members.erase(std::find(members.begin(), members.end(), session));
    if (--sessions_ == 0) groups_.clear();
  }

  size_t sessions() const { return sessions_; }
  size_t groups() const { return groups_.size(); }
  const std::vector<uint64_t>& members(size_t group) const { return groups_[group]; }

 private:
  uint32_t size_;
  uint32_t joined_to_newest_ = 0;
  size_t sessions_ = 0;
  std::vector<std::vector<uint64_t>> groups_;
};

}  // namespace msgtrans
