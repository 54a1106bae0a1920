// A function that one thread has run on a reactor's own thread, and waits for.
//
// For control that needs an answer and is rare: the address of a peer, for instance. Only reactors on threads of their own
// are asked: they never wait for anybody, so the caller's wait is one wake-up and one turn long.
//
// Threads: made and waited for by the caller; `run` or `give_up` is the reactor's, once. Both hold it, so that whoever is
// last frees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace msgtrans {

class SessionEngine;

class ReactorCall {
 public:
  explicit ReactorCall(std::function<void(SessionEngine&)> function) : function_(std::move(function)) {}

  // What a record carries. `from_record` takes it back, once.
  static uint64_t to_record(const std::shared_ptr<ReactorCall>& call) {
    return reinterpret_cast<uint64_t>(new std::shared_ptr<ReactorCall>(call));
  }
  static std::shared_ptr<ReactorCall> from_record(uint64_t word) {
    const std::unique_ptr<std::shared_ptr<ReactorCall>> holder(reinterpret_cast<std::shared_ptr<ReactorCall>*>(word));
    return *holder;
  }

  void run(SessionEngine& engine) {
    function_(engine);
    finish(kRun);
  }
  // The reactor has ended; the function is not run.
  void give_up() { finish(kGivenUp); }

  // The caller, after it has posted and flushed. False: it was not run.
  bool wait() {
    // Acquire: pairs with the release store in `finish`.
    state_.wait(kWaiting, std::memory_order_acquire);
    return state_.load(std::memory_order_acquire) == kRun;
  }

 private:
  static constexpr uint32_t kWaiting = 0;
  static constexpr uint32_t kRun = 1;
  static constexpr uint32_t kGivenUp = 2;

  void finish(uint32_t state) {
    // Release: pairs with the acquire loads in `wait`; publishes what the function wrote.
    state_.store(state, std::memory_order_release);
    state_.notify_one();
  }

  std::function<void(SessionEngine&)> function_;
  std::atomic<uint32_t> state_ = kWaiting;
};

}  // namespace msgtrans
