#include "proofs/allocation_failure_sites.h"

#include <execinfo.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace msgtrans {

namespace {

// Sequentially consistent throughout: the proof's own bookkeeping, where nothing is gained by less.
std::atomic<Refusals::Report*> report_in_force = nullptr;
Refusals::Report* last_report = nullptr;
std::atomic<uint64_t> sites_passed = 0;
std::atomic<bool> has_problem = false;
uint64_t first_refused = 0;
uint64_t end_refused = 0;
thread_local uint32_t exempt_depth = 0;

}  // namespace

void Refusals::arm(Report& report, uint64_t first, uint64_t count) {
  first_refused = first;
  end_refused = first + count;
  last_report = &report;
  resume();
}

void Refusals::disarm() {
  report_in_force = nullptr;
  last_report->sites = sites_passed;
}

void Refusals::resume() { report_in_force = last_report; }

bool Refusals::happened() { return last_report->happened; }

void Refusals::note_problem(const char* what, const char* file, int line) {
  // Relaxed: who comes first is all that is asked.
  if (has_problem.exchange(true, std::memory_order_relaxed)) return;
  const char* const name = std::strrchr(file, '/');
  std::snprintf(last_report->problem, sizeof(last_report->problem), "%s:%d: %s", name == nullptr ? file : name + 1, line,
                what);
}

bool Refusals::strikes(const char* kind) {
  Report* const report = report_in_force;
  if (report == nullptr || exempt_depth > 0) return false;
  const uint64_t site = sites_passed++;
  if (site < first_refused || site >= end_refused) return false;
  if (site == first_refused) {
    const Exempt exempt;
    report->happened = true;
    report->kind = kind;
    report->frame_count = ::backtrace(report->frames, kFramesMax);
  }
  return true;
}

uint32_t Refusals::exchange_depth(uint32_t depth) { return std::exchange(exempt_depth, depth); }

Exempt::Exempt() { ++exempt_depth; }
Exempt::~Exempt() { --exempt_depth; }

}  // namespace msgtrans

using msgtrans::Refusals;

extern "C" {

void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_aligned_alloc(size_t alignment, size_t bytes);
void* __real_mmap(void* address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_madvise(void* address, size_t bytes, int advice);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int epoll, int operation, int fd, epoll_event* event);
int __real_eventfd(unsigned value, int flags);
int __real_socket(int domain, int type, int protocol);
int __real_accept4(int fd, sockaddr* address, socklen_t* length, int flags);
int __real_pthread_key_create(pthread_key_t* key, void (*destructor)(void*));

void* __wrap_malloc(size_t bytes) { return Refusals::strikes("malloc") ? nullptr : __real_malloc(bytes); }

void* __wrap_calloc(size_t count, size_t bytes) {
  return Refusals::strikes("calloc") ? nullptr : __real_calloc(count, bytes);
}

void* __wrap_aligned_alloc(size_t alignment, size_t bytes) {
  return Refusals::strikes("aligned_alloc") ? nullptr : __real_aligned_alloc(alignment, bytes);
}

void* __wrap_mmap(void* address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (!Refusals::strikes("mmap")) return __real_mmap(address, bytes, protection, flags, fd, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

int __wrap_madvise(void* address, size_t bytes, int advice) {
  if (!Refusals::strikes("madvise")) return __real_madvise(address, bytes, advice);
  errno = ENOMEM;
  return -1;
}

int __wrap_epoll_create1(int flags) {
  if (!Refusals::strikes("epoll_create1")) return __real_epoll_create1(flags);
  errno = ENOMEM;
  return -1;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  // Only an addition needs memory.
  if (operation != EPOLL_CTL_ADD || !Refusals::strikes("epoll_ctl")) return __real_epoll_ctl(epoll, operation, fd, event);
  errno = ENOSPC;
  return -1;
}

int __wrap_eventfd(unsigned value, int flags) {
  if (!Refusals::strikes("eventfd")) return __real_eventfd(value, flags);
  errno = ENOMEM;
  return -1;
}

int __wrap_socket(int domain, int type, int protocol) {
  if (!Refusals::strikes("socket")) return __real_socket(domain, type, protocol);
  errno = ENOMEM;
  return -1;
}

int __wrap_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (!Refusals::strikes("accept4")) return __real_accept4(fd, address, length, flags);
  errno = ENOMEM;
  return -1;
}

int __wrap_pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) {
  return Refusals::strikes("pthread_key_create") ? ENOMEM : __real_pthread_key_create(key, destructor);
}

// std::thread::_M_start_thread, where libstdc++ calls pthread_create.
using StartState = std::unique_ptr<std::thread::_State>;
void __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(std::thread*, StartState*,
                                                                                               void (*)());
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(std::thread* self,
                                                                                               StartState* state,
                                                                                               void (*depend)()) {
  if (Refusals::strikes("pthread_create")) throw std::system_error(EAGAIN, std::generic_category());
  __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(self, state, depend);
}

}  // extern "C"

// Not inlined: GCC would take the pair of malloc and operator delete for a mistake.
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return Refusals::strikes("operator new") ? nullptr : __real_malloc(bytes > 0 ? bytes : 1);
}
[[gnu::noinline]] void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  const auto boundary = static_cast<size_t>(alignment);
  if (Refusals::strikes("aligned operator new")) return nullptr;
  return __real_aligned_alloc(boundary, (bytes + boundary - 1) / boundary * boundary);
}
[[gnu::noinline]] void* operator new(size_t bytes) {
  void* const memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(size_t bytes, std::align_val_t alignment) {
  void* const memory = operator new(bytes, alignment, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
// The array forms of the library call these; but a sanitizer's runtime has all of them, and would keep its own.
[[gnu::noinline]] void* operator new[](size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void* operator new[](size_t bytes, const std::nothrow_t& tag) noexcept { return operator new(bytes, tag); }
[[gnu::noinline]] void* operator new[](size_t bytes, std::align_val_t alignment) { return operator new(bytes, alignment); }
[[gnu::noinline]] void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, alignment, tag);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
