// What the kernel did not take: the bytes of one session, in order.
//
//   copied entries     memory of the queue's own; small leftovers share one
//   referred entries   bytes that stay where they are: their owner is asked before each write whether they are still
//                      what was sent, and told when the queue is done with them, written or not
//
// Thread: the reactor's. The bound is the caller's (`writeQueueBytesMax` is judged before bytes are accepted); the
// queue itself only counts. A queue that was never needed allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "io/byte_seal.h"

namespace msgtrans {

// Who has the bytes of referred entries. Outlives every queue that has one.
class BytesOwner {
 public:
  // Whether the bytes of this token are where they were, all of them, and may be read now.
  [[nodiscard]] virtual bool is_intact(uint32_t token) = 0;
  // Whether a change of the bytes is to be found before they are written. For debugging: they are read twice more.
  [[nodiscard]] virtual bool is_sealed(uint32_t) const { return false; }
  // One entry with this token is over.
  virtual void release(uint32_t token) = 0;
  // Whether the memory serves many entries, and its owner counts it itself.
  [[nodiscard]] virtual bool is_shared() const = 0;

 protected:
  ~BytesOwner() = default;
};

class WriteQueue {
 public:
  enum class Flush { kEmpty, kBlocked, kFailed, kLost, kChanged };

  WriteQueue() = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  ~WriteQueue() { clear(); }

  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  // But for those in memory that many entries share.
  [[nodiscard]] size_t own_bytes() const { return own_bytes_; }

  // False when memory is refused; nothing was taken then.
  [[nodiscard]] bool append(const uint8_t* data, size_t bytes);
  // Takes over the caller's hold of `owner`'s bytes. False when memory is refused; the hold is the caller's still.
  [[nodiscard]] bool append_referred(const uint8_t* data, size_t bytes, BytesOwner& owner, uint32_t token);

  struct Result {
    Flush state;        // kLost: bytes of an owner are not there any more, kChanged: they are others; neither was written
    size_t sent;
    int error;          // errno of kFailed
    uint32_t syscalls;
  };
  // Writes until empty, until the kernel takes no more, or until `bytes_max` were written in this call.
  Result flush(int fd, size_t bytes_max);

  // Copies what is referred to at this owner with this token, and releases it. Returns how many bytes are the queue's
  // own now; nothing when memory is refused, and the entry is as it was.
  size_t copy_referred(BytesOwner& owner, uint32_t token);

  void clear();

 private:
  struct Entry {
    std::unique_ptr<uint8_t[]> memory;  // null: `owner` has the bytes
    const uint8_t* data = nullptr;
    size_t capacity = 0;                // of `memory`
    size_t begin = 0;
    size_t end = 0;
    BytesOwner* owner = nullptr;
    uint32_t token = 0;
    std::unique_ptr<ByteSeal> seal;     // null: not looked at
  };

  // kEmpty: the next `bytes` of an entry may be written. Else what became of them.
  static Flush judge(const Entry& entry, size_t bytes);
  void take_written(size_t bytes);

  size_t bytes_ = 0;
  size_t own_bytes_ = 0;
  std::unique_ptr<std::deque<Entry>> entries_;  // made on first use: idle sessions are many
};

}  // namespace msgtrans
