// What bytes were like when they were queued, so that a change is found before they are written.
//
// A sum for each 64 KB, so that a queue that is written a little at a time is not read whole each time. For debugging, and
// against mistakes only: who wants to can find other bytes with the same sums.
//
// Thread: the owner of the bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace msgtrans {

class ByteSeal {
 public:
  static constexpr size_t kChunkBytes = 64 * 1024;

  // Throws std::bad_alloc.
  ByteSeal(const uint8_t* data, size_t bytes) : bytes_(bytes) {
    sums_.reserve((bytes + kChunkBytes - 1) / kChunkBytes);
    for (size_t begin = 0; begin < bytes; begin += kChunkBytes) sums_.push_back(sum(data, begin));
  }

  // Whether the bytes from `begin` to `end` are what they were, and their neighbours in the same chunks.
  [[nodiscard]] bool holds(const uint8_t* data, size_t begin, size_t end) const {
    for (size_t chunk = begin / kChunkBytes; chunk * kChunkBytes < end; ++chunk) {
      if (sum(data, chunk * kChunkBytes) != sums_[chunk]) return false;
    }
    return true;
  }

 private:
  // FNV-1a, eight bytes at a time: any single change shows.
  [[nodiscard]] uint64_t sum(const uint8_t* data, size_t begin) const {
    const size_t end = std::min(begin + kChunkBytes, bytes_);
    uint64_t sum = 14695981039346656037u;
    for (size_t at = begin; at < end; at += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, data + at, std::min(sizeof(word), end - at));
      sum = (sum ^ word) * 1099511628211u;
    }
    return sum;
  }

  size_t bytes_;
  std::vector<uint64_t> sums_;
};

}  // namespace msgtrans
