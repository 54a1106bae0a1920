// Control events as state: what is pending stands in the session, and the session stands once in a list. So control
// cannot overflow, however many sessions change at once, and a delivery takes as many as fit.
//
// Other events stand as records of their own: connects that failed and accepts that were refused have no session, and
// are bounded by the connects under way and by the listeners (which only count); sessions in process have an opening,
// a drain and a close at most, and no object to note them in.
//
// Thread: the reactor's.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/reserved_queue.h"
#include "session/batch_layout.h"
#include "session/session.h"
#include "session/session_directory.h"

namespace msgtrans {

class EventList {
 public:
  // Throws std::bad_alloc when address space is refused; nothing later asks for memory.
  explicit EventList(uint32_t* records) : records_(records), records_waiting_(kRecordsMax) {}

  [[nodiscard]] bool empty() const { return first_ == nullptr && records_waiting_.empty(); }
  // At most so many events are to be written.
  [[nodiscard]] size_t pending_max() const { return records_waiting_.size() + kPerSession * dirty_; }

  void mark(Session& session, PendingEvent event) {
    session.pending_events |= event;
    if (session.in_dirty_list) return;
    session.in_dirty_list = true;
    session.dirty_next = nullptr;
    ++dirty_;
    (first_ == nullptr ? first_ : last_->dirty_next) = &session;
    last_ = &session;
  }

  void add_failure(EventKind kind, uint32_t id, int error, uint32_t count) {
    add({kind, 0, 0, id, static_cast<uint32_t>(error), count});
  }

  struct Record {
    EventKind kind;
    uint32_t word;
    uint32_t generation;
    uint32_t a;
    uint32_t b;
    uint32_t c;
  };
  // In order among each other, before those of sockets.
  void add(const Record& record) { records_waiting_.push_back(record); }

  struct Written {
    Session* session;  // null: a session in process, or of another reactor
    uint8_t events;    // PendingEvent
    uint32_t word;
  };

  // Writes as many events as fit, and names the sessions whose events were written. What is marked from then on
  // belongs to the next delivery.
  uint32_t write(const SessionDirectory& directory, std::vector<Written>& written) {
    uint32_t count = 0;
    for (; !records_waiting_.empty() && count < kEventsMax; records_waiting_.pop_front()) {
      const Record& record = records_waiting_.front();
      put(count++, record.kind, record.word, record.generation, record.a, record.b, record.c);
      if (record.kind == kEventClose) written.push_back({nullptr, kPendingClose, record.word});
    }
    // A session's events are written together.
    while (first_ != nullptr && count + kPerSession <= kEventsMax) {
      Session& session = *first_;
      --dirty_;
      first_ = session.dirty_next;
      session.in_dirty_list = false;
      const uint32_t word = directory.word(session.slot);
      if (session.pending_events & kPendingOpen) {
        put(count++, session.outgoing ? kEventConnected : kEventAccepted, word, session.generation, session.origin, 0, 0);
      }
      if (session.pending_events & kPendingDrain) put(count++, kEventDrain, word, session.generation, 0, 0, 0);
      if (session.pending_events & kPendingClose) {
        put(count++, kEventClose, word, session.generation, static_cast<uint32_t>(session.close_code),
            static_cast<uint32_t>(session.close_errno), session.close_local ? 1 : 0);
      }
      written.push_back({&session, session.pending_events, word});
      session.pending_events = 0;
    }
    return count;
  }

 private:
  static constexpr size_t kPerSession = 3;  // open, drain, close
  // A million sessions in process that all open, drain and close while JavaScript is blocked.
  static constexpr size_t kRecordsMax = 1 << 22;

  void put(uint32_t index, EventKind kind, uint32_t word, uint32_t generation, uint32_t a, uint32_t b, uint32_t c) {
    uint32_t* const record = records_ + index * kEventWords;
    record[kEventKind] = kind;
    record[kEventSlotWord] = word;
    record[kEventGeneration] = generation;
    record[kEventA] = a;
    record[kEventB] = b;
    record[kEventC] = c;
  }

  uint32_t* records_;
  Session* first_ = nullptr;
  Session* last_ = nullptr;
  size_t dirty_ = 0;
  ReservedQueue<Record> records_waiting_;
};

}  // namespace msgtrans
