// The class `Reactor` as JavaScript sees it: argument conversion and nothing else. `core/native-addon.ts` types it and
// is its only user, so arguments are trusted to have the right types.
//
// Thread: the environment's.
#pragma once

#include <napi.h>

#include "binding/reactor_binding.h"

namespace msgtrans {

class ReactorDoor final : public Napi::ObjectWrap<ReactorDoor> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit ReactorDoor(const Napi::CallbackInfo& info);
  ~ReactorDoor() override;

 private:
  // (host | path, port, backlog) -> {error, id, url, port}
  Napi::Value listen(const Napi::CallbackInfo& info);
  void close_listener(const Napi::CallbackInfo& info);
  // (host | path, port) -> {error, id}
  Napi::Value connect(const Napi::CallbackInfo& info);
  void cancel_connect(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  // (slot, generation, header, extHeader, payload) -> accepted
  Napi::Value send_direct(const Napi::CallbackInfo& info);
  // (slot, generation, code, flush) -> was open
  Napi::Value close_session(const Napi::CallbackInfo& info);
  // (code, flush)
  void close_all(const Napi::CallbackInfo& info);
  void set_paused(const Napi::CallbackInfo& info);
  Napi::Value peer_url(const Napi::CallbackInfo& info);
  Napi::Value slot_segment(const Napi::CallbackInfo& info);
  void set_deadlines(const Napi::CallbackInfo& info);
  Napi::Value now_ms(const Napi::CallbackInfo& info);
  // (slice, offset, bytes) -> ArrayBuffer of this turn
  Napi::Value expose(const Napi::CallbackInfo& info);
  // (slice) -> [offset of its first byte in the arena (0 for a mapping of its own), bytes read into it]
  Napi::Value slice_extent(const Napi::CallbackInfo& info);
  // (slice) -> its size
  Napi::Value slice_bytes(const Napi::CallbackInfo& info);
  // (slice, offset, bytes) -> handle, or -1
  Napi::Value retain(const Napi::CallbackInfo& info);
  Napi::Value retained_buffer(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  void destroy(const Napi::CallbackInfo& info);

  ReactorBinding* binding_ = nullptr;
};

}  // namespace msgtrans
