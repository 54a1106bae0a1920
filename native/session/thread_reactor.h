// A reactor on a thread of its own: sockets are read, framed and written there, and whole deliveries are handed to its
// home, the reactor of a JavaScript thread.
//
// Threads: made, asked and ended on the home's thread. Ending it stops and joins the thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "session/idle_spin.h"
#include "session/session_engine.h"
#include "topology/thread_placement.h"

namespace msgtrans {

struct ThreadReactorOptions {
  EngineOptions engine;  // with a home
  ThreadPlace place;
  std::string thread_name;
  // Longest time to look for news before sleeping; 0: sleep at once.
  uint64_t spin_ns = 0;
};

class ThreadReactor final : private SessionEngine::Host {
 public:
  // Returns when the reactor runs. Null when memory, a descriptor or the thread is refused.
  static std::unique_ptr<ThreadReactor> start(const ThreadReactorOptions& options);
  ~ThreadReactor();
  ThreadReactor(const ThreadReactor&) = delete;
  ThreadReactor& operator=(const ThreadReactor&) = delete;

  [[nodiscard]] uint32_t number() const { return options_.engine.reactor; }
  [[nodiscard]] const std::shared_ptr<ReactorPort>& port() const { return engine_->port(); }
  // Only what the engine allows to any thread: counters, sessions open, bytes queued.
  [[nodiscard]] const SessionEngine& engine() const { return *engine_; }
  // Whether anything is open there that should keep the process alive. `asked_for`: home has asked for something that
  // the reactor may not have seen yet.
  [[nodiscard]] bool is_alive() const {
    // Acquire: pairs with the release store in `set_alive`, which comes before home is rung.
    return is_alive_.load(std::memory_order_acquire) != 0;
  }

 private:
  explicit ThreadReactor(const ThreadReactorOptions& options) : options_(options), spin_(options.spin_ns) {}

  void run();
  void sleep();
  void wait_for_home();

  // SessionEngine::Host. Deliveries go to home by themselves, and views are home's.
  void deliver(const Delivery&) override {}
  void detach_views() override {}
  void request_turn() override { wants_turn_ = true; }
  void set_ticking(bool ticking) override { is_ticking_ = ticking; }
  void set_alive(bool alive) override;

  ThreadReactorOptions options_;
  std::unique_ptr<SessionEngine> engine_;
  std::thread thread_;
  std::atomic<uint32_t> is_started_ = 0;
  std::atomic<uint32_t> is_alive_ = 0;
  IdleSpin spin_;
  bool wants_turn_ = false;
  bool is_ticking_ = false;
};

}  // namespace msgtrans
