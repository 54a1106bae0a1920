// Standard input and output as the control channel. One thread. The program watches fd() in its epoll.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "programs/line_splitter.h"

namespace msgtrans {

class ControlChannel {
 public:
  ControlChannel();

  static constexpr int fd() { return 0; }

  // Reads once; call it when fd() is readable. False at end of file: the program is to stop at once.
  bool read_available();

  // The next command line, if a whole one has arrived.
  std::optional<std::string> next_line() { return lines_.next(); }

  // Writes `line` and a line feed; waits until the reader takes it, which is fine between commands and wrong
  // under load. False when the reader is gone.
  bool write_line(std::string_view line);

 private:
  LineSplitter lines_;
};

}  // namespace msgtrans
