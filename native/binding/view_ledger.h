// The ArrayBuffers over received slices that JavaScript holds.
//
// The rule that keeps us alive: a slice is written again only when no view can reach it. So every buffer over a
// slice is either of this turn, and detached before the slice is released, or retained, with a reference of its own
// to the slice until it is released; of a slice that another reactor has lent, with a holding of its own. A buffer that a user has moved away (`ArrayBuffer.prototype.transfer` on newer
// Nodes) cannot be detached any more: its slice stays out of circulation until the garbage collector has freed the
// memory's last owner, and is counted.
//
// Thread: the environment's.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "session/session_engine.h"

namespace msgtrans {

class ViewLedger {
 public:
  ViewLedger(napi_env env, SessionEngine& engine);
  ~ViewLedger();
  ViewLedger(const ViewLedger&) = delete;
  ViewLedger& operator=(const ViewLedger&) = delete;

  // A buffer over `bytes` of a slice, by its slice word, valid until the end of the turn; a copy of them while other
  // threads have the same memory. Null with a pending exception on failure.
  napi_value expose_for_turn(uint32_t slice_word, size_t offset, size_t bytes);
  void detach_turn_views();

  // Keeps a slice and a buffer over a part of it; the handle is for `retained_buffer` and `release`. -1: its reactor has
  // too few read slices left, or it is a segment of a ring, so the caller copies.
  int32_t retain(uint32_t slice_word, size_t offset, size_t bytes);
  napi_value retained_buffer(int32_t handle);
  void release(int32_t handle);
  void release_all();

  [[nodiscard]] size_t retained_bytes() const { return retained_bytes_; }
  [[nodiscard]] uint64_t moved_away() const { return moved_away_; }

 private:
  struct Lifetime {
    SessionEngine* engine;  // null once the ledger is gone
  };
  // Travels with one ArrayBuffer; its finalizer and the ledger each hold it, and either may be done first.
  struct Memory {
    std::shared_ptr<Arena> arena;
    std::shared_ptr<Mapping> dedicated;  // null for slices of the arena
    std::shared_ptr<LentSegments> segments;
    std::shared_ptr<Lifetime> lifetime;
    LentSlice kept;  // by a reactor of another thread: retained, or quarantined
    uint32_t slice_word = kNoSlice;
    bool is_own = false;                 // of our own pool
    bool is_quarantined = false;         // given back when this memory is really gone
    bool is_gone = false;  // the runtime took the buffer away itself, as it does when an environment ends
  };
  struct View {
    napi_ref buffer = nullptr;
    std::shared_ptr<Memory> memory;
    uint32_t slice_word = kNoSlice;
    size_t charged_bytes = 0;  // of a retained one
  };

  static void finalize(napi_env env, void* data, void* hint);
  static void quarantine(Memory& memory);
  static void give_back(Memory& memory);
  napi_value copy_of(uint32_t slice_word, size_t offset, size_t bytes);
  bool expose(uint32_t slice_word, size_t offset, size_t bytes, View& view, napi_value& buffer);
  void detach(View& view);

  napi_env env_;
  SessionEngine& engine_;
  std::shared_ptr<Lifetime> lifetime_;
  std::vector<View> turn_views_;
  std::vector<View> retained_;         // by handle; kNoSlice: free
  std::vector<int32_t> free_handles_;
  size_t retained_bytes_ = 0;
  uint64_t moved_away_ = 0;
};

}  // namespace msgtrans
