// What JavaScript sends from where it lies: slices that it fills, and memory of its own.

#include <cstring>
#include <new>

#include "session/session_engine.h"

namespace msgtrans {

Slice SessionEngine::make_send_buffer(size_t bytes) {
  Slice slice = pool_.acquire(bytes);
  if (!slice.valid() && !spent_slices_.empty()) {
    // What was given back may be enough, once it has been sent.
    flush();
    slice = pool_.acquire(bytes);
  }
  if (!slice.valid()) return slice;
  if (!pins_.keep(slice.id)) {
    pool_.release(slice.id);
    return {};
  }
  // A mapping of its own is new: nobody's bytes are in it.
  if (!slice.dedicated()) std::memset(slice.data, 0, bytes);
  pool_.set_filled(slice.id, bytes);
  return slice;
}

void SessionEngine::release_sent(SliceId id) {
  // It may have been given to another thread, which is shown it from now on; unless handlers have views of other things.
  if (pending_lends_.empty()) sender_.release();
  try {
    spent_slices_.push_back(id);
  } catch (const std::bad_alloc&) {
    // Nowhere to remember it, so the ring is taken now.
    flush();
    pins_.forget(id);
    pool_.release(id);
  }
}

void SessionEngine::release_spent() {
  for (const SliceId id : spent_slices_) {
    pins_.forget(id);
    pool_.release(id);
  }
  spent_slices_.clear();
}

bool SessionEngine::send_referred(uint32_t word, uint32_t generation, const iovec* parts, size_t count,
                                  BytesOwner& owner, uint32_t token) {
  flush();
  const uint32_t slot = word & kSlotMask;
  Session* const session = is_own(word) ? directory_.find(slot, generation) : nullptr;
  if (session == nullptr || session->phase == Phase::kClosed || session->write_failed) {
    ++counters_.messages_discarded;
    if (session != nullptr) directory_.state(slot).queued_bytes = 0;
    owner.release(token);
    return false;
  }
  ++counters_.messages_sent;
  writer_.send_referred(*session, parts, count, owner, token);
  settle_between_turns();
  return true;
}

void SessionEngine::on_write_lost(Session& session, CloseCode code) {
  // The rest of a packet is missing: the peer must not take what follows for it.
  writer_.discard(session);
  tell_broken(session);
  session.write_failed = true;
  if (session.phase == Phase::kEnding || session.phase == Phase::kFlushing) {
    session.close_code = code;
    session.close_local = true;
    if (session.phase == Phase::kFlushing) finish(session);
    return;
  }
  end_session(session, code, 0, true);
}

}  // namespace msgtrans
