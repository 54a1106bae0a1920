// The links that lead to one reactor, and which of them have news.
//
// Records of one link are handled in order. A record that its handler could only begin (a delivery was full) is kept,
// with a cursor, and goes on first next time. Links take turns, so a busy one starves none.
//
// Thread: the reactor's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "memory/reserved_queue.h"
#include "session/link.h"
#include "session/reactor_port.h"

namespace msgtrans {

class LinkReceiver {
 public:
  enum class Outcome {
    kDone,   // the record was handled, and what it owned taken over
    kAgain,  // begun at most: call again with the same record and cursor, later
  };

  class Handler {
   public:
    virtual Outcome on_record(Link& link, const LinkRecord& record, uint64_t& cursor) = 0;
    // The reactor with that number rang: it may have made room.
    virtual void on_rung(uint32_t from) = 0;
    // The first link from a reactor, or from the next one with its number; never in the same `receive` as records
    // of the one before.
    virtual void on_link(const std::shared_ptr<Link>& link) = 0;
    // Whether there is room for what another record may bring.
    virtual bool has_room() = 0;

   protected:
    ~Handler() = default;
  };

  LinkReceiver(std::shared_ptr<ReactorPort> self, Handler& handler) : self_(std::move(self)), handler_(handler) {}
  LinkReceiver(const LinkReceiver&) = delete;
  LinkReceiver& operator=(const LinkReceiver&) = delete;

  // Handles what has come until the handler has no more room. True when something was handled.
  bool receive();

  // Whether records wait that `receive` had no room for.
  [[nodiscard]] bool has_unhandled() const { return !ready_.empty(); }

  // The end: takes every record that was or will be posted here and returns them one by one, but for lent segments, which
  // go back to their owners.
  void close(const std::function<void(const LinkRecord&)>& returned);

 private:
  // The links of one number, by `Link::next`: the oldest is emptied first.
  struct Source {
    std::shared_ptr<Link> first;
    Link* last = nullptr;
    bool ready = false;
  };

  void take_mail();
  void mark_ready(uint32_t from);
  static void append(Source& source, std::shared_ptr<Link> link);
  static void drop_first(Source& source);
  // False when the handler has no room left.
  bool receive_from(Source& source, bool& any);
  // Whether its turn must come again without another ring of the doorbell.
  [[nodiscard]] static bool has_more(const Source& source);
  bool next_record(Link& link);
  [[nodiscard]] static bool is_over(Link& link);

  // Records of one link before the next has its turn.
  static constexpr int kRecordsPerTurn = 64;

  std::shared_ptr<ReactorPort> self_;
  Handler& handler_;
  std::array<Source, kReactorsMax> sources_;
  // Each number once at most.
  ReservedQueue<uint32_t> ready_{kReactorsMax};
};

}  // namespace msgtrans
