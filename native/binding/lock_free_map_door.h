// The classes `U64Map` and `ByteMap` as JavaScript sees them: a share of a lock-free map of the process.
// `core/lock-free-map.ts` is their only user; it passes the right kinds of arguments, the ranges are checked here.
//
// Thread: a door belongs to its environment, the map behind it to all of them. Every call enters and leaves the epoch,
// so nothing is held while JavaScript runs.
//
// Lifetime: a door owns a share, until close(), its collection or the end of its environment, whose finalizers run
// after its JavaScript has stopped. The last share frees the map.
#pragma once

#include <napi.h>

#include "binding/shared_map.h"

namespace msgtrans {

template <typename Keys>
class LockFreeMapDoor final : public Napi::ObjectWrap<LockFreeMapDoor<Keys>> {
 public:
  static Napi::Function define(Napi::Env env, const char* name);

  // (0, capacity, bytes) makes a map, (handle) one more door to one that is there.
  explicit LockFreeMapDoor(const Napi::CallbackInfo& info);
  ~LockFreeMapDoor() override;

 private:
  using Map = LockFreeMap<Keys>;
  using Key = typename Keys::Key;
  using Door = LockFreeMapDoor<Keys>;

  // -> the number of the map; 0 when there was no memory, or no such map any more
  Napi::Value handle(const Napi::CallbackInfo& info);
  // (key, as BigInt) -> the value; undefined: none; null: not exact as a Number; false: the key is no 64-bit number
  Napi::Value get(const Napi::CallbackInfo& info);
  // (MapOperation, key, value, expected) -> MapStatus, or a MapProblem
  Napi::Value write(const Napi::CallbackInfo& info);
  // (keys, ends, values, found) -> how many were found, or a MapProblem and where
  Napi::Value get_many(const Napi::CallbackInfo& info);
  // (keys, ends, values) -> how many were inserted, or a MapProblem and where
  Napi::Value set_many(const Napi::CallbackInfo& info);
  // (keys, ends) -> how many were removed, or a MapProblem and where
  Napi::Value remove_many(const Napi::CallbackInfo& info);
  // (Float64Array of the cursor, keys, ends, values) -> how many entries were written, or a MapProblem
  Napi::Value scan(const Napi::CallbackInfo& info);
  // -> [size, buckets, moves, moves refused, bytes in use, limbo bytes, shares]
  Napi::Value metrics(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  // -> maps of the process that have a share
  static Napi::Value map_count(const Napi::CallbackInfo& info);

  SharedMap<Map> shared_;
};

}  // namespace msgtrans
