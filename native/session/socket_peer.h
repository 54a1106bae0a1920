// For tests: the other end of a session, without an engine. It writes and reads as far as the socket lets it,
// whenever it is asked to, so that one thread can play both ends.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "io/stream_socket.h"

namespace msgtrans {

class SocketPeer {
 public:
  explicit SocketPeer(UniqueFd fd) : fd_(std::move(fd)) {}
  SocketPeer(SocketPeer&&) = default;

  std::string received;
  std::string unsent;
  bool reading = true;
  bool end_seen = false;
  int error = 0;  // errno of a reset
  size_t write_bytes_max = SIZE_MAX;  // per write, to split the stream

  void send(const std::string& bytes) {
    unsent += bytes;
    pump();
  }

  void pump() {
    while (fd_.valid() && !unsent.empty()) {
      const ssize_t sent = send_bytes(fd_.get(), unsent.data(), std::min(unsent.size(), write_bytes_max));
      if (sent < 0) {
        if (!is_retryable(errno)) fail(errno);
        break;
      }
      unsent.erase(0, static_cast<size_t>(sent));
      if (write_bytes_max != SIZE_MAX) break;
    }
    while (fd_.valid() && reading && !end_seen && error == 0) {
      char buffer[64 * 1024];
      const ssize_t got = receive_bytes(fd_.get(), buffer, sizeof(buffer));
      if (got > 0) {
        received.append(buffer, static_cast<size_t>(got));
        continue;
      }
      if (got == 0) end_seen = true;
      if (got < 0 && !is_retryable(errno)) fail(errno);
      break;
    }
  }

  [[nodiscard]] bool gone() const { return end_seen || error != 0; }
  void shut(int how) { ::shutdown(fd_.get(), how); }
  void close() { fd_.reset(); }
  // Ends the connection with a reset instead of an orderly end.
  void reset() {
    const linger abort{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    fd_.reset();
  }
  void set_option(int level, int name, int value) { ::setsockopt(fd_.get(), level, name, &value, sizeof(value)); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  void fail(int number) {
    error = number;
    unsent.clear();
  }

  UniqueFd fd_;
};

}  // namespace msgtrans
