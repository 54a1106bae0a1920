// Bytes that a full socket did not take, in order. Empty costs no memory. Owned by one thread.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace msgtrans {

// What became of a write. `failed` leaves errno as the system set it.
enum class WriteOutcome : uint8_t { all, some, failed };

// One non-blocking send; EINTR is repeated. Gives the bytes taken, or -1 with errno other than EAGAIN.
inline ssize_t send_now(int fd, const uint8_t* data, size_t bytes) {
  while (true) {
    const ssize_t count = ::send(fd, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) return count;
    if (errno == EAGAIN || errno == ENOBUFS) return 0;
    if (errno != EINTR) return -1;
  }
}

class OutputQueue {
 public:
  bool empty() const { return offset_ == bytes_.size(); }
  size_t size() const { return bytes_.size() - offset_; }

  void append(const uint8_t* data, size_t bytes) { bytes_.insert(bytes_.end(), data, data + bytes); }

  // Sends `data` behind what is queued; what the socket does not take is kept. One system call at most.
  WriteOutcome write(int fd, const uint8_t* data, size_t bytes) {
    size_t taken = 0;
    if (empty()) {
      const ssize_t count = send_now(fd, data, bytes);
      if (count < 0) return WriteOutcome::failed;
      taken = static_cast<size_t>(count);
      if (taken == bytes) return WriteOutcome::all;
    }
    append(data + taken, bytes - taken);
    return WriteOutcome::some;
  }

  // Sends what is queued, once. Memory is given back when nothing is left.
  WriteOutcome flush(int fd) {
    const ssize_t count = send_now(fd, bytes_.data() + offset_, size());
    if (count < 0) return WriteOutcome::failed;
    offset_ += static_cast<size_t>(count);
    if (!empty()) {
      // The sent part is dropped once it outweighs the rest, so that a queue that never empties stays
      // bounded.
      if (offset_ > bytes_.size() / 2) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset_));
        offset_ = 0;
      }
      return WriteOutcome::some;
    }
    clear();
    return WriteOutcome::all;
  }

  void clear() {
    bytes_ = std::vector<uint8_t>();
    offset_ = 0;
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t offset_ = 0;
};

}  // namespace msgtrans
