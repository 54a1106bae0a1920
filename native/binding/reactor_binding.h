// The reactors of a transport inside a JavaScript environment: the inline engine, those on threads of their own, libuv
// handles and views, tied to the life of the environment. The JavaScript object is only a door to them.
//
// Lifetime: made by the JavaScript constructor; ends with `destroy()` or with the environment, whichever is first.
// Ending is always the same: abandon the engine (descriptors closed, nothing calls JavaScript any more), detach all
// views, close the libuv handles, and in their last close callback give the environment its hook back.
//
// Thread: the environment's, all of it.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "binding/borrowed_memory.h"
#include "binding/send_buffers.h"
#include "binding/uv_handles.h"
#include "binding/view_ledger.h"
#include "session/idle_spin.h"
#include "session/reactor_group.h"
#include "session/session_engine.h"

namespace msgtrans {

class ReactorBinding final : private SessionEngine::Host, private UvHandles::Events {
 public:
  // Null when memory, descriptors, threads or libuv refuse. `on_delivery` and `on_tick` are called until the end. The
  // reactor numbers in the options are the binding's from then on, and the caller's when it is null.
  static ReactorBinding* create(napi_env env, const EngineOptions& options,
                                const std::vector<ThreadReactorOptions>& threads, uint64_t spin_ns,
                                napi_value on_delivery, napi_value on_tick);

  // The door was collected or closed. Safe in every state, inside a turn too.
  void destroy();
  void drop_door();

  [[nodiscard]] bool open() const { return engine_ != nullptr; }
  [[nodiscard]] SessionEngine& engine() { return *engine_; }
  [[nodiscard]] ReactorGroup& group() { return *group_; }
  [[nodiscard]] ViewLedger& views() { return *views_; }
  [[nodiscard]] SendBuffers& send_buffers() { return *send_buffers_; }
  [[nodiscard]] BorrowedMemory& borrowed() { return *borrowed_; }
  // After JavaScript has asked for something that keeps the process alive: threads tell of it later.
  void update_alive();

 private:
  ReactorBinding(napi_env env, uint32_t reactor, uint64_t spin_ns)
      : env_(env), reactor_(reactor), spins_(spin_ns > 0), spin_(spin_ns) {}
  ~ReactorBinding() = default;

  // SessionEngine::Host
  void deliver(const Delivery& delivery) override;
  void detach_views() override;
  void request_turn() override { handles_->request_turn(); }
  void set_ticking(bool ticking) override { handles_->set_ticking(ticking); }
  void set_alive(bool alive) override;

  // UvHandles::Events
  void on_turn() override;
  void on_tick() override;
  void on_sleep() override;
  void on_wake() override;
  void on_closed() override;

  void call(napi_ref function, size_t count, const napi_value* arguments);
  void end();

  napi_env env_;
  uint32_t reactor_;
  std::unique_ptr<SessionEngine> engine_;
  std::unique_ptr<ReactorGroup> group_;
  std::vector<uint32_t> thread_numbers_;
  std::unique_ptr<ViewLedger> views_;
  std::unique_ptr<SendBuffers> send_buffers_;
  std::unique_ptr<BorrowedMemory> borrowed_;
  UvHandles* handles_ = nullptr;
  napi_ref on_delivery_ = nullptr;
  napi_ref on_tick_ = nullptr;
  napi_async_context async_context_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  const bool spins_;
  IdleSpin spin_;
  uint64_t asleep_at_ns_ = 0;
  bool is_busy_ = false;  // there are news, so the loop is kept from waiting
  bool is_engine_alive_ = false;
  bool is_alive_ = false;
  bool in_turn_ = false;
  bool destroy_requested_ = false;
  bool handles_closed_ = false;
  bool door_dropped_ = false;
};

}  // namespace msgtrans
