// What the kernel did not take: the bytes of one session, in order, owned by us.
//
// Thread: the reactor's. The bound is the caller's (`writeQueueBytesMax` is judged before bytes are accepted); the
// queue itself only counts. A queue that was never needed allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

namespace msgtrans {

class WriteQueue {
 public:
  enum class Flush { kEmpty, kBlocked, kFailed };

  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

  // False when memory is refused; nothing was taken then.
  [[nodiscard]] bool append(const uint8_t* data, size_t bytes);

  struct Result {
    Flush state;
    size_t sent;
    int error;          // errno of kFailed
    uint32_t syscalls;
  };
  // Writes until empty, until the kernel takes no more, or until `bytes_max` were written in this call.
  Result flush(int fd, size_t bytes_max);

  void clear();

 private:
  struct Chunk {
    std::unique_ptr<uint8_t[]> data;
    size_t capacity = 0;
    size_t begin = 0;
    size_t end = 0;
  };

  size_t bytes_ = 0;
  std::unique_ptr<std::deque<Chunk>> chunks_;  // made on first use: idle sessions are many
};

}  // namespace msgtrans
