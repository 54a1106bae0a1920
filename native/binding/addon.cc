// The addon's table of contents.

#include <malloc.h>
#include <napi.h>

#include "binding/event_queue_door.h"
#include "binding/lock_free_map_door.h"
#include "binding/reactor_door.h"
#include "binding/topology_door.h"

namespace {

// Reports an error to `uncaughtException` now, so that the batch it came from can go on with the next message.
void fatal_exception(const Napi::CallbackInfo& info) { napi_fatal_exception(info.Env(), info[0]); }

// Bytes that this process holds from malloc, in arenas and in mappings of their own; undefined where the C library counts
// them in 32 bits.
Napi::Value malloc_bytes_in_use(const Napi::CallbackInfo& info) {
#if __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 use = ::mallinfo2();
  return Napi::Number::New(info.Env(), static_cast<double>(use.uordblks + use.hblkhd));
#else
  return info.Env().Undefined();
#endif
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("EventQueue", msgtrans::EventQueueDoor::define(env));
  exports.Set("ByteMap", msgtrans::LockFreeMapDoor<msgtrans::ByteKeys<>>::define(env, "ByteMap"));
  exports.Set("U64Map", msgtrans::LockFreeMapDoor<msgtrans::U64Keys>::define(env, "U64Map"));
  exports.Set("Reactor", msgtrans::ReactorDoor::define(env));
  exports.Set("fatalException", Napi::Function::New<fatal_exception>(env, "fatalException"));
  exports.Set("mallocBytesInUse", Napi::Function::New<malloc_bytes_in_use>(env, "mallocBytesInUse"));
  msgtrans::define_topology(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
