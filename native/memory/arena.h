// The one region of a reactor that JavaScript sees through its inner ArrayBuffer: control words, message
// descriptors, events, the outbound ring and every pooled slice.
//
//   0            kControlBytes                                                        bytes()
//   | control    | descriptors     | events      | outbound ring  | pooled slices ...  |
//
// The offsets are fixed for the life of the reactor and handed to JavaScript once. The region is never moved; it
// is unmapped when the reactor and the last ArrayBuffer over it are gone (the binding shares ownership).
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/mapping.h"
#include "memory/slice.h"

namespace msgtrans {

class Arena {
 public:
  struct Regions {
    size_t control_bytes;
    size_t descriptor_bytes;
    size_t event_bytes;
    size_t ring_bytes;
    size_t pool_bytes;
  };

  explicit Arena(const Regions& regions)
      : descriptor_offset_(align(regions.control_bytes)),
        event_offset_(descriptor_offset_ + align(regions.descriptor_bytes)),
        ring_offset_(event_offset_ + align(regions.event_bytes)),
        pool_offset_(align(ring_offset_ + align(regions.ring_bytes), pool_alignment(regions.pool_bytes))),
        mapping_(Mapping::create_aligned(pool_offset_ + regions.pool_bytes, pool_alignment(regions.pool_bytes))) {}

  [[nodiscard]] bool valid() const { return mapping_.valid(); }
  [[nodiscard]] uint8_t* data() const { return mapping_.data(); }
  [[nodiscard]] size_t bytes() const { return mapping_.bytes(); }
  [[nodiscard]] size_t descriptor_offset() const { return descriptor_offset_; }
  [[nodiscard]] size_t event_offset() const { return event_offset_; }
  [[nodiscard]] size_t ring_offset() const { return ring_offset_; }
  [[nodiscard]] size_t pool_offset() const { return pool_offset_; }

 private:
  // Regions start on pages so that warming or returning one leaves its neighbours alone.
  static constexpr size_t align(size_t bytes, size_t alignment = 4096) {
    return (bytes + alignment - 1) & ~(alignment - 1);
  }
  // A pool that has room for one begins on a huge page, since its slabs are huge pages. Nothing is lost but addresses.
  static constexpr size_t pool_alignment(size_t bytes) { return bytes >= kHugePageBytes ? kHugePageBytes : 4096; }

  size_t descriptor_offset_;
  size_t event_offset_;
  size_t ring_offset_;
  size_t pool_offset_;
  Mapping mapping_;
};

}  // namespace msgtrans
