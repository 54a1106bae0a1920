#include "binding/view_ledger.h"

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "binding/borrowed_memory.h"

namespace msgtrans {

ViewLedger::ViewLedger(napi_env env, SessionEngine& engine)
    : env_(env), engine_(engine), lifetime_(std::make_shared<Lifetime>(Lifetime{&engine})) {}

ViewLedger::~ViewLedger() { lifetime_->engine = nullptr; }

void ViewLedger::finalize(napi_env, void*, void* hint) {
  const std::unique_ptr<std::shared_ptr<Memory>> memory(static_cast<std::shared_ptr<Memory>*>(hint));
  // The view may still stand in the ledger: an ending environment finalizes its buffers before we detach them.
  (*memory)->is_gone = true;
  if ((*memory)->is_quarantined) give_back(**memory);
}

// Somebody else has the bytes: nobody may write them while that lasts.
void ViewLedger::quarantine(Memory& memory) {
  // A mapping of its own is never used for another packet anyway.
  if (memory.dedicated != nullptr) return;
  memory.is_quarantined = true;
  const SliceId id = memory.slice_word & kSliceIdMask;
  SessionEngine& engine = *memory.lifetime->engine;
  if (memory.segments != nullptr) {
    // We hold it still, so it cannot be free meanwhile.
    memory.segments->lend(id & ~kSliceSegmentBit);
  } else if (memory.is_own) {
    engine.pool().add_reference(id);
  } else if (!memory.kept.valid()) {
    memory.kept = engine.keep(memory.slice_word, true);
  }
}

void ViewLedger::give_back(Memory& memory) {
  const SliceId id = memory.slice_word & kSliceIdMask;
  if (memory.segments != nullptr) return memory.segments->give_back(id & ~kSliceSegmentBit);
  if (memory.kept.valid()) return memory.kept.reset();
  SessionEngine* const engine = memory.lifetime->engine;
  if (engine != nullptr) engine->pool().release(id);
}

bool ViewLedger::expose(uint32_t slice_word, size_t offset, size_t bytes, View& view, napi_value& buffer) {
  const std::optional<SessionEngine::SliceMemory> slice = engine_.slice_memory(slice_word);
  if (!slice || offset > slice->bytes || bytes > slice->bytes - offset) {
    napi_throw_range_error(env_, "ERR_MSGTRANS_INVALID_ARGUMENT", "a view must lie within its slice");
    return false;
  }
  const auto memory = std::make_shared<Memory>(
      Memory{slice->arena, slice->dedicated, slice->segments, lifetime_, {}, slice_word, slice->is_own, false, false});
  auto hint = std::make_unique<std::shared_ptr<Memory>>(memory);
  if (napi_create_external_arraybuffer(env_, slice->data + offset, bytes, finalize, hint.get(), &buffer) != napi_ok) {
    return false;
  }
  (void)hint.release();
  view = {nullptr, memory, slice_word, 0};
  return napi_create_reference(env_, buffer, 1, &view.buffer) == napi_ok;
}

napi_value ViewLedger::copy_of(uint32_t slice_word, size_t offset, size_t bytes) {
  const std::optional<SessionEngine::SliceMemory> slice = engine_.slice_memory(slice_word);
  MSGTRANS_ASSERT(slice && offset <= slice->bytes && bytes <= slice->bytes - offset);
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_arraybuffer(env_, bytes, &data, &buffer) != napi_ok) return nullptr;
  std::memcpy(data, slice->data + offset, bytes);
  engine_.count_payload_copy();
  return buffer;
}

napi_value ViewLedger::expose_for_turn(uint32_t slice_word, size_t offset, size_t bytes) {
  if (!engine_.may_expose(slice_word)) return copy_of(slice_word, offset, bytes);
  View view;
  napi_value buffer = nullptr;
  if (!expose(slice_word, offset, bytes, view, buffer)) return nullptr;
  turn_views_.push_back(view);
  return buffer;
}

void ViewLedger::detach_turn_views() {
  for (View& view : turn_views_) detach(view);
  turn_views_.clear();
}

void ViewLedger::detach(View& view) {
  napi_value buffer = nullptr;
  napi_get_reference_value(env_, view.buffer, &buffer);
  bool detached = false;
  napi_is_detached_arraybuffer(env_, buffer, &detached);
  if (!detached) {
    BorrowedMemory::copy_before_detach(env_, buffer);
    napi_detach_arraybuffer(env_, buffer);
  } else if (!view.memory->is_gone) {
    ++moved_away_;
    quarantine(*view.memory);
    if (view.memory->is_own) engine_.copy_pinned(view.slice_word & kSliceIdMask);
  }
  napi_delete_reference(env_, view.buffer);
}

int32_t ViewLedger::retain(uint32_t slice_word, size_t offset, size_t bytes) {
  const std::optional<SessionEngine::SliceMemory> slice = engine_.slice_memory(slice_word);
  if (!slice) return -1;
  const SliceId id = slice_word & kSliceIdMask;
  LentSlice kept;
  if (!slice->is_own) {
    kept = engine_.keep(slice_word, false);
    if (!kept.valid()) return -1;
  } else if (!engine_.pool().may_pin(id)) {
    return -1;
  }
  View view;
  napi_value buffer = nullptr;
  if (!expose(slice_word, offset, bytes, view, buffer)) return -1;
  if (slice->is_own) engine_.pool().add_reference(id);
  view.memory->kept = std::move(kept);
  view.charged_bytes = slice->bytes;
  retained_bytes_ += view.charged_bytes;
  if (free_handles_.empty()) {
    retained_.push_back(std::move(view));
    return static_cast<int32_t>(retained_.size() - 1);
  }
  const int32_t handle = free_handles_.back();
  free_handles_.pop_back();
  retained_[static_cast<size_t>(handle)] = std::move(view);
  return handle;
}

napi_value ViewLedger::retained_buffer(int32_t handle) {
  napi_value buffer = nullptr;
  napi_get_reference_value(env_, retained_[static_cast<size_t>(handle)].buffer, &buffer);
  return buffer;
}

void ViewLedger::release(int32_t handle) {
  const auto index = static_cast<size_t>(handle);
  if (handle < 0 || index >= retained_.size() || retained_[index].slice_word == kNoSlice) return;
  View& view = retained_[index];
  retained_bytes_ -= view.charged_bytes;
  detach(view);
  if (!view.memory->kept.valid()) {
    engine_.pool().release(view.slice_word & kSliceIdMask);
  } else if (!view.memory->is_quarantined) {
    view.memory->kept.reset();
  }
  view = View{};
  free_handles_.push_back(handle);
}

void ViewLedger::release_all() {
  detach_turn_views();
  for (size_t i = 0; i < retained_.size(); ++i) release(static_cast<int32_t>(i));
}

}  // namespace msgtrans
