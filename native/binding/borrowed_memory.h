// JavaScript memory that write queues refer to: what a socket did not take of a large payload stays where the user has it.
//
// A reference to the view keeps the object, not its pages: JavaScript may transfer, resize or detach the buffer, and then
// they are gone. So pointer and length are read again right before each write, between which no JavaScript runs, and
// bytes that are not there any more are lost, and with them the session. Buffers that we detach ourselves are copied from
// before that, whichever transport of the thread it was that borrowed.
//
// Thread: the environment's.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/write_queue.h"
#include "session/session_engine.h"

namespace msgtrans {

class BorrowedMemory final : public BytesOwner {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // `seals`: changes of the bytes are found before they are written.
  BorrowedMemory(napi_env env, SessionEngine& engine, bool seals);
  // No queue may refer to anything of it.
  ~BorrowedMemory();
  BorrowedMemory(const BorrowedMemory&) = delete;
  BorrowedMemory& operator=(const BorrowedMemory&) = delete;

  // A hold on what a view shows, which is `data`, `bytes` long, for a session in `slot`. kNone when memory is refused.
  [[nodiscard]] uint32_t hold(napi_value view, const uint8_t* data, size_t bytes, uint32_t slot);
  [[nodiscard]] bool is_held(uint32_t token) const { return holds_[token].view != nullptr; }
  // What waits of it becomes the queue's own. Without memory for that it stays as it is.
  void copy(uint32_t token);
  // This buffer is about to be detached by us: nobody in this thread refers to it afterwards.
  static void copy_before_detach(napi_env env, napi_value buffer);

  bool is_intact(uint32_t token) override;
  bool is_sealed(uint32_t) const override { return seals_; }
  void release(uint32_t token) override;
  bool is_shared() const override { return false; }

 private:
  struct Hold {
    napi_ref view = nullptr;  // null: free
    const uint8_t* data = nullptr;
    size_t bytes = 0;
    uint32_t slot = 0;
  };

  napi_env env_;
  SessionEngine& engine_;
  const bool seals_;
  std::vector<Hold> holds_;
  std::vector<uint32_t> free_;  // has room for all, so that giving back asks for no memory
  BorrowedMemory* next_of_thread_;
};

}  // namespace msgtrans
