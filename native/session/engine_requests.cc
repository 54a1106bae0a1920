// What JavaScript asks for one session. A session of this reactor is asked at once; one of another reactor through its
// link, in order with what was sent to it.

#include <cerrno>
#include <new>
#include <cstring>

#include "session/lent_packet.h"
#include "session/owned_bytes.h"
#include "session/session_engine.h"

namespace msgtrans {

namespace {

// The peer of a session on a socket of this reactor.
std::string socket_peer_url(const Session* session) {
  if (session == nullptr || !session->fd.valid()) return {};
  try {
    return SocketAddress::peer_of(session->fd.get()).url();
  } catch (const std::bad_alloc&) {
    return {};  // as of a session that is gone
  }
}

}  // namespace

bool SessionEngine::send_parts(uint32_t word, uint32_t generation, const iovec* parts, size_t count,
                               uint32_t messages, bool is_holder) {
  flush();
  const uint32_t slot = word & kSlotMask;
  if (!is_own(word) || is_in_process(slot, generation)) {
    // A session is addressed by its other end, which for a socket is itself; read before the state is looked at again,
    // so that they are of one session.
    const SlotState* const state = SlotTable::find_state(word);
    const uint32_t to_word = state == nullptr ? word : state->peer_word;
    const uint32_t to_generation = state == nullptr ? generation : state->peer_generation;
    if (!is_own(word) && (state == nullptr || !SlotTable::is_current(*state, generation))) {
      counters_.messages_discarded += messages;
      return false;
    }
    if (messages == 1 && count > 1 && parts[count - 1].iov_len >= kLendBytesMin &&
        send_copied(word, generation, parts, count, is_holder)) {
      flush();
      return true;
    }
    OwnedBytes* const packet = OwnedBytes::copy_of(parts, count, is_holder);
    if (packet == nullptr) {
      // It was accepted, so nothing that follows it may be delivered.
      counters_.messages_discarded += messages;
      close_session(word, generation, CloseCode::kOutOfMemory, false);
      return false;
    }
    ++counters_.payload_copies;
    post(to_word >> kSlotBits,
         {LinkKind::kPacket, to_word, to_generation, messages, reinterpret_cast<uint64_t>(packet), 0}, packet->bytes);
    // As in `pass_on`: counted where it is written to a socket.
    if (!sender_.leads_to_own_thread(to_word >> kSlotBits)) counters_.messages_sent += messages;
    flush();
    return true;
  }
  Session* session = directory_.find(slot, generation);
  if (session == nullptr || session->phase == Phase::kClosed || session->write_failed) {
    counters_.messages_discarded += messages;
    if (session != nullptr) directory_.state(slot).queued_bytes = 0;
    return false;
  }
  counters_.messages_sent += messages;
  writer_.send_parts(*session, parts, count);
  settle_between_turns();
  return true;
}

Slice SessionEngine::make_packet(const iovec* parts, size_t count) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += parts[i].iov_len;
  const Slice slice = pool_.acquire(bytes);
  if (!slice.valid()) return slice;
  size_t filled = 0;
  for (size_t i = 0; i < count; ++i) {
    if (parts[i].iov_len == 0) continue;
    std::memcpy(slice.data + filled, parts[i].iov_base, parts[i].iov_len);
    filled += parts[i].iov_len;
  }
  pool_.set_filled(slice.id, filled);
  return slice;
}

bool SessionEngine::close_session(uint32_t word, uint32_t generation, CloseCode code, bool flush_first) {
  // What was sent before the close goes out before it.
  if (flush_first || !is_own(word)) flush();
  if (!is_own(word)) return close_elsewhere(word, generation, code, flush_first);
  const uint32_t slot = word & kSlotMask;
  if (is_in_process(slot, generation)) {
    if (!flush_first) flush();
    const bool was_open = close_in_process(slot, code, 0);
    flush();
    return was_open;
  }
  Session* session = directory_.find(slot, generation);
  if (session == nullptr || session->phase == Phase::kClosed) return false;
  if (!flush_first && (session->phase == Phase::kFlushing || session->phase == Phase::kLingering)) {
    session->close_code = code;
    finish(*session);
  } else {
    end_session(*session, code, 0, true);
    if (!flush_first) {
      session->discard_queue = true;
      // An end that was to be orderly is not, without its queue.
      if (session->close_code == CloseCode::kOrderly) session->close_code = code;
    }
    // At once, not when the turn settles: a send after a close is an error even in the same handler. Where handlers run
    // on another thread, it was marked there, or they have still to see it open.
    if (!has_own_thread()) mark_closing(*session);
  }
  settle_between_turns();
  return true;
}

