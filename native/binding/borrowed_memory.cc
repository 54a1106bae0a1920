#include "binding/borrowed_memory.h"

#include <functional>
#include <new>

#include "base/assert.h"
#include "binding/handle_scope.h"

namespace msgtrans {

namespace {

// Without a destructor: an environment may end after the globals of its thread.
thread_local BorrowedMemory* first_of_thread = nullptr;

}  // namespace

BorrowedMemory::BorrowedMemory(napi_env env, SessionEngine& engine, bool seals)
    : env_(env), engine_(engine), seals_(seals), next_of_thread_(first_of_thread) {
  first_of_thread = this;
}

BorrowedMemory::~BorrowedMemory() {
  MSGTRANS_ASSERT(free_.size() == holds_.size());
  BorrowedMemory** link = &first_of_thread;
  while (*link != this) link = &(*link)->next_of_thread_;
  *link = next_of_thread_;
}

uint32_t BorrowedMemory::hold(napi_value view, const uint8_t* data, size_t bytes, uint32_t slot) {
  try {
    if (free_.empty()) {
      free_.reserve(holds_.size() + 1);
      holds_.emplace_back();
      free_.push_back(static_cast<uint32_t>(holds_.size() - 1));
    }
  } catch (const std::bad_alloc&) {
    return kNone;
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, view, 1, &reference) != napi_ok) return kNone;
  const uint32_t token = free_.back();
  free_.pop_back();
  holds_[token] = {reference, data, bytes, slot};
  return token;
}

bool BorrowedMemory::is_intact(uint32_t token) {
  const HandleScope scope(env_);
  const Hold& hold = holds_[token];
  napi_value view = nullptr;
  void* data = nullptr;
  size_t length = 0;
  // A view of a buffer that is detached has no length.
  return napi_get_reference_value(env_, hold.view, &view) == napi_ok && view != nullptr &&
         napi_get_typedarray_info(env_, view, nullptr, &length, &data, nullptr, nullptr) == napi_ok &&
         length == hold.bytes && data == hold.data;
}

void BorrowedMemory::release(uint32_t token) {
  napi_delete_reference(env_, holds_[token].view);
  holds_[token] = {};
  free_.push_back(token);
}

void BorrowedMemory::copy(uint32_t token) { engine_.copy_referred(holds_[token].slot, *this, token); }

void BorrowedMemory::copy_before_detach(napi_env env, napi_value buffer) {
  void* data = nullptr;
  size_t bytes = 0;
  for (BorrowedMemory* one = first_of_thread; one != nullptr; one = one->next_of_thread_) {
    if (one->free_.size() == one->holds_.size()) continue;
    if (data == nullptr && napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) return;
    const auto* const begin = static_cast<const uint8_t*>(data);
    for (uint32_t token = 0; token < one->holds_.size(); ++token) {
      const uint8_t* const held = one->holds_[token].data;
      // std::less: pointers into different objects are compared.
      const bool is_within = held != nullptr && !std::less<>()(held, begin) && std::less<>()(held, begin + bytes);
      if (is_within) one->copy(token);
    }
  }
}

}  // namespace msgtrans
