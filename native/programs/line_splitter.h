// Cuts a byte stream into lines, bounded: an overlong line is given once, cut short, and its rest is skipped.
// Pure; owned by one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace msgtrans {

class LineSplitter {
 public:
  explicit LineSplitter(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      // One byte above the limit is kept, so that the reader of the line sees that it is too long.
      const size_t room = line_bytes_max_ + 1 - partial_.size();
      partial_.append(part.substr(0, room));
      if (end == std::string_view::npos) return;
      lines_.push_back(std::move(partial_));
      partial_.clear();
      bytes.remove_prefix(end + 1);
    }
  }

  std::optional<std::string> next() {
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

 private:
  size_t line_bytes_max_;
  std::string partial_;
  std::deque<std::string> lines_;
};

}  // namespace msgtrans
