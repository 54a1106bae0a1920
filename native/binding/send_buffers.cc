#include "binding/send_buffers.h"

#include <new>
#include <utility>

#include "binding/borrowed_memory.h"

namespace msgtrans {

SendBuffers::SendBuffers(napi_env env, SessionEngine& engine)
    : env_(env), engine_(engine), lifetime_(std::make_shared<Lifetime>(Lifetime{this})) {}

SendBuffers::~SendBuffers() { lifetime_->buffers = nullptr; }

void SendBuffers::finalize(napi_env, void*, void* hint) {
  const std::unique_ptr<std::shared_ptr<Memory>> memory(static_cast<std::shared_ptr<Memory>*>(hint));
  SendBuffers* const buffers = (*memory)->lifetime->buffers;
  if (buffers != nullptr && !(*memory)->is_given_back) buffers->give_back(**memory);
}

SendBuffers::Made SendBuffers::allocate(size_t bytes) {
  const Slice slice = engine_.make_send_buffer(bytes);
  if (!slice.valid()) return {};
  try {
    const auto memory = std::make_shared<Memory>(
        Memory{engine_.arena(), engine_.pool().dedicated_mapping(slice.id), lifetime_, slice.id, false});
    auto hint = std::make_unique<std::shared_ptr<Memory>>(memory);
    held_.emplace(slice.id, memory);
    bytes_ += slice.bytes;
    napi_value buffer = nullptr;
    if (napi_create_external_arraybuffer(env_, slice.data, bytes, finalize, hint.get(), &buffer) != napi_ok) {
      give_back(*memory);
      return {slice, nullptr};
    }
    (void)hint.release();
    return {slice, buffer};
  } catch (const std::bad_alloc&) {
    engine_.release_sent(slice.id);
    return {};
  }
}

void SendBuffers::release(SliceId id, napi_value buffer) {
  const auto found = held_.find(id);
  if (found == held_.end()) return;
  bool is_detached = false;
  napi_is_detached_arraybuffer(env_, buffer, &is_detached);
  if (is_detached) {
    ++moved_away_;
    return;
  }
  empty(env_, buffer);
  give_back(*found->second);
}

void SendBuffers::empty(napi_env env, napi_value buffer) {
  BorrowedMemory::copy_before_detach(env, buffer);
  napi_detach_arraybuffer(env, buffer);
}

void SendBuffers::give_back(Memory& memory) {
  memory.is_given_back = true;
  // Nothing shows it any more, so it counts no longer.
  memory.dedicated.reset();
  memory.arena.reset();
  const SliceId id = memory.id;
  bytes_ -= engine_.pool().slice(id).bytes;
  // Ends `memory`, perhaps.
  held_.erase(id);
  engine_.release_sent(id);
}

}  // namespace msgtrans
