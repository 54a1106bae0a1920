// Files that exist only here, for tests and fuzzers.
#pragma once

#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include "topology/text_files.h"

namespace msgtrans {

// A line of /proc/self/mountinfo: the cgroups of version 2, mounted at /cg.
inline const std::string kUnifiedMount = "41 31 0:38 / /cg rw - cgroup2 cgroup2 rw\n";

class MemoryFiles final : public TextFiles {
 public:
  MemoryFiles() = default;
  explicit MemoryFiles(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {}

  void set(const std::string& path, std::string text) { texts_[path] = std::move(text); }
  // From now on reading `path` fails with `error`.
  void fail(const std::string& path, int error) { errors_[path] = error; }
  void remove(const std::string& path) { texts_.erase(path); }
  [[nodiscard]] const std::map<std::string, std::string>& texts() const { return texts_; }

  [[nodiscard]] FileText read(const std::string& path) const override {
    if (const auto failure = errors_.find(path); failure != errors_.end()) return {failure->second, {}};
    const auto found = texts_.find(path);
    if (found == texts_.end()) return {ENOENT, {}};
    return {0, found->second};
  }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, int> errors_;
};

}  // namespace msgtrans
