// Runs four threads against a fresh subject, again and again, and records who called and returned when.
//
// The moments come from one counter: a return that counts lower than a call happened before it. Its increments order
// the operations at their ends, as a real processor with strong ordering would; what weaker ones allow is the matter of
// the models beside this folder.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "proofs/linearizability/history.h"
#include "proofs/linearizability/yielding_atomics.h"

namespace msgtrans::proofs {

inline constexpr uint32_t kRecordedThreads = 4;
inline constexpr uint32_t kOperationsPerThread = 60;


class Moments {
 public:
  uint64_t next() {
    // Acquire and release: each operation lies between its two moments.
    return moment_.fetch_add(1, std::memory_order_acq_rel) + 1;
  }

 private:
  std::atomic<uint64_t> moment_{0};
};

// `Subject` is constructed with the history's number and offers `void run(thread, moments, operation)`, which picks an
// operation, performs it between two moments, and fills in the outcome.
template <typename Subject>
class Recorder {
 public:
  explicit Recorder(uint64_t seed) : seed_(seed) {
    for (uint32_t thread = 0; thread < kRecordedThreads; ++thread) {
      threads_[thread] = std::thread([this, thread] { run_thread(thread); });
    }
  }
  ~Recorder() {
    // Release: pairs with the acquire load in run_thread().
    round_.store(kStop, std::memory_order_release);
    for (std::thread& thread : threads_) thread.join();
  }

  std::vector<Operation> record(uint64_t number) {
    subject_ = std::make_unique<Subject>(number);
    moments_ = std::make_unique<Moments>();
    number_ = number;
    // Relaxed: published by the next store.
    finished_.store(0, std::memory_order_relaxed);
    ready_.store(0, std::memory_order_relaxed);
    // Release: pairs with the acquire load in run_thread(); publishes the subject.
    round_.fetch_add(1, std::memory_order_release);
    // Acquire: pairs with the release in run_thread(); publishes what the threads recorded.
    while (finished_.load(std::memory_order_acquire) != kRecordedThreads) std::this_thread::yield();
    std::vector<Operation> history;
    for (const auto& operations : recorded_) history.insert(history.end(), operations.begin(), operations.end());
    subject_.reset();
    return history;
  }

 private:
  static constexpr uint64_t kStop = UINT64_MAX;

  void run_thread(uint32_t thread) {
    for (uint64_t done = 0;;) {
      // Acquire: pairs with the release in record().
      const uint64_t round = round_.load(std::memory_order_acquire);
      if (round == kStop) return;
      if (round == done) {
        std::this_thread::yield();
        continue;
      }
      done = round;
      YieldingAtomics::random_state() = (seed_ + number_ * kRecordedThreads + thread + 1) * 0x9e3779b97f4a7c15ULL;
      recorded_[thread].assign(kOperationsPerThread, Operation{});
      // Acquire and release, both: all four are here before any begins.
      ready_.fetch_add(1, std::memory_order_acq_rel);
      while (ready_.load(std::memory_order_acquire) != kRecordedThreads) std::this_thread::yield();
      for (Operation& operation : recorded_[thread]) {
        subject_->run(thread, *moments_, operation);
        YieldingAtomics::maybe_yield();
      }
      // Release: pairs with the acquire load in record().
      finished_.fetch_add(1, std::memory_order_release);
    }
  }

  uint64_t seed_;
  uint64_t number_ = 0;
  std::unique_ptr<Subject> subject_;
  std::unique_ptr<Moments> moments_;
  std::array<std::vector<Operation>, kRecordedThreads> recorded_;
  std::atomic<uint64_t> round_{0};
  std::atomic<uint32_t> ready_{0};
  std::atomic<uint32_t> finished_{0};
  std::array<std::thread, kRecordedThreads> threads_;
};

}  // namespace msgtrans::proofs
