// A packet on its way to another reactor in memory of its own: too large for a segment of the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <sys/uio.h>

namespace msgtrans {

struct OwnedBytes {
  std::unique_ptr<uint8_t[]> data;
  uint32_t bytes = 0;
  bool is_counted = true;  // its sender holds the session

  // The parts, one after the other. Null when memory is refused.
  static OwnedBytes* copy_of(const iovec* parts, size_t count, bool is_counted) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += parts[i].iov_len;
    auto owned = std::unique_ptr<OwnedBytes>(new (std::nothrow) OwnedBytes());
    if (owned == nullptr) return nullptr;
    owned->data.reset(new (std::nothrow) uint8_t[bytes]);
    if (owned->data == nullptr) return nullptr;
    for (size_t i = 0; i < count; ++i) {
      if (parts[i].iov_len == 0) continue;
      std::memcpy(owned->data.get() + owned->bytes, parts[i].iov_base, parts[i].iov_len);
      owned->bytes += static_cast<uint32_t>(parts[i].iov_len);
    }
    owned->is_counted = is_counted;
    return owned.release();
  }
};

}  // namespace msgtrans
