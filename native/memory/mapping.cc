#include "memory/mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace msgtrans {

Mapping Mapping::create(size_t bytes) {
  const size_t page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t rounded = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  Mapping mapping;
  // MAP_NORESERVE: the budget that decides is ours (see `BufferPool`), not the kernel's overcommit heuristics.
  void* address = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return mapping;
  mapping.data_ = static_cast<uint8_t*>(address);
  mapping.bytes_ = rounded;
  return mapping;
}

Mapping Mapping::create_aligned(size_t bytes, size_t alignment) {
  // Room to begin anywhere on a page; what is in front and behind goes back.
  if (bytes > SIZE_MAX - alignment) return {};
  Mapping mapping = create(bytes + alignment);
  if (!mapping.valid()) return mapping;
  const size_t before = (alignment - (reinterpret_cast<uintptr_t>(mapping.data_) & (alignment - 1))) & (alignment - 1);
  const size_t page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t kept = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  const size_t behind = mapping.bytes_ - before - kept;
  if (before > 0) ::munmap(mapping.data_, before);
  mapping.data_ += before;
  if (behind > 0) ::munmap(mapping.data_ + kept, behind);
  mapping.bytes_ = kept;
  return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) ::munmap(data_, bytes_);
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

}  // namespace msgtrans
