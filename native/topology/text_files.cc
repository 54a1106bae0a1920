#include "topology/text_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace msgtrans {

FileText DiskFiles::read(const std::string& path) const {
  const UniqueFd fd(::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return {errno, {}};
  FileText file;
  char part[4096];
  while (true) {
    const ssize_t bytes = ::read(fd.get(), part, sizeof part);
    if (bytes == 0) return file;
    if (bytes < 0) {
      if (errno == EINTR) continue;
      return {errno, {}};
    }
    file.text.append(part, static_cast<size_t>(bytes));
    if (file.text.size() > kFileBytesMax) return {EFBIG, {}};
  }
}

}  // namespace msgtrans
