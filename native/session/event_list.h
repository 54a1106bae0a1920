// Control events as state: what is pending stands in the session, and the session stands once in a list. So control
// cannot overflow, however many sessions change at once, and a delivery takes as many as fit.
//
// Connects that failed and accepts that were refused have no session; they are bounded by the connects under way and
// by the listeners (which only count).
//
// Thread: the reactor's.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "session/batch_layout.h"
#include "session/session.h"
#include "session/session_directory.h"

namespace msgtrans {

class EventList {
 public:
  explicit EventList(uint32_t* records) : records_(records) {}

  [[nodiscard]] bool empty() const { return first_ == nullptr && failures_.empty(); }

  void mark(Session& session, PendingEvent event) {
    session.pending_events |= event;
    if (session.in_dirty_list) return;
    session.in_dirty_list = true;
    session.dirty_next = nullptr;
    (first_ == nullptr ? first_ : last_->dirty_next) = &session;
    last_ = &session;
  }

  void add_failure(EventKind kind, uint32_t id, int error, uint32_t count) {
    failures_.push_back({kind, id, static_cast<uint32_t>(error), count});
  }

  struct Written {
    Session* session;
    uint8_t events;  // PendingEvent
  };

  // Writes as many events as fit, and names the sessions whose events were written. What is marked from then on
  // belongs to the next delivery.
  uint32_t write(const SessionDirectory& directory, std::vector<Written>& written) {
    uint32_t count = 0;
    for (; !failures_.empty() && count < kEventsMax; failures_.pop_front()) {
      const Failure& failure = failures_.front();
      put(count++, failure.kind, 0, 0, failure.id, failure.error, failure.count);
    }
    // A session has three events at most, and they are written together.
    while (first_ != nullptr && count + 3 <= kEventsMax) {
      Session& session = *first_;
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
      written.push_back({&session, session.pending_events});
      session.pending_events = 0;
    }
    return count;
  }

 private:
  struct Failure {
    EventKind kind;
    uint32_t id;
    uint32_t error;
    uint32_t count;
  };

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
  std::deque<Failure> failures_;
};

}  // namespace msgtrans
