#include "binding/view_ledger.h"

#include <utility>

namespace msgtrans {

ViewLedger::ViewLedger(napi_env env, std::shared_ptr<Arena> arena, BufferPool& pool)
    : env_(env), arena_(std::move(arena)), pool_(pool), lifetime_(std::make_shared<Lifetime>(Lifetime{&pool})) {}

ViewLedger::~ViewLedger() { lifetime_->pool = nullptr; }

void ViewLedger::finalize(napi_env, void*, void* hint) {
  auto* memory = static_cast<Memory*>(hint);
  if (memory->quarantined != kNoSlice && memory->lifetime->pool != nullptr) {
    memory->lifetime->pool->release(memory->quarantined);
  }
  delete memory;
}

bool ViewLedger::expose(SliceId id, size_t offset, size_t bytes, View& view, napi_value& buffer) {
  const Slice slice = pool_.slice(id);
  if (offset > slice.bytes || bytes > slice.bytes - offset) {
    napi_throw_range_error(env_, "ERR_MSGTRANS_INVALID_ARGUMENT", "a view must lie within its slice");
    return false;
  }
  auto* memory = new Memory{arena_, pool_.dedicated_mapping(id), lifetime_, kNoSlice};
  if (napi_create_external_arraybuffer(env_, slice.data + offset, bytes, finalize, memory, &buffer) != napi_ok) {
    delete memory;
    return false;
  }
  view = {nullptr, memory, id};
  return napi_create_reference(env_, buffer, 1, &view.buffer) == napi_ok;
}

napi_value ViewLedger::expose_for_turn(SliceId id, size_t offset, size_t bytes) {
  View view;
  napi_value buffer = nullptr;
  if (!expose(id, offset, bytes, view, buffer)) return nullptr;
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
    napi_detach_arraybuffer(env_, buffer);
  } else {
    // Someone else has the bytes now. They are never written again while that lasts; a mapping of its
    // own never is anyway.
    ++moved_away_;
    if (!(view.id & kDedicatedBit)) {
      pool_.add_reference(view.id);
      view.memory->quarantined = view.id;
    }
  }
  napi_delete_reference(env_, view.buffer);
}

int32_t ViewLedger::retain(SliceId id, size_t offset, size_t bytes) {
  if (!pool_.may_pin(id)) return -1;
  View view;
  napi_value buffer = nullptr;
  if (!expose(id, offset, bytes, view, buffer)) return -1;
  pool_.add_reference(id);
  retained_bytes_ += pool_.slice(id).bytes;
  if (free_handles_.empty()) {
    retained_.push_back(view);
    return static_cast<int32_t>(retained_.size() - 1);
  }
  const int32_t handle = free_handles_.back();
  free_handles_.pop_back();
  retained_[static_cast<size_t>(handle)] = view;
  return handle;
}

napi_value ViewLedger::retained_buffer(int32_t handle) {
  napi_value buffer = nullptr;
  napi_get_reference_value(env_, retained_[static_cast<size_t>(handle)].buffer, &buffer);
  return buffer;
}

void ViewLedger::release(int32_t handle) {
  const auto index = static_cast<size_t>(handle);
  if (handle < 0 || index >= retained_.size() || retained_[index].id == kNoSlice) return;
  View& view = retained_[index];
  const SliceId id = view.id;
  retained_bytes_ -= pool_.slice(id).bytes;
  detach(view);
  view = View{};
  pool_.release(id);
  free_handles_.push_back(handle);
}

void ViewLedger::release_all() {
  detach_turn_views();
  for (size_t i = 0; i < retained_.size(); ++i) release(static_cast<int32_t>(i));
}

}  // namespace msgtrans
