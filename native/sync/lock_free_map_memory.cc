#include "sync/lock_free_map_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "sync/cache_line.h"

namespace msgtrans {

namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;
// From here on the kernel's zero pages are cheaper than clearing memory of the heap ourselves, and a table is used page
// by page while it fills.
constexpr size_t kMappedBytesMin = 256 * 1024;

size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

size_t mapped_bytes(size_t bytes) { return bytes >= kHugePageBytes ? rounded(bytes, kHugePageBytes) : bytes; }

// Large tables begin at a huge page, so that the kernel can back them with such.
void* map_pages(size_t bytes) {
  const size_t length = mapped_bytes(bytes);
  const size_t slack = bytes >= kHugePageBytes ? kHugePageBytes : 0;
  void* const address =
      ::mmap(nullptr, length + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return nullptr;
  if (slack == 0) return address;
  auto* const begin = static_cast<uint8_t*>(address);
  const size_t head = (kHugePageBytes - reinterpret_cast<uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
  if (head != 0) ::munmap(begin, head);
  if (slack != head) ::munmap(begin + head + length, slack - head);
  ::madvise(begin + head, length, MADV_HUGEPAGE);  // where the kernel has none, small pages do
  return begin + head;
}

class BudgetedMemory final : public MapMemory {
 public:
  explicit BudgetedMemory(size_t bytes_max) : bytes_max_(bytes_max) {}

  void* allocate(size_t bytes) override {
    // Relaxed: a count and a threshold; memory is handed on by the map's own atomics.
    const uint64_t before = charged_.fetch_add(bytes, std::memory_order_relaxed);
    void* const memory = (before & ~kOwned) + bytes > bytes_max_ ? nullptr : take(bytes);
    if (memory == nullptr) uncharge(bytes);
    return memory;
  }

  void free(void* memory, size_t bytes) override {
    if (bytes >= kMappedBytesMin) {
      ::munmap(memory, mapped_bytes(bytes));
    } else {
      std::free(memory);
    }
    uncharge(bytes);
  }

  void drop() override { uncharge(kOwned); }

  [[nodiscard]] size_t bytes_in_use() const override {
    // Relaxed: a metric.
    return charged_.load(std::memory_order_relaxed) & ~kOwned;
  }

 private:
  // Set until the map has dropped us.
  static constexpr uint64_t kOwned = uint64_t{1} << 63;

  static void* take(size_t bytes) {
    if (bytes >= kMappedBytesMin) return map_pages(bytes);
    if (bytes < kCacheLineBytes) return std::calloc(1, bytes);
    void* const memory = std::aligned_alloc(kCacheLineBytes, rounded(bytes, kCacheLineBytes));
    if (memory != nullptr) std::memset(memory, 0, bytes);
    return memory;
  }

  void uncharge(uint64_t bytes) {
    // Acquire and release: pairs with the same call on other threads, so that whoever brings it to zero comes last.
    if (charged_.fetch_sub(bytes, std::memory_order_acq_rel) == bytes) delete this;
  }

  size_t bytes_max_;
  std::atomic<uint64_t> charged_{kOwned};
};

}  // namespace

MapMemory* MapMemory::create(size_t bytes_max) { return new (std::nothrow) BudgetedMemory(bytes_max); }

}  // namespace msgtrans
