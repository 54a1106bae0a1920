// The buffers of `transport.allocate`: slices that JavaScript fills and sends from.
//
// The buffer holds its slice until it is released, or until nothing shows that memory any more: it was collected, or what
// the user moved it to was. Queues that refer to the slice hold it on their own account, so giving a buffer back takes
// nothing from a packet under way. When the reactor ends, its memory stays with the buffers over it.
//
// Thread: the environment's.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "session/session_engine.h"

namespace msgtrans {

class SendBuffers {
 public:
  SendBuffers(napi_env env, SessionEngine& engine);
  ~SendBuffers();
  SendBuffers(const SendBuffers&) = delete;
  SendBuffers& operator=(const SendBuffers&) = delete;

  struct Made {
    Slice slice;                  // invalid: pool and budget are used up, or memory is refused
    napi_value buffer = nullptr;  // null with a valid slice: an exception is pending
  };
  // A buffer of zeroes of exactly `bytes`, at the start of its slice.
  Made allocate(size_t bytes);
  // Empties the buffer and gives the slice back behind what is in the ring. One that the user has moved away keeps it until
  // that memory is gone, and is counted.
  void release(SliceId id, napi_value buffer);
  // Empties a buffer of which no reactor knows any more.
  static void empty(napi_env env, napi_value buffer);

  [[nodiscard]] size_t bytes() const { return bytes_; }
  [[nodiscard]] uint64_t moved_away() const { return moved_away_; }

 private:
  struct Lifetime {
    SendBuffers* buffers;  // null once the reactor is gone
  };
  // Travels with the ArrayBuffer, or with what it was moved to.
  struct Memory {
    std::shared_ptr<Arena> arena;
    std::shared_ptr<Mapping> dedicated;  // null for slices of the arena
    std::shared_ptr<Lifetime> lifetime;
    SliceId id = kNoSlice;
    bool is_given_back = false;
  };

  static void finalize(napi_env env, void* data, void* hint);
  void give_back(Memory& memory);

  napi_env env_;
  SessionEngine& engine_;
  std::shared_ptr<Lifetime> lifetime_;
  std::unordered_map<SliceId, std::shared_ptr<Memory>> held_;
  size_t bytes_ = 0;
  uint64_t moved_away_ = 0;
};

}  // namespace msgtrans
