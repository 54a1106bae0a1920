#include "session/thread_reactor.h"

#include <poll.h>
#include <unistd.h>

#include <new>
#include <system_error>

#include "base/monotonic_clock.h"

namespace msgtrans {

namespace {

constexpr int kTickMs = 20;  // several per ReactorClock::kGapNs

}  // namespace

std::unique_ptr<ThreadReactor> ThreadReactor::start(const ThreadReactorOptions& options) {
  std::unique_ptr<ThreadReactor> reactor;
  try {
    reactor.reset(new ThreadReactor(options));
    reactor->thread_ = std::thread([self = reactor.get()] { self->run(); });
  } catch (const std::system_error&) {
    return nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  // Acquire: pairs with the release store in `run`; the engine is made, or refused.
  reactor->is_started_.wait(0, std::memory_order_acquire);
  if (reactor->engine_ == nullptr) return nullptr;
  return reactor;
}

ThreadReactor::~ThreadReactor() {
  if (!thread_.joinable()) return;
  if (engine_ != nullptr) {
    // Release: pairs with the acquire load in `run`, which looks at it every turn.
    is_started_.store(2, std::memory_order_release);
    engine_->port()->ring(*options_.engine.home);
  }
  thread_.join();
}

void ThreadReactor::run() {
  // First of all: memory comes from the node of the thread that touches it first. A refusal leaves the thread where the
  // scheduler likes it, which is slower and not wrong.
  settle_current_thread(options_.place, options_.thread_name);
  std::unique_ptr<SessionEngine> engine;
  try {
    engine = std::make_unique<SessionEngine>(options_.engine, *static_cast<SessionEngine::Host*>(this));
  } catch (const std::bad_alloc&) {
    // `start` is told below.
  }
  const bool is_valid = engine != nullptr && engine->valid();
  if (is_valid) engine_ = std::move(engine);
  // Release: pairs with the acquire loads in `start`.
  is_started_.store(1, std::memory_order_release);
  is_started_.notify_one();
  if (!is_valid) return;
  // Acquire: pairs with the release store in the destructor, which comes before its ring.
  const auto is_running = [this] { return is_started_.load(std::memory_order_acquire) == 1; };
  while (is_running()) {
    wants_turn_ = false;
    engine_->turn();
    // Again: the turn may have taken the ring, and no other comes.
    if (is_running()) sleep();
  }
  engine_->abandon();
}

void ThreadReactor::sleep() {
  engine_->flush();
  if (!engine_->can_hand_over()) return wait_for_home();
  if (wants_turn_) return engine_->wait(0);
  if (spin_.spin([this] { return engine_->look(); })) return;
  if (!engine_->may_sleep()) return engine_->awake();
  const uint64_t asleep_at = monotonic_ns();
  engine_->wait(is_ticking_ ? kTickMs : -1);
  engine_->awake();
  spin_.slept(monotonic_ns() - asleep_at);
}

// JavaScript is behind by every block. Sockets would wake us for ever, so only mail does; the short time is for the
// queues that wait for their sockets.
void ThreadReactor::wait_for_home() {
  uint64_t wakeups = 0;
  [[maybe_unused]] const ssize_t bytes = ::read(engine_->port()->wake_fd(), &wakeups, sizeof(wakeups));
  if (engine_->may_sleep()) {
    pollfd mail{engine_->port()->wake_fd(), POLLIN, 0};
    ::poll(&mail, 1, kTickMs);
  }
  engine_->awake();
}

void ThreadReactor::set_alive(bool alive) {
  // Release: pairs with the acquire load in `is_alive`.
  is_alive_.store(alive ? 1 : 0, std::memory_order_release);
  if (const std::shared_ptr<ReactorPort> home = ReactorPorts::find(*options_.engine.home)) home->ring(number());
}

}  // namespace msgtrans
