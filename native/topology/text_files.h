// Where the kernel's texts are read from. Tests give files of their own, so that a machine of four nodes can be read on
// a machine of one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace msgtrans {

struct FileText {
  int error = 0;  // errno of the open or the read, 0 when `text` is the whole file
  std::string text;
};

class TextFiles {
 public:
  // Larger files are refused with EFBIG. The largest read here is `mountinfo`, about 100 bytes for each mount.
  static constexpr size_t kFileBytesMax = size_t{4} << 20;

  virtual ~TextFiles() = default;

  // `path` is absolute, as on the machine that runs: "/sys/...", "/proc/...".
  [[nodiscard]] virtual FileText read(const std::string& path) const = 0;
};

// The files of a disk, below `root`; the machine's own with the empty root.
class DiskFiles final : public TextFiles {
 public:
  explicit DiskFiles(std::string root = "") : root_(std::move(root)) {}
  [[nodiscard]] FileText read(const std::string& path) const override;

 private:
  std::string root_;
};

}  // namespace msgtrans
