// Where a reactor can be reached by the others: its doorbell, its wake-up and the links that lead to it.
//
// Threads: any, as told at each member. A port lives as long as anybody holds it, which may be longer than its reactor.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"
#include "session/session_id.h"
#include "sync/doorbell.h"

namespace msgtrans {

struct Link;

class ReactorPort {
 public:
  // Check valid(): the kernel may refuse a descriptor. `answers_calls`: its reactor never waits for another thread.
  explicit ReactorPort(uint32_t number, bool answers_calls = false);
  ReactorPort(const ReactorPort&) = delete;
  ReactorPort& operator=(const ReactorPort&) = delete;

  [[nodiscard]] bool valid() const { return wake_fd_.valid(); }
  [[nodiscard]] uint32_t number() const { return number_; }
  [[nodiscard]] bool answers_calls() const { return answers_calls_; }
  // Watched by the reactor edge-triggered, so that it need not be read.
  [[nodiscard]] int wake_fd() const { return wake_fd_.get(); }
  // The consumer's side is the reactor's.
  [[nodiscard]] Doorbell<>& doorbell() { return doorbell_; }

  // Any thread, after it published on its link: tells the reactor, and wakes it when it sleeps.
  void ring(uint32_t from);

  // Any thread. Adds a link that leads here. False when the reactor is gone, or memory is refused.
  bool add_link(std::shared_ptr<Link> link);
  // The reactor. Links that were added since the last time.
  std::vector<std::shared_ptr<Link>> take_new_links();
  // The reactor, at its end: from now on nobody adds links.
  std::vector<std::shared_ptr<Link>> close();

  // Sessions open, for those who choose between reactors. The reactor writes, any thread reads.
  // Relaxed: a stale figure costs a slightly worse choice.
  void set_session_load(uint32_t sessions) { load_.store(sessions, std::memory_order_relaxed); }
  [[nodiscard]] uint32_t session_load() const {
    return load_.load(std::memory_order_relaxed) + under_way_.load(std::memory_order_relaxed);
  }
  // Connections handed to it count from then on, or one that computes would look idle and be given more than its share.
  // Whoever hands one over, and the reactor when it takes it. Relaxed: as above.
  void add_under_way() { under_way_.fetch_add(1, std::memory_order_relaxed); }
  void remove_under_way() { under_way_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const uint32_t number_;
  const bool answers_calls_;
  UniqueFd wake_fd_;
  Doorbell<> doorbell_;
  std::atomic<uint32_t> load_ = 0;
  std::atomic<uint32_t> under_way_ = 0;
  std::atomic<uint32_t> has_new_links_ = 0;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Link>> new_links_;  // under mutex_
  bool closed_ = false;                           // under mutex_
};

// The live ports of the process by reactor number. Control only: whoever sends keeps the link it found.
class ReactorPorts {
 public:
  // Any thread.
  static void add(std::shared_ptr<ReactorPort> port);
  static void remove(uint32_t number);
  static std::shared_ptr<ReactorPort> find(uint32_t number);
};

}  // namespace msgtrans
