// The thread that touches pages, so that a reactor which grows its pool does not fault them in itself: 1-2 us per
// 4 KB page, in the middle of a turn.
//
// One per process, or one per NUMA node: memory belongs to the node whose CPU touches it first, so `enter` pins the
// thread. It starts with the first job and is joined by the destructor; who owns pools shares the ownership.
//
// Threads: submit() and withdraw() by the owner of the job; the job's state is read by its owner at any time. This is
// not the way of messages, hence a mutex; but submit() does not wait for it, so that a reactor never does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace msgtrans {

// A range to be touched. Belongs to its submitter; the warmer only has it between kQueued and the end.
struct WarmJob {
  enum class State : uint32_t { kIdle, kQueued, kRunning, kReady, kFailed };

  uint8_t* data = nullptr;
  size_t bytes = 0;
  bool huge_pages = false;           // ask for them first
  bool huge_pages_accepted = false;  // answer; valid from kReady on
  std::atomic<State> state{State::kIdle};
  WarmJob* next = nullptr;  // the warmer's
};

class PoolWarmer {
 public:
  // `enter` is the first thing that the thread runs, for instance to move to the CPUs of a node.
  explicit PoolWarmer(std::function<void()> enter = {});
  PoolWarmer(const PoolWarmer&) = delete;
  PoolWarmer& operator=(const PoolWarmer&) = delete;
  // No job may be queued: pools withdraw theirs when they end.
  ~PoolWarmer();

  // False: someone else is talking to the warmer just now, or no thread could be started. Try again later.
  [[nodiscard]] bool submit(WarmJob& job);
  // Returns when the warmer has nothing to do with the job any more: at once, or when the range is touched.
  void withdraw(WarmJob& job);

 private:
  void run();

  std::function<void()> enter_;
  std::mutex mutex_;
  std::condition_variable changed_;
  WarmJob* first_ = nullptr;  // oldest; all of these under the mutex
  WarmJob* last_ = nullptr;
  WarmJob* running_ = nullptr;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace msgtrans
