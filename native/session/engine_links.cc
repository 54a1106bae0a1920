// What an engine passes on to other reactors, and what it takes from them.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "protocol/packet_framer.h"
#include "session/batch_layout.h"
#include "session/delivery_block.h"
#include "session/handed_socket.h"
#include "session/lent_packet.h"
#include "session/owned_bytes.h"
#include "session/reactor_call.h"
#include "session/session_engine.h"
#include "sync/cache_line.h"

namespace msgtrans {

namespace {

// Slots ahead of the one in hand whose lines are asked for: sessions come in no order, and each is a cache miss.
constexpr int kPrefetchRuns = 8;
// How far ahead of those the runs themselves are asked for: they come from the cache of the thread that wrote them.
constexpr uint32_t kPrefetchBytes = 1024;

uint32_t run_end(uint32_t position, const uint32_t* run) {
  const uint32_t bytes = (run[kRunBytes] + kRunAlignment - 1) / kRunAlignment * kRunAlignment;
  return position + static_cast<uint32_t>(kRunWords * kWordBytes) + bytes;
}

}  // namespace

void SessionEngine::take_outbound() {
  foreign_.clear();
  writer_.take_ring(foreign_);
  if (!foreign_.empty()) pass_on();
}

void SessionEngine::pass_on() {
  auto& start = reinterpret_cast<volatile uint32_t*>(arena_->data())[kControlRingStart];
  const uint32_t segment = start / kSegmentBytes;
  const uint32_t first = start % kSegmentBytes;
  // Only what is lent must stay: runs of our own behind it were written or copied when the ring was taken.
  uint32_t end = first;
  for (const OutboundWriter::ForeignRuns& runs : foreign_) end = std::max(end, first + runs.end);
  // On a cache line that no reader of what is lent looks at.
  constexpr auto kLine = static_cast<uint32_t>(kCacheLineBytes);
  const uint32_t behind = (end + kLine - 1) / kLine * kLine;
  const bool stays = behind <= kSegmentStartMax;
  // JavaScript needs room to go on in.
  const std::optional<uint32_t> next = stays ? segment : segments_->take_free();
  const uint8_t* const data = segments_->data(segment) + first;
  for (const OutboundWriter::ForeignRuns& runs : foreign_) {
    if (next) {
      ++counters_.runs_lent;
      segments_->lend(segment);
      sender_.post(runs.reactor,
                   {LinkKind::kRuns, runs.messages, 0, segment, uint64_t{first + runs.begin} << 32 | (first + runs.end),
                    runs.bytes},
                   runs.bytes);
    } else {
      send_copies(data, runs);
    }
    // It has nothing but sockets, and counts what it writes there.
    if (sender_.leads_to_own_thread(runs.reactor)) continue;
    counters_.messages_sent += runs.messages;
    counters_.bytes_sent += runs.bytes;
  }
  if (!next) return;
  // Who stays keeps the hold it has, so the segment cannot become free under it.
  start = *next * kSegmentBytes + (stays ? behind : 0);
  if (!stays) segments_->give_back(segment);
}

// Every segment is still being read. Nobody waits for one, or a thread that stands still would hold up all others: what
// is for `runs.reactor` goes in memory of its own, in pieces that fit into a delivery whatever they hold.
void SessionEngine::send_copies(const uint8_t* ring, const OutboundWriter::ForeignRuns& runs) {
  ++counters_.segments_copied;
  for (uint32_t position = runs.begin; position < runs.end;) {
    const auto* const run = reinterpret_cast<const uint32_t*>(ring + position);
    position = run_end(position, run);
    const uint32_t word = run[kRunSlotWord];
    const bool is_written = is_own(word) && directory_.at(word & kSlotMask) != nullptr;
    if (word >> kSlotBits != runs.reactor || is_written) continue;
    const auto* const packets = reinterpret_cast<const uint8_t*>(run + kRunWords);
    const bool is_counted = (run[kRunMessages] & kRunForeignBit) == 0;
    PacketFramer framer(packets, run[kRunBytes], options_.limits);
    Frame frame;
    size_t begin = 0;
    size_t end = 0;
    uint32_t messages = 0;
    const auto post_piece = [&] {
      if (messages == 0) return;
      const iovec part{const_cast<uint8_t*>(packets + begin), end - begin};
      OwnedBytes* const piece = OwnedBytes::copy_of(&part, 1, is_counted);
      if (piece == nullptr) {
        counters_.messages_discarded += messages;
        close_broken(word, run[kRunGeneration]);
      } else {
        sender_.post(runs.reactor,
                     {LinkKind::kPacket, word, run[kRunGeneration], messages, reinterpret_cast<uint64_t>(piece), 0},
                     piece->bytes);
      }
      begin = end;
      messages = 0;
    };
    while (framer.next(frame) == FramerStatus::frame) {
      if (framer.consumed_bytes() - begin > kReadBytesMax) post_piece();
      end = framer.consumed_bytes();
      ++messages;
    }
    post_piece();
  }
}

// A part is missing: nothing that follows it may be delivered. Of a session in process `word` is the other end; ours tells
// it, in order.
void SessionEngine::close_broken(uint32_t word, uint32_t generation) {
  const SlotState* const state = SlotTable::find_state(word);
  const bool is_other_end = state != nullptr && state->peer_word != word && is_own(state->peer_word);
  close_session(is_other_end ? state->peer_word : word, is_other_end ? state->peer_generation : generation,
                CloseCode::kOutOfMemory, false);
}

void SessionEngine::on_rung(uint32_t from) { sender_.on_room(from); }

void SessionEngine::on_link(const std::shared_ptr<Link>& link) {
  // JavaScript may know the arena of an earlier reactor with that number.
  events_.add({kEventArena, 0, 0, link->from->number(), 0, 0});
}

bool SessionEngine::has_room() {
  // On a thread of its own nothing that comes from others is delivered.
  if (borrowed_.size() == kBorrowedMax || delivered_.size() == kBorrowedMax || lent_.size() == kBorrowedMax) return false;
  return has_own_thread() || (!batch_.full() && events_.pending_max() + 8 <= kEventsMax &&
                              packet_bytes_ < kTurnReadBytesMax);
}

SessionEngine::LinkOutcome SessionEngine::on_record(Link& link, const LinkRecord& record, uint64_t& cursor) {
  switch (record.kind) {
    case LinkKind::kRuns:
      // Who waits for `connect` has the session before its first message.
      return has_opened_ ? LinkOutcome::kAgain : take_runs(link, record, cursor);
    case LinkKind::kPacket:
      return has_opened_ ? LinkOutcome::kAgain : take_packet(link, record);
    case LinkKind::kLent:
      return has_opened_ ? LinkOutcome::kAgain : take_lent(link, record);
    case LinkKind::kDelivery:
      return take_delivery(link, record);
    case LinkKind::kDelivered:
      take_back(*reinterpret_cast<DeliveryBlock*>(record.b));
      return LinkOutcome::kDone;
    case LinkKind::kSocket:
      port_->remove_under_way();
      take_socket(std::unique_ptr<HandedSocket>(reinterpret_cast<HandedSocket*>(record.b)), record.a);
      return LinkOutcome::kDone;
    case LinkKind::kMemConnect:
      // Who connects waits for an answer, so it is not begun before there is a way for one.
      if (sender_.is_refused(link.from->number())) return LinkOutcome::kAgain;
      [[fallthrough]];
    case LinkKind::kMemAccept:
    case LinkKind::kMemRefuse:
    case LinkKind::kMemClose:
    case LinkKind::kMemClosed:
    case LinkKind::kMemDrainAsk:
    case LinkKind::kMemDrained:
      take_in_process(record);
      return LinkOutcome::kDone;
    default:
      take_command(record);
      return LinkOutcome::kDone;
  }
}

SessionEngine::LinkOutcome SessionEngine::take_runs(Link& link, const LinkRecord& record, uint64_t& cursor) {
  const auto end = static_cast<uint32_t>(record.b);
  // The cursor: position of the run in hand << 32 | offset in it, plus one so that 0 means "not begun".
  uint32_t position = cursor == 0 ? static_cast<uint32_t>(record.b >> 32) : static_cast<uint32_t>((cursor - 1) >> 32);
  uint32_t offset = cursor == 0 ? 0 : static_cast<uint32_t>(cursor - 1);
  const uint8_t* const ring = link.segments->data(record.a);
  const uint32_t slice_word = link.from->number() << kSliceArenaShift | kSliceSegmentBit | record.a;
  borrowed_.push_back({link.segments, link.from, record.a, true});

  uint32_t ahead = position;
  const auto look_ahead = [&] {
    if (ahead >= end) return;
    const auto* run = reinterpret_cast<const uint32_t*>(ring + ahead);
    if (is_own(run[kRunSlotWord])) directory_.prefetch(run[kRunSlotWord] & kSlotMask);
    const uint32_t next = run_end(ahead, run);
    // Of a long run only what comes next: its packets are read one behind the other, which the processor foresees.
    const uint32_t lines_end = std::min(next, ahead + kPrefetchBytes);
    for (uint32_t at = ahead; at < lines_end; at += kCacheLineBytes) __builtin_prefetch(ring + at + kPrefetchBytes);
    ahead = next;
  };
  for (int i = 0; i < kPrefetchRuns; ++i) look_ahead();
  while (position < end) {
    look_ahead();
    const auto* run = reinterpret_cast<const uint32_t*>(ring + position);
    if (is_own(run[kRunSlotWord])) {
      const uint32_t slot = run[kRunSlotWord] & kSlotMask;
      if (directory_.at(slot) != nullptr) {
        // Between runs of ours for sessions in process whose other end is here, too: written when the ring was taken.
        const bool is_written = link.from == port_;
        const bool is_counted = (run[kRunMessages] & kRunForeignBit) == 0;
        if (!is_written) {
          writer_.gather_run(slot, run[kRunGeneration], reinterpret_cast<const uint8_t*>(run + kRunWords),
                             run[kRunBytes], run[kRunMessages] & kRunMessagesMask, is_counted);
        }
      } else if (!has_room() || !deliver_run(slice_word, link.segments->arena()->data(), run, offset)) {
        cursor = (uint64_t{position} << 32 | offset) + 1;
        borrowed_.back().is_done = false;
        return LinkOutcome::kAgain;
      }
    }
    position = run_end(position, run);
    offset = 0;
  }
  // Relaxed, both: one writer, and the sender only wants to know how much.
  link.bytes_settled.store(link.bytes_settled.load(std::memory_order_relaxed) + record.c,
                           std::memory_order_relaxed);
  return LinkOutcome::kDone;
}

SessionEngine::LinkOutcome SessionEngine::take_packet(Link& link, const LinkRecord& record) {
  const std::unique_ptr<OwnedBytes> packet(reinterpret_cast<OwnedBytes*>(record.b));
  // Relaxed, both: as in `take_runs`.
  link.bytes_settled.store(link.bytes_settled.load(std::memory_order_relaxed) + packet->bytes,
                           std::memory_order_relaxed);
  const uint32_t slot = record.word & kSlotMask;
  if (directory_.at(slot) != nullptr) {
    // Behind what was gathered for it.
    writer_.gather_run(slot, record.generation, packet->data.get(), packet->bytes, record.a, packet->is_counted);
    writer_.write_touched();
    return LinkOutcome::kDone;
  }
  deliver_packet(slot, record.generation, *packet);
  return LinkOutcome::kDone;
}

void SessionEngine::settle_foreign() {
  for (BorrowedSegment& borrowed : borrowed_) {
    if (borrowed.is_done) borrowed.owner->give_back(borrowed.segment);
  }
  borrowed_.clear();
  lent_.clear();
  for (const EngineState::DeliveredBlock& delivered : delivered_) {
    settle_block(*delivered.block);
    // Behind the answers.
    post(delivered.port->number(), {LinkKind::kDelivered, 0, 0, 0, reinterpret_cast<uint64_t>(delivered.block), 0});
  }
  delivered_.clear();
}

void SessionEngine::on_undeliverable(uint32_t to, const LinkRecord& record) {
  switch (record.kind) {
    case LinkKind::kRuns:
      counters_.messages_discarded += record.word;
      return segments_->give_back(record.a);
    case LinkKind::kPacket:
      counters_.messages_discarded += record.a;
      return dispose(record);
    case LinkKind::kMemConnect:
      // Nobody listens there any more.
      return take_in_process({LinkKind::kMemRefuse, static_cast<uint32_t>(record.a), static_cast<uint32_t>(record.b),
                              ECONNREFUSED, 0, record.c});
    case LinkKind::kMemAccept:
      // Who connected went before the answer; our end is open already.
      return take_in_process({LinkKind::kMemClose, static_cast<uint32_t>(record.a), static_cast<uint32_t>(record.b),
                              static_cast<uint32_t>(CloseCode::kWorkerExited), 0, 0});
    case LinkKind::kMemClose:
      // The other end went with its reactor.
      return take_in_process(
          {LinkKind::kMemClosed, static_cast<uint32_t>(record.b), static_cast<uint32_t>(record.b >> 32), 0, 0, 0});
    case LinkKind::kCall:
      return ReactorCall::from_record(record.b)->give_up();
    case LinkKind::kSocket:
      // The one it was handed to has ended in between.
      return take_socket(std::unique_ptr<HandedSocket>(reinterpret_cast<HandedSocket*>(record.b)),
                         static_cast<uint32_t>(record.c));
    case LinkKind::kLent:
      ++counters_.messages_discarded;
      forget_pending(reinterpret_cast<const LentPacket*>(record.b));
      return dispose(record);
    default:
      (void)to;
      dispose(record);
  }
}

std::optional<SessionEngine::SliceMemory> SessionEngine::slice_memory(uint32_t slice_word) const {
  const uint32_t reactor = slice_word >> kSliceArenaShift;
  const uint32_t id = slice_word & kSliceIdMask;
  if (is_lent_packet(id)) {
    const LentPacket* const packet = find_lent(slice_word);
    if (packet == nullptr) return std::nullopt;
    const Slice& slice = packet->memory.slice();
    return SliceMemory{slice.data, slice.bytes, 0, 0, false, packet->memory.owner()->arena, packet->memory.dedicated(),
                       {}, {packet->head.get(), packet->head_bytes}};
  }
  if (reactor == options_.reactor && (id & kSliceSegmentBit) == 0) {
    const Slice slice = pool_.slice(id);
    const size_t offset = slice.dedicated() ? 0 : static_cast<size_t>(slice.data - arena_->data());
    return SliceMemory{slice.data, slice.bytes, pool_.filled(id), offset, true, arena_, pool_.dedicated_mapping(id), {}, {}};
  }
  if ((id & kSliceSegmentBit) != 0) {
    for (const BorrowedSegment& borrowed : borrowed_) {
      if (borrowed.port->number() != reactor || borrowed.segment != (id & ~kSliceSegmentBit)) continue;
      const std::shared_ptr<Arena>& arena = borrowed.owner->arena();
      // Nothing is shown but packets one by one: other threads may read what lies between them.
      return SliceMemory{borrowed.owner->data(borrowed.segment), kSegmentBytes, 0,
                         static_cast<size_t>(borrowed.owner->data(borrowed.segment) - arena->data()), false, arena, {},
                         borrowed.owner, {}};
    }
    return std::nullopt;
  }
  const DeliveredSlice found = find_delivered(slice_word);
  if (found.held == nullptr) return std::nullopt;
  const DeliveryBlock::HeldSlice& held = *found.held;
  return SliceMemory{held.slice.data, held.slice.bytes, held.filled, held.arena_offset,
                     false, found.block->memory->arena, held.dedicated, {}, {}};
}

std::shared_ptr<Arena> SessionEngine::arena_of(uint32_t reactor) const {
  for (const BorrowedSegment& borrowed : borrowed_) {
    if (borrowed.port->number() == reactor) return borrowed.owner->arena();
  }
  for (const EngineState::DeliveredBlock& delivered : delivered_) {
    if (delivered.port->number() == reactor) return delivered.block->memory->arena;
  }
  return nullptr;
}

bool SessionEngine::call(uint32_t reactor, std::function<void(SessionEngine&)> function) {
  const std::shared_ptr<ReactorPort> port = ReactorPorts::find(reactor);
  // A reactor in a JavaScript thread may wait for us, or be busy for as long as JavaScript likes.
  if (port == nullptr || !port->answers_calls()) return false;
  std::shared_ptr<ReactorCall> waiting;
  uint64_t word = 0;
  try {
    waiting = std::make_shared<ReactorCall>(std::move(function));
    word = ReactorCall::to_record(waiting);
  } catch (const std::bad_alloc&) {
    return false;
  }
  sender_.post(reactor, {LinkKind::kCall, 0, 0, 0, word, 0});
  sender_.flush();
  // What was lent to it goes out before the handler has returned, then: to sockets, which only read it.
  std::erase_if(pending_lends_, [reactor](const PendingLend& one) { return one.reactor == reactor; });
  sender_.flush_to(reactor);
  return waiting->wait();
}

}  // namespace msgtrans
