// The libuv handles of one inline reactor. They live until their close callbacks have run, which may be after
// everything else of the reactor is gone; so they are an object of their own.
//
// Thread: the environment's loop.
#pragma once

#include <uv.h>

#include <cstdint>

namespace msgtrans {

class UvHandles {
 public:
  // What the loop calls. `on_closed` is the last call ever; the handles are deleted right after it.
  class Events {
   public:
    virtual void on_turn() = 0;
    virtual void on_tick() = 0;
    // The loop is about to wait, and it has waited.
    virtual void on_sleep() = 0;
    virtual void on_wake() = 0;
    virtual void on_closed() = 0;

   protected:
    ~Events() = default;
  };

  // Null when libuv refuses, in which case nothing is left behind.
  static UvHandles* create(uv_loop_t* loop, int epoll_fd, Events& events);

  // Whether the loop would wait now: no timer is due, nothing else is to be run.
  [[nodiscard]] bool is_idle() const { return uv_backend_timeout(poll_.loop) != 0; }
  // While busy the loop does not wait.
  void set_busy(bool busy);
  void request_turn();
  void set_ticking(bool ticking);
  void set_alive(bool alive);
  // Stops everything now; `on_closed` follows from the loop.
  void close();

 private:
  UvHandles(Events& events) : events_(events) {}
  ~UvHandles() = default;

  static constexpr uint64_t kTickMs = 20;  // several per ReactorClock::kGapNs
  static constexpr int kHandles = 6;

  Events& events_;
  uv_poll_t poll_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_timer_t tick_{};
  uv_timer_t soon_{};
  uv_idle_t busy_{};
  int open_ = 0;
  bool closing_ = false;
};

}  // namespace msgtrans
