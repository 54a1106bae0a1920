// The addon's table of contents.

#include <napi.h>

#include "binding/event_queue_door.h"
#include "binding/lock_free_map_door.h"
#include "binding/reactor_door.h"
#include "binding/topology_door.h"

namespace {

// Reports an error to `uncaughtException` now, so that the batch it came from can go on with the next message.
void fatal_exception(const Napi::CallbackInfo& info) { napi_fatal_exception(info.Env(), info[0]); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("EventQueue", msgtrans::EventQueueDoor::define(env));
  exports.Set("ByteMap", msgtrans::LockFreeMapDoor<msgtrans::ByteKeys<>>::define(env, "ByteMap"));
  exports.Set("U64Map", msgtrans::LockFreeMapDoor<msgtrans::U64Keys>::define(env, "U64Map"));
  exports.Set("Reactor", msgtrans::ReactorDoor::define(env));
  exports.Set("fatalException", Napi::Function::New<fatal_exception>(env, "fatalException"));
  msgtrans::define_topology(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
