// Reactors on threads of their own: how a delivery comes to the JavaScript thread, and how that thread commands them.

#include <cstring>

#include "base/assert.h"
#include "session/delivery_block.h"
#include "session/owned_bytes.h"
#include "session/reactor_call.h"
#include "session/session_engine.h"

namespace msgtrans {

namespace {

void append_words(std::vector<uint32_t>& to, const uint32_t* words, size_t count) {
  to.insert(to.end(), words, words + count);
}

}  // namespace

bool SessionEngine::can_hand_over() const {
  return handed_over_ - handed_back_ < blocks_.size();
}

uint32_t SessionEngine::blocks_lent() const {
  uint32_t lent = 0;
  // Relaxed: see DeliveryBlock.
  for (const DeliveryBlock& block : blocks_) lent += block.is_lent.load(std::memory_order_relaxed);
  return lent;
}

// The reactor's side. The batch and its slices go into a block; the arena's descriptors are free again at once.
void SessionEngine::hand_over() {
  MSGTRANS_ASSERT(can_hand_over());
  // They come back in the order in which they went.
  DeliveryBlock& block = blocks_[handed_over_++ % blocks_.size()];
  MSGTRANS_ASSERT(block.slices.empty() && block.written.empty());
  block.event_count = events_.write(directory_, block.written);
  block.events.clear();
  append_words(block.events, reinterpret_cast<uint32_t*>(arena_->data() + arena_->event_offset()),
               block.event_count * kEventWords);
  block.handler_count = static_cast<uint32_t>(batch_.handler_count());
  block.routed_count = static_cast<uint32_t>(batch_.routed_count());
  block.descriptors.clear();
  append_words(block.descriptors, batch_.handler_descriptors(), batch_.handler_count() * kDescriptorWords);
  // The newest comes first in the batch.
  for (size_t i = batch_.routed_count(); i > 0; --i) {
    append_words(block.descriptors, batch_.routed_descriptors() + (i - 1) * kDescriptorWords, kDescriptorWords);
  }
  for (const SliceId id : batch_.held()) {
    const Slice slice = pool_.slice(id);
    const size_t offset = slice.dedicated() ? 0 : static_cast<size_t>(slice.data - arena_->data());
    block.slices.push_back({slice, pool_.filled(id), offset, pool_.dedicated_mapping(id)});
    // Home becomes a holder, so that it can make others.
    pool_.share(id, 1);
    pool_.release(id);
  }
  block.may_keep_read_slices = pool_.has_spare_read_slices();
  batch_.pass_on();
  // Relaxed: see DeliveryBlock.
  block.is_lent.store(1, std::memory_order_relaxed);
  ++counters_.deliveries;
  post(*options_.home, {LinkKind::kDelivery, 0, 0, 0, reinterpret_cast<uint64_t>(&block), 0});
  // Opened sessions are read from at once: their opening is ahead of their messages in the same block.
  for (const EventList::Written& written : block.written) {
    if (written.session == nullptr || !(written.events & kPendingOpen)) continue;
    if (written.session->phase != Phase::kConnecting) continue;
    written.session->phase = Phase::kOpen;
    watch(*written.session);
  }
}

// The reactor's side: home has done with it.
void SessionEngine::take_back(DeliveryBlock& block) {
  ++handed_back_;
  take_back_slices(block);
  for (const EventList::Written& written : block.written) {
    if (written.session != nullptr && (written.events & kPendingClose)) free_session(*written.session);
  }
  block.written.clear();
  // Relaxed: see DeliveryBlock.
  block.is_lent.store(0, std::memory_order_relaxed);
}

void SessionEngine::take_back_slices(DeliveryBlock& block) {
  // Backwards, so that the slices are taken in the same order next turn.
  for (; !block.slices.empty(); block.slices.pop_back()) {
    if (!block.slices.back().is_kept) pool_.take_back(block.slices.back().slice.id);
  }
}

// Where JavaScript is on this thread, it sees the slot's flag.
void SessionEngine::tell_broken(const Session& session) {
  if (has_own_thread()) events_.add({kEventBroken, directory_.word(session.slot), session.generation, 0, 0, 0});
}

// Home's side.
SessionEngine::LinkOutcome SessionEngine::take_delivery(Link& link, const LinkRecord& record) {
  auto& block = *reinterpret_cast<DeliveryBlock*>(record.b);
  const size_t messages = block.handler_count + block.routed_count;
  const bool fits = batch_.count() + messages <= kDescriptorsMax && events_.pending_max() + block.event_count <= kEventsMax;
  if (!fits && (batch_.count() > 0 || !events_.empty())) return LinkOutcome::kAgain;
  for (uint32_t i = 0; i < block.event_count; ++i) {
    const uint32_t* const event = block.events.data() + i * kEventWords;
    events_.add({static_cast<EventKind>(event[kEventKind]), event[kEventSlotWord], event[kEventGeneration],
                 event[kEventA], event[kEventB], event[kEventC]});
  }
  for (size_t i = 0; i < messages; ++i) {
    const uint32_t* const descriptor = block.descriptors.data() + i * kDescriptorWords;
    // Handlers closed it after it was read: they hear of its close, and of nothing else. Its reactor marks no session
    // that it has messages of under way.
    const SlotState* const state = SlotTable::find_state(descriptor[kDescriptorSlotWord]);
    if (!SlotTable::is_current(*state, descriptor[kDescriptorGeneration])) continue;
    batch_.add_copy(descriptor, i >= block.handler_count);
  }
  delivered_.push_back({&block, link.from});
  return LinkOutcome::kDone;
}

SessionEngine::DeliveredSlice SessionEngine::find_delivered(uint32_t slice_word) const {
  for (const EngineState::DeliveredBlock& delivered : delivered_) {
    if (delivered.port->number() != slice_word >> kSliceArenaShift) continue;
    for (DeliveryBlock::HeldSlice& held : delivered.block->slices) {
      if (held.slice.id == (slice_word & kSliceIdMask)) return {delivered.block, &held};
    }
  }
  return {};
}

LentSlice SessionEngine::keep_delivered(uint32_t slice_word, bool is_forced) {
  const DeliveredSlice found = find_delivered(slice_word);
  if (found.held == nullptr) return {};
  const SliceId id = found.held->slice.id;
  const bool may_keep = found.held->is_kept || !BufferPool::is_read_slice(id) || found.block->may_keep_read_slices;
  if (!may_keep && !is_forced) return {};
  found.held->is_kept = true;
  return LentSlice::of_holder(found.block->memory, found.held->slice, found.held->dedicated);
}

// No view of this turn is left.
void SessionEngine::settle_block(DeliveryBlock& block) {
  for (const DeliveryBlock::HeldSlice& held : block.slices) {
    if (held.is_kept) block.memory->pool.return_from_other_thread(held.slice.id);
  }
}

void SessionEngine::take_command(const LinkRecord& record) {
  const auto code = static_cast<CloseCode>(record.a);
  // What was sent before it goes out before it.
  writer_.write_touched();
  switch (record.kind) {
    case LinkKind::kSetPaused:
      return set_paused(record.word, record.generation, record.a != 0);
    case LinkKind::kSetPulled:
      return set_pulled(record.word, record.generation, record.a != 0);
    case LinkKind::kWantDrain:
      return want_drain(record.word, record.generation);
    case LinkKind::kCloseSession:
      close_session(record.word, record.generation, code, record.b != 0);
      return;
    case LinkKind::kCloseAll:
      return close_all(code, record.b != 0);
    case LinkKind::kRouteAll:
      return set_route_all(record.a != 0);
    case LinkKind::kCloseListener:
      return close_listener(record.a);
    case LinkKind::kCancelConnect:
      return cancel_connect(record.a);
    case LinkKind::kCall:
      return ReactorCall::from_record(record.b)->run(*this);
    default:
      MSGTRANS_ASSERT(false);
  }
}

}  // namespace msgtrans
