// What could not be believed while reading the machine. A problem never stops the program: what it concerns falls back
// to the plain answer (one node, no quota), and whoever asks for the topology is told.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/text_files.h"

namespace msgtrans {

enum class TopologyFault : uint8_t {
  unreadable,     // reading the file fails with `error`; ENOENT only where another file promises that it exists
  malformed,      // its text is not what the kernel writes there
  contradictory,  // it says what another file denies
};

struct TopologyProblem {
  // What is kept of a text that is not understood: enough to see which file it really was.
  static constexpr size_t kContentBytesMax = 256;

  TopologyFault fault;
  std::string path;
  std::string content;
  int error = 0;  // errno, for `unreadable`
};

// Reads files, judges them by a parser and remembers what was wrong with them.
class ProblemLog {
 public:
  void add(TopologyFault fault, const std::string& path, const std::string& content, int error = 0) {
    problems_.push_back({fault, path, content.substr(0, TopologyProblem::kContentBytesMax), error});
  }
  // Empty where the file does not exist (no problem: containers hide files), cannot be read or makes no sense.
  template <typename Value>
  std::optional<Value> read(const TextFiles& files, const std::string& path,
                            std::optional<Value> (*parse)(std::string_view)) {
    const FileText file = files.read(path);
    if (file.error == 0) return judge(path, file.text, parse);
    if (file.error != ENOENT && file.error != ENOTDIR) add(TopologyFault::unreadable, path, "", file.error);
    return std::nullopt;
  }
  // The same for a file that another one promises: it may not be missing either.
  template <typename Value>
  std::optional<Value> read_promised(const TextFiles& files, const std::string& path,
                                     std::optional<Value> (*parse)(std::string_view)) {
    const FileText file = files.read(path);
    if (file.error == 0) return judge(path, file.text, parse);
    add(TopologyFault::unreadable, path, "", file.error);
    return std::nullopt;
  }
  [[nodiscard]] size_t count() const { return problems_.size(); }
  [[nodiscard]] std::vector<TopologyProblem> take() { return std::exchange(problems_, {}); }

 private:
  template <typename Value>
  std::optional<Value> judge(const std::string& path, const std::string& text,
                             std::optional<Value> (*parse)(std::string_view)) {
    std::optional<Value> value = parse(text);
    if (!value) add(TopologyFault::malformed, path, text);
    return value;
  }

  std::vector<TopologyProblem> problems_;
};

}  // namespace msgtrans
