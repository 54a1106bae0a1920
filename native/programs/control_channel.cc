#include "programs/control_channel.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "programs/json_reader.h"

namespace msgtrans {

ControlChannel::ControlChannel() : lines_(kJsonTextBytesMax) {}

bool ControlChannel::read_available() {
  char buffer[16384];
  const ssize_t count = ::read(fd(), buffer, sizeof buffer);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  lines_.feed(std::string_view(buffer, static_cast<size_t>(count)));
  return true;
}

bool ControlChannel::write_line(std::string_view line) {
  std::string text(line);
  text.push_back('\n');
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t count = ::write(1, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      // Node hands its children non-blocking pipes or sockets in some configurations.
      pollfd writable{1, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace msgtrans
