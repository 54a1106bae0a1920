#include "memory/page_advice.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>


#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; absent from older headers
#endif

namespace msgtrans {

namespace {

size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

struct PageRange {
  uint8_t* data;
  size_t bytes;
};

PageRange pages_within(uint8_t* data, size_t bytes) {
  const uintptr_t mask = page_bytes() - 1;
  const uintptr_t before = (page_bytes() - (reinterpret_cast<uintptr_t>(data) & mask)) & mask;
  if (bytes <= before) return {data, 0};
  return {data + before, (bytes - before) & ~mask};
}

PageRange pages_around(uint8_t* data, size_t bytes) {
  const uintptr_t mask = page_bytes() - 1;
  const uintptr_t before = reinterpret_cast<uintptr_t>(data) & mask;
  return {data - before, (bytes + before + mask) & ~mask};
}

}  // namespace

bool advise_huge_pages(uint8_t* data, size_t bytes) {
  const PageRange range = pages_within(data, bytes);
  return range.bytes > 0 && ::madvise(range.data, range.bytes, MADV_HUGEPAGE) == 0;
}

bool touch_pages(uint8_t* data, size_t bytes) {
  if (bytes == 0) return true;
  const PageRange range = pages_around(data, bytes);
  int result;
  do {
    result = ::madvise(range.data, range.bytes, MADV_POPULATE_WRITE);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  if (errno != EINVAL) return false;
  write_each_page(data, bytes);
  return true;
}

// The range may be marked as free for the address sanitizer, which is right about everyone else.
__attribute__((no_sanitize("address"))) void write_each_page(uint8_t* data, size_t bytes) {
  if (bytes == 0) return;
  for (size_t offset = 0; offset < bytes; offset += page_bytes()) {
    *static_cast<volatile uint8_t*>(data + offset) = 0;
  }
  *static_cast<volatile uint8_t*>(data + bytes - 1) = 0;
}

// As above; memset would be intercepted.
__attribute__((no_sanitize("address"))) static void write_zeros(uint8_t* data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) static_cast<volatile uint8_t*>(data)[i] = 0;
}

void give_back_pages(uint8_t* data, size_t bytes) {
  const PageRange range = pages_within(data, bytes);
  if (range.bytes == 0) return;
  // Refused, the pages stay: more memory than need be, and the same contents.
  if (::madvise(range.data, range.bytes, MADV_DONTNEED) != 0) write_zeros(range.data, range.bytes);
}

}  // namespace msgtrans
