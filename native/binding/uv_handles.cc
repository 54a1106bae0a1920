#include "binding/uv_handles.h"

namespace msgtrans {

namespace {

template <class Handle>
UvHandles::Events& events_of(Handle* handle) {
  return *static_cast<UvHandles::Events*>(handle->data);
}

template <class Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace

UvHandles* UvHandles::create(uv_loop_t* loop, int epoll_fd, Events& events) {
  auto* handles = new UvHandles(events);
  // The only one that can fail, so it goes first.
  if (uv_poll_init(loop, &handles->poll_, epoll_fd) != 0) {
    delete handles;
    return nullptr;
  }
  uv_prepare_init(loop, &handles->prepare_);
  uv_check_init(loop, &handles->check_);
  uv_timer_init(loop, &handles->tick_);
  uv_timer_init(loop, &handles->soon_);
  uv_idle_init(loop, &handles->busy_);
  handles->open_ = kHandles;
  handles->poll_.data = handles->prepare_.data = handles->check_.data = &events;
  handles->tick_.data = handles->soon_.data = &events;
  uv_poll_start(&handles->poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { events_of(poll).on_turn(); });
  // Sends from timers and promises: flushed before the loop sleeps, and again when it wakes.
  uv_prepare_start(&handles->prepare_, [](uv_prepare_t* prepare) { events_of(prepare).on_sleep(); });
  uv_check_start(&handles->check_, [](uv_check_t* check) { events_of(check).on_wake(); });
  uv_unref(as_handle(&handles->poll_));
  uv_unref(as_handle(&handles->prepare_));
  uv_unref(as_handle(&handles->check_));
  uv_unref(as_handle(&handles->tick_));
  uv_unref(as_handle(&handles->busy_));
  return handles;
}

void UvHandles::set_busy(bool busy) {
  if (closing_) return;
  if (busy) {
    uv_idle_start(&busy_, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&busy_);
  }
}

void UvHandles::request_turn() {
  if (closing_) return;
  // Referenced while it is due: an event that is owed is a reason to stay alive.
  uv_timer_start(&soon_, [](uv_timer_t* timer) { events_of(timer).on_turn(); }, 0, 0);
}

void UvHandles::set_ticking(bool ticking) {
  if (closing_) return;
  if (ticking) {
    uv_timer_start(&tick_, [](uv_timer_t* timer) { events_of(timer).on_tick(); }, kTickMs, kTickMs);
  } else {
    uv_timer_stop(&tick_);
  }
}

void UvHandles::set_alive(bool alive) {
  if (closing_) return;
  if (alive) {
    uv_ref(as_handle(&poll_));
  } else {
    uv_unref(as_handle(&poll_));
  }
}

void UvHandles::close() {
  if (closing_) return;
  closing_ = true;
  const uv_close_cb closed = [](uv_handle_t* handle) {
    UvHandles* handles = static_cast<UvHandles*>(handle->data);
    if (--handles->open_ > 0) return;
    handles->events_.on_closed();
    delete handles;
  };
  poll_.data = prepare_.data = check_.data = tick_.data = soon_.data = busy_.data = this;
  uv_close(as_handle(&poll_), closed);
  uv_close(as_handle(&prepare_), closed);
  uv_close(as_handle(&check_), closed);
  uv_close(as_handle(&tick_), closed);
  uv_close(as_handle(&soon_), closed);
  uv_close(as_handle(&busy_), closed);
}

}  // namespace msgtrans
