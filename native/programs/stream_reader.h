// Reads sockets into one shared buffer; a session owns memory only while a packet of it is incomplete.
//
//   nothing kept            the read goes to the front of the shared buffer
//   a small packet begun    its bytes are copied to the front, the read goes behind them
//   a large packet begun    the read goes straight behind its bytes in the session's own memory, never past
//   it
//
// Owned by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace msgtrans {

// The bytes of an incomplete packet. Capacity is kept for the next one, at most the largest packet accepted.
struct StreamRemainder {
  std::unique_ptr<uint8_t[]> memory;
  size_t capacity = 0;
  size_t bytes = 0;
  size_t packet_bytes = 0;  // 0 while its header is incomplete.
};

enum class ReadOutcome : uint8_t {
  data,     // `arrived` holds the bytes to frame; call keep_tail() when done with them.
  waiting,  // Nothing to frame yet.
  ended,    // The peer closed.
  failed,   // errno says why.
};

class StreamReader {
 public:
  // The shared buffer holds `buffer_bytes`. A packet above half of that counts as large, so that a read
  // behind a remainder always has at least half of the buffer.
  explicit StreamReader(size_t buffer_bytes);

  // One read from `fd`. The bytes stay valid and may be overwritten by the caller until keep_tail().
  ReadOutcome read(int fd, StreamRemainder& remainder, std::span<uint8_t>& arrived);

  // Keeps the last `tail_bytes` of `arrived`, the beginning of a packet of `packet_bytes` (0: not known yet).
  static void keep_tail(StreamRemainder& remainder, std::span<const uint8_t> arrived, size_t tail_bytes,
                        size_t packet_bytes);

 private:
  ReadOutcome read_large(int fd, StreamRemainder& remainder, std::span<uint8_t>& arrived);

  size_t buffer_bytes_;
  std::unique_ptr<uint8_t[]> shared_;
};

}  // namespace msgtrans
