// The class `EventQueue` as JavaScript sees it: one end of a RecordQueue that any thread of the process may share.
// `core/event-queue.ts` checks the arguments and is its only user.
//
// Thread: an end belongs to its environment; the queue behind it to all of them. Ends find the queue by a number, in a
// table of the process under a mutex, which making and giving up an end take and nothing else.
//
// Lifetime: every end owns the queue, and the last one to go frees it: by close(), when the object is collected, or
// when the environment ends, whose finalizers run after its JavaScript has stopped. So a Worker that is terminated lets
// go of its end, and takes nothing from under anybody else's.
#pragma once

#include <napi.h>

#include <memory>

#include "sync/record_queue.h"

namespace msgtrans {

class EventQueueDoor final : public Napi::ObjectWrap<EventQueueDoor> {
 public:
  static Napi::Function define(Napi::Env env);

  // (0, capacity, record bytes) makes a queue, (handle) one more end of one that is there.
  explicit EventQueueDoor(const Napi::CallbackInfo& info);
  ~EventQueueDoor() override;

 private:
  // -> the number of the queue; 0 when there was no memory, or no such queue any more
  Napi::Value handle(const Napi::CallbackInfo& info);
  Napi::Value capacity(const Napi::CallbackInfo& info);
  Napi::Value record_bytes(const Napi::CallbackInfo& info);
  // (Uint8Array of whole records) -> how many of them, from the first, were taken
  Napi::Value push(const Napi::CallbackInfo& info);
  // (Uint8Array) -> how many records were written to its beginning
  Napi::Value pop(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  // -> [pushed, popped, dropped, ends]
  Napi::Value counters(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  // -> queues of the process that have an end
  static Napi::Value queue_count(const Napi::CallbackInfo& info);

  std::shared_ptr<RecordQueue> queue_;
  double handle_ = 0;
};

}  // namespace msgtrans