bool SessionEngine::close_elsewhere(uint32_t word, uint32_t generation, CloseCode code, bool flush_first) {
  SlotState* const state = SlotTable::find_state(word);
  if (state == nullptr || !SlotTable::is_current(*state, generation)) return false;
  uint32_t open = kSlotOpen;
  // Acq_rel / relaxed: pairs with the owner's stores and with `is_current`. At once, so that a send after this is an
  // error; its reactor frees the slot no earlier than we have seen its close event.
  state->state.compare_exchange_strong(open, kSlotClosing, std::memory_order_acq_rel, std::memory_order_relaxed);
  post(word >> kSlotBits, {LinkKind::kCloseSession, word, generation, static_cast<uint32_t>(code),
                                   flush_first ? 1u : 0u, 0});
  flush();
  return true;
}

void SessionEngine::set_paused(uint32_t word, uint32_t generation, bool paused) {
  if (!is_own(word)) {
    post(word >> kSlotBits, {LinkKind::kSetPaused, word, generation, paused ? 1u : 0u, 0, 0});
    return flush();
  }
  const uint32_t slot = word & kSlotMask;
  if (is_in_process(slot, generation)) return hold_in_process(slot, paused);
  Session* session = directory_.find(slot, generation);
  if (session == nullptr || session->paused == paused) return;
  session->paused = paused;
  if (session->phase == Phase::kOpen) watch(*session);
  if (!paused && session->write_failed) end_session(*session, CloseCode::kConnectionReset, EPIPE, false);
  settle_between_turns();
}

void SessionEngine::set_pulled(uint32_t word, uint32_t generation, bool pulled) {
  if (!is_own(word)) {
    post(word >> kSlotBits, {LinkKind::kSetPulled, word, generation, pulled ? 1u : 0u, 0, 0});
    return flush();
  }
  const uint32_t slot = word & kSlotMask;
  if (!directory_.is_taken(slot, generation)) return;
  if (has_own_thread()) {
    directory_.at(slot)->pulled = pulled;
  } else if (pulled) {
    directory_.state(slot).flags |= kSlotPulled;
  } else {
    directory_.state(slot).flags &= ~static_cast<uint32_t>(kSlotPulled);
  }
}

void SessionEngine::want_drain(uint32_t word, uint32_t generation) {
  flush();
  if (!is_own(word)) {
    post(word >> kSlotBits, {LinkKind::kWantDrain, word, generation, 0, 0, 0});
    return flush();
  }
  const uint32_t slot = word & kSlotMask;
  if (is_in_process(slot, generation)) {
    SlotState& state = directory_.state(slot);
    state.flags |= kSlotWantsDrain;
    post(state.peer_word >> kSlotBits,
                 {LinkKind::kMemDrainAsk, state.peer_word, state.peer_generation, 0, 0, 0});
    return flush();
  }
  Session* const session = directory_.find(slot, generation);
  if (session == nullptr) return;
  if (!has_own_thread()) {
    directory_.state(slot).flags |= kSlotWantsDrain;
  } else if (!session->queue.empty()) {
    session->wants_drain = true;
  } else {
    events_.mark(*session, kPendingDrain);
    settle_between_turns();
  }
}

std::string SessionEngine::peer_url(uint32_t word, uint32_t generation) {
  const uint32_t slot = word & kSlotMask;
  if (!is_own(word)) {
    std::string url;
    call(word >> kSlotBits,
         [&](SessionEngine& owner) { url = socket_peer_url(owner.directory_.find(slot, generation)); });
    return url;
  }
  if (is_in_process(slot, generation)) {
    const SlotState& state = directory_.state(slot);
    return "mem://session-" + std::to_string(uint64_t{state.peer_generation} << 32 | state.peer_word);
  }
  return socket_peer_url(directory_.find(slot, generation));
}

}  // namespace msgtrans
