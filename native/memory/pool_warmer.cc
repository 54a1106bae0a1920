#include "memory/pool_warmer.h"

#include <csignal>
#include <pthread.h>

#include <new>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "memory/page_advice.h"

namespace msgtrans {

namespace {

// A thread inherits the mask of the one that starts it: signals are for the threads of the program.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

PoolWarmer::PoolWarmer(std::function<void()> enter) : enter_(std::move(enter)) {}

PoolWarmer::~PoolWarmer() {
  {
    const std::lock_guard lock(mutex_);
    MSGTRANS_ASSERT(first_ == nullptr && running_ == nullptr);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool PoolWarmer::submit(WarmJob& job) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (!thread_.joinable()) {
    const AllSignalsBlocked blocked;
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      return false;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  job.next = nullptr;
  // Relaxed: the mutex hands the job over.
  job.state.store(WarmJob::State::kQueued, std::memory_order_relaxed);
  (first_ == nullptr ? first_ : last_->next) = &job;
  last_ = &job;
  lock.unlock();
  changed_.notify_all();
  return true;
}

void PoolWarmer::withdraw(WarmJob& job) {
  std::unique_lock lock(mutex_);
  WarmJob* before = nullptr;
  for (WarmJob* one = first_; one != nullptr; before = one, one = one->next) {
    if (one != &job) continue;
    (before == nullptr ? first_ : before->next) = job.next;
    if (last_ == &job) last_ = before;
    // Relaxed: the job is its owner's alone again, and that is who calls.
    job.state.store(WarmJob::State::kIdle, std::memory_order_relaxed);
    return;
  }
  changed_.wait(lock, [this, &job] { return running_ != &job; });
}

void PoolWarmer::run() {
  if (enter_) enter_();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || first_ != nullptr; });
    if (first_ == nullptr) return;
    WarmJob& job = *first_;
    running_ = &job;
    first_ = job.next;
    if (first_ == nullptr) last_ = nullptr;
    // Relaxed: tells the owner nothing that it acts upon.
    job.state.store(WarmJob::State::kRunning, std::memory_order_relaxed);
    lock.unlock();
    if (job.huge_pages) job.huge_pages_accepted = advise_huge_pages(job.data, job.bytes);
    const bool touched = touch_pages(job.data, job.bytes);
    lock.lock();
    running_ = nullptr;
    // Release: pairs with the owner's acquire load when it polls; publishes the answer and what was written to the
    // pages. The last access to the job: under the mutex, so that withdraw() cannot return before it.
    job.state.store(touched ? WarmJob::State::kReady : WarmJob::State::kFailed, std::memory_order_release);
    changed_.notify_all();
  }
}

}  // namespace msgtrans
