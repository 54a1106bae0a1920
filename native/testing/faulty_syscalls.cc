// Makes the socket calls of a process fail or fall short the way a kernel under pressure does. Preloaded into a program
// under test (LD_PRELOAD), which must not lose or reorder anything because of it.
//
// Environment: MSGTRANS_FAULT_SEED     seed of the choices, default 1
//              MSGTRANS_FAULT_PERCENT  share of calls that get a fault, default 30
//              MSGTRANS_FAULT_ACCEPT   an errno: accept4 fails with it, always, and nothing else is touched
//
// Any thread. At the end of the process it prints what it did to stderr: one line of JSON behind "faults: ".
#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

enum Call : size_t { kRecv, kSend, kSendmsg, kAccept, kEpollWait, kCalls };
constexpr const char* kCallNames[kCalls] = {"recv", "send", "sendmsg", "accept4", "epoll_wait"};
enum Fault : size_t { kNone, kInterrupted, kWouldBlock, kNoBuffers, kShort, kFaults };
constexpr const char* kFaultNames[kFaults] = {"none", "EINTR", "EAGAIN", "ENOBUFS", "short"};
constexpr int kErrors[kFaults] = {0, EINTR, EAGAIN, ENOBUFS, 0};

std::atomic<uint64_t> counts[kCalls][kFaults];

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// splitmix64
uint64_t next_random() {
  static std::atomic<uint64_t> threads{0};
  // Relaxed: only the number itself matters, so that each thread has a sequence of its own.
  thread_local uint64_t state =
      setting("MSGTRANS_FAULT_SEED", 1) + (threads.fetch_add(1, std::memory_order_relaxed) << 32);
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Fault choose(Call call) {
  static const uint64_t percent = setting("MSGTRANS_FAULT_PERCENT", 30);
  static const bool accept_only = std::getenv("MSGTRANS_FAULT_ACCEPT") != nullptr;
  Fault fault = kNone;
  if (!accept_only && next_random() % 100 < percent) fault = static_cast<Fault>(1 + next_random() % (kFaults - 1));
  // epoll_wait knows neither of them.
  if (call == kEpollWait && (fault == kWouldBlock || fault == kNoBuffers)) fault = kInterrupted;
  // Relaxed: counters, read when the process ends.
  counts[call][fault].fetch_add(1, std::memory_order_relaxed);
  errno = kErrors[fault];
  return fault;
}

bool refuses(Fault fault) { return fault != kNone && fault != kShort; }

size_t shorter(size_t bytes) { return bytes > 1 ? 1 + next_random() % (bytes - 1) : bytes; }

template <class Function>
Function next_function(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

struct Reporter {
  ~Reporter() {
    std::fputs("faults: {", stderr);
    for (size_t call = 0; call < kCalls; ++call) {
      std::fprintf(stderr, "%s\"%s\":{", call == 0 ? "" : ",", kCallNames[call]);
      for (size_t fault = 0; fault < kFaults; ++fault) {
        // Relaxed: the process is ending; a count that is off by a call is as good.
        const uint64_t count = counts[call][fault].load(std::memory_order_relaxed);
        std::fprintf(stderr, "%s\"%s\":%lu", fault == 0 ? "" : ",", kFaultNames[fault], count);
      }
      std::fputc('}', stderr);
    }
    std::fputs("}\n", stderr);
  }
} reporter;

}  // namespace

extern "C" {

ssize_t recv(int fd, void* data, size_t bytes, int flags) {
  static const auto real = next_function<ssize_t (*)(int, void*, size_t, int)>("recv");
  const Fault fault = choose(kRecv);
  if (refuses(fault)) return -1;
  return real(fd, data, fault == kShort ? shorter(bytes) : bytes, flags);
}

ssize_t send(int fd, const void* data, size_t bytes, int flags) {
  static const auto real = next_function<ssize_t (*)(int, const void*, size_t, int)>("send");
  const Fault fault = choose(kSend);
  if (refuses(fault)) return -1;
  return real(fd, data, fault == kShort ? shorter(bytes) : bytes, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = next_function<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
  const Fault fault = choose(kSendmsg);
  if (refuses(fault)) return -1;
  if (fault == kNone || message->msg_iovlen == 0) return real(fd, message, flags);
  size_t bytes = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i) bytes += message->msg_iov[i].iov_len;
  std::vector<iovec> parts;
  size_t left = shorter(bytes);
  for (size_t i = 0; i < message->msg_iovlen && left > 0; ++i) {
    iovec part = message->msg_iov[i];
    if (part.iov_len > left) part.iov_len = left;
    left -= part.iov_len;
    parts.push_back(part);
  }
  msghdr cut = *message;
  cut.msg_iov = parts.data();
  cut.msg_iovlen = parts.size();
  return real(fd, &cut, flags);
}

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  static const auto real = next_function<int (*)(int, sockaddr*, socklen_t*, int)>("accept4");
  static const auto always = static_cast<int>(setting("MSGTRANS_FAULT_ACCEPT", 0));
  const Fault fault = choose(kAccept);
  if (always != 0) {
    errno = always;
    return -1;
  }
  return refuses(fault) ? -1 : real(fd, address, length, flags);
}

int epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms) {
  static const auto real = next_function<int (*)(int, epoll_event*, int, int)>("epoll_wait");
  const Fault fault = choose(kEpollWait);
  if (refuses(fault)) return -1;
  const int most = fault == kShort ? static_cast<int>(shorter(static_cast<size_t>(events_max))) : events_max;
  return real(fd, events, most, timeout_ms);
}

}  // extern "C"
