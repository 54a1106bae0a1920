#include "binding/reactor_binding.h"

#include <uv.h>

#include <new>

#include "base/monotonic_clock.h"
#include "binding/handle_scope.h"
#include "binding/reactor_number.h"
#include "session/batch_layout.h"

namespace msgtrans {

ReactorBinding* ReactorBinding::create(napi_env env, const EngineOptions& options,
                                       const std::vector<ThreadReactorOptions>& threads, uint64_t spin_ns,
                                       napi_value on_delivery, napi_value on_tick) {
  ReactorBinding* binding = nullptr;
  try {
    binding = new ReactorBinding(env, options.reactor, spin_ns);
    uv_loop_t* loop = nullptr;
    binding->engine_.reset(new SessionEngine(options, *binding));  // not make_unique: the base is private
    binding->group_ = std::make_unique<ReactorGroup>(*binding->engine_);
    bool is_whole = binding->engine_->valid() && napi_get_uv_event_loop(env, &loop) == napi_ok;
    for (const ThreadReactorOptions& thread : threads) {
      is_whole = is_whole && binding->group_->add_thread(thread);
      binding->thread_numbers_.push_back(thread.engine.reactor);
    }
    binding->views_ = std::make_unique<ViewLedger>(env, *binding->engine_);
    binding->send_buffers_ = std::make_unique<SendBuffers>(env, *binding->engine_);
    binding->borrowed_ = std::make_unique<BorrowedMemory>(env, *binding->engine_, options.seals_sent);
    // Last: from here on there is something to be closed.
    if (is_whole) binding->handles_ = UvHandles::create(loop, binding->engine_->epoll_fd(), *binding);
  } catch (const std::bad_alloc&) {
    // No exception may pass through the C frames of Node-API.
  }
  if (binding == nullptr || binding->handles_ == nullptr) {
    delete binding;
    return nullptr;
  }
  napi_create_reference(env, on_delivery, 1, &binding->on_delivery_);
  napi_create_reference(env, on_tick, 1, &binding->on_tick_);
  napi_value name = nullptr;
  napi_create_string_utf8(env, "msgtrans.Reactor", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, nullptr, name, &binding->async_context_);
  // Asynchronous: the environment may only go on once the libuv handles are really closed.
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<ReactorBinding*>(data)->end(); }, binding,
      &binding->hook_);
  return binding;
}

void ReactorBinding::destroy() {
  if (in_turn_) {
    destroy_requested_ = true;
  } else {
    end();
  }
}

void ReactorBinding::drop_door() {
  door_dropped_ = true;
  destroy();
  if (handles_closed_) delete this;
}

void ReactorBinding::end() {
  if (engine_ == nullptr) return;
  HandleScope scope(env_);
  // The handles first: libuv must not meet the epoll descriptor closed.
  handles_->close();
  views_->release_all();
  // Before home goes: a thread that hands over must find it. What it has lent us is given back by then.
  engine_->settle_foreign();
  group_->join_threads();
  engine_->abandon();
  views_.reset();
  send_buffers_.reset();
  group_.reset();
  engine_.reset();
  // After the queues that referred to it.
  borrowed_.reset();
  ReactorNumber::release(reactor_);
  for (const uint32_t number : thread_numbers_) ReactorNumber::release(number);
  napi_delete_reference(env_, on_delivery_);
  napi_delete_reference(env_, on_tick_);
  napi_async_destroy(env_, async_context_);
}

void ReactorBinding::on_closed() {
  handles_ = nullptr;
  handles_closed_ = true;
  napi_remove_async_cleanup_hook(hook_);
  if (door_dropped_) delete this;
}

void ReactorBinding::on_turn() {
  if (asleep_at_ns_ != 0) spin_.slept(monotonic_ns() - asleep_at_ns_);
  asleep_at_ns_ = 0;
  HandleScope scope(env_);
  in_turn_ = true;
  engine_->turn();
  in_turn_ = false;
  if (destroy_requested_) return end();
  update_alive();
}

void ReactorBinding::set_alive(bool alive) {
  is_engine_alive_ = alive;
  update_alive();
}

void ReactorBinding::update_alive() {
  const bool alive = is_engine_alive_ || group_->is_alive();
  if (alive != is_alive_) handles_->set_alive(is_alive_ = alive);
  engine_->set_other_queued(group_->queued_bytes());
}

void ReactorBinding::on_tick() {
  on_turn();
  if (engine_ == nullptr) return;
  HandleScope scope(env_);
  // After the sockets were read: an answer that has arrived beats its deadline.
  napi_value now_ms = nullptr;
  napi_create_double(env_, static_cast<double>(engine_->now_ns()) / 1e6, &now_ms);
  in_turn_ = true;
  call(on_tick_, 1, &now_ms);
  in_turn_ = false;
  if (destroy_requested_) return end();
  engine_->flush();
}

void ReactorBinding::on_sleep() {
  engine_->flush();
  // JavaScript is not called from here: what it would send through another transport of this thread, whose turn to flush
  // is over, would wait for as long as the loop does.
  // It looks once before it sleeps, not again each time that the loop wakes for somebody else.
  const bool spins = spins_ && asleep_at_ns_ == 0 && handles_->is_idle();
  is_busy_ = (spins && spin_.spin([this] { return engine_->look(); })) || !engine_->may_sleep();
  if (is_busy_) {
    handles_->set_busy(true);
  } else if (spins_ && asleep_at_ns_ == 0) {
    asleep_at_ns_ = monotonic_ns();
  }
}

void ReactorBinding::on_wake() {
  engine_->awake();
  if (!is_busy_) return engine_->flush();
  is_busy_ = false;
  handles_->set_busy(false);
  on_turn();
}

void ReactorBinding::deliver(const Delivery& delivery) {
  if (destroy_requested_) return;
  HandleScope scope(env_);
  const uint32_t flags =
      (delivery.with_openings ? kDeliveryWithOpenings : 0u) | (delivery.with_closings ? kDeliveryWithClosings : 0u);
  const uint32_t numbers[] = {delivery.handler_start, delivery.handler_count, delivery.routed_start,
                              delivery.routed_count,  delivery.event_count,   flags};
  napi_value arguments[6];
  for (size_t i = 0; i < 6; ++i) napi_create_uint32(env_, numbers[i], &arguments[i]);
  call(on_delivery_, 6, arguments);
}

void ReactorBinding::detach_views() {
  HandleScope scope(env_);
  views_->detach_turn_views();
}

void ReactorBinding::call(napi_ref function, size_t count, const napi_value* arguments) {
  napi_value callback = nullptr;
  napi_value receiver = nullptr;
  napi_get_reference_value(env_, function, &callback);
  napi_get_global(env_, &receiver);
  // Through make_callback, so that microtasks and process.nextTick run before the turn goes on.
  if (napi_make_callback(env_, async_context_, receiver, callback, count, arguments, nullptr) != napi_ok) {
    // A terminated Worker leaves no exception behind; anything else is the program's to handle or to die of.
    bool pending = false;
    napi_is_exception_pending(env_, &pending);
    napi_value error = nullptr;
    if (pending && napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
  }
}

}  // namespace msgtrans
