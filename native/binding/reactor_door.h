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
  // (host | path, port, backlog, share) -> {error, id, url, port}
  Napi::Value listen(const Napi::CallbackInfo& info);
  void close_listener(const Napi::CallbackInfo& info);
  // (host | path, port) -> {error, id}
  Napi::Value connect(const Napi::CallbackInfo& info);
  void cancel_connect(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  // (slotWord, generation, header, extHeader, payload) -> accepted
  Napi::Value send_direct(const Napi::CallbackInfo& info);
  // The same for a socket of this reactor -> what the payload is borrowed by until it is written, or -1: it is not
  Napi::Value send_borrowed(const Napi::CallbackInfo& info);
  // (by what it is borrowed)
  void copy_borrowed(const Napi::CallbackInfo& info);
  // (bytes) -> [slice id, offset, ArrayBuffer], or undefined when the byte budget is used up
  Napi::Value allocate(const Napi::CallbackInfo& info);
  // (slice id, ArrayBuffer)
  void release_allocated(const Napi::CallbackInfo& info);
  // [slice id, offset], or undefined when the byte budget is used up.
  // (slotWord, generation, header, extHeader, slice word, offset, length) -> sent, or to be copied
  Napi::Value send_slice(const Napi::CallbackInfo& info);
  // The same from a buffer of `allocate` that is given away, and whether this thread holds the session
  Napi::Value give_slice(const Napi::CallbackInfo& info);
  Napi::Value make_packet(const Napi::CallbackInfo& info);
  void release_sent(const Napi::CallbackInfo& info);
  // (slotWord, generation, code, flush) -> was open
  Napi::Value close_session(const Napi::CallbackInfo& info);
  // (code, flush)
  void close_all(const Napi::CallbackInfo& info);
  void set_paused(const Napi::CallbackInfo& info);
  // (slotWord, generation, pulled)
  void set_pulled(const Napi::CallbackInfo& info);
  void want_drain(const Napi::CallbackInfo& info);
  // (name) -> {error, id, url, port}
  Napi::Value listen_in_process(const Napi::CallbackInfo& info);
  // (name, count) -> the same
  Napi::Value connect_in_process(const Napi::CallbackInfo& info);
  // (whether no handler takes messages)
  void route_all(const Napi::CallbackInfo& info);
  // Of all reactors of the transport.
  Napi::Value sessions_open(const Napi::CallbackInfo& info);
  // () -> bytes touched
  Napi::Value warm_up(const Napi::CallbackInfo& info);
  // (reactor) -> the arena that slice words of that reactor in this delivery speak of
  Napi::Value foreign_arena(const Napi::CallbackInfo& info);
  Napi::Value peer_url(const Napi::CallbackInfo& info);
  // (reactor, index) -> the slots from index * SEGMENT_SLOTS on
  Napi::Value slot_segment(const Napi::CallbackInfo& info);
  void set_deadlines(const Napi::CallbackInfo& info);
  Napi::Value now_ms(const Napi::CallbackInfo& info);
  // (sliceWord, offset, bytes) -> ArrayBuffer of this turn
  Napi::Value expose(const Napi::CallbackInfo& info);
  // (sliceWord) -> [offset of its first byte in the arena (0 for a mapping of its own), bytes read into it]
  Napi::Value slice_extent(const Napi::CallbackInfo& info);
  // (sliceWord) -> its size
  Napi::Value ext_header(const Napi::CallbackInfo& info);
  Napi::Value slice_bytes(const Napi::CallbackInfo& info);
  // (sliceWord, offset, bytes) -> handle, or -1
  Napi::Value retain(const Napi::CallbackInfo& info);
  Napi::Value retained_buffer(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  // (reactor) -> what it counts
  Napi::Value counters(const Napi::CallbackInfo& info);
  // (reactor) -> words of the histogram, see base/shared_latency_histogram.h
  Napi::Value turn_latency(const Napi::CallbackInfo& info);
  void destroy(const Napi::CallbackInfo& info);

  // Of home or one of its threads; null for another number.
  [[nodiscard]] const SessionEngine* engine_of(uint32_t number) const;

  ReactorBinding* binding_ = nullptr;
};

}  // namespace msgtrans
