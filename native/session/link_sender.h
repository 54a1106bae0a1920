// The links that lead from one reactor to others, made when first needed.
//
// Records are staged as they come and published, with one ring of each doorbell, by `flush`: once per turn. Making a link
// may be refused for want of memory, posting to one that was made never is.
// What does not fit into a ring waits beside it, in order; data is bounded by the write-queue limits of who sends it.
//
// Thread: the reactor's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "session/lent_segments.h"
#include "session/link.h"
#include "session/reactor_port.h"

namespace msgtrans {

class LinkSender {
 public:
  // What to do about records that nobody will take any more: their reactor is gone.
  class Observer {
   public:
    virtual void on_undeliverable(uint32_t to, const LinkRecord& record) = 0;

   protected:
    ~Observer() = default;
  };

  LinkSender(std::shared_ptr<ReactorPort> self, std::shared_ptr<LentSegments> segments, Observer& observer)
      : self_(std::move(self)), segments_(std::move(segments)), observer_(observer) {
    touched_.reserve(kReactorsMax);
    made_.reserve(kReactorsMax);
  }
  LinkSender(const LinkSender&) = delete;
  LinkSender& operator=(const LinkSender&) = delete;

  // Appends a record for reactor `to`. `bytes` count as under way until that reactor settles them. A record that finds
  // nobody goes to the observer, from inside this call or a later `flush`.
  void post(uint32_t to, const LinkRecord& record, uint32_t bytes = 0);

  // Makes the link ahead of use. True when only memory for it was refused: later it may be made.
  [[nodiscard]] bool is_refused(uint32_t to);

  // Shows what was posted to those it was posted for.
  void flush();
  // From now on `flush` shows nothing, until `release`. Only `flush_to` does: to one that this thread is about to wait for.
  void hold() { is_held_ = true; }
  void release() { is_held_ = false; }
  void flush_to(uint32_t to);

  // That reactor rang: room may have come up in the link to it, or it is gone.
  void on_room(uint32_t to);

  // Bytes posted and not settled, over all links.
  [[nodiscard]] uint64_t bytes_under_way() const;
  [[nodiscard]] uint64_t bytes_under_way(uint32_t to) const;

  // Whether what was posted for `to` goes to a reactor on a thread of its own.
  [[nodiscard]] bool leads_to_own_thread(uint32_t to) const {
    return ways_[to] != nullptr && ways_[to]->link->to->answers_calls();
  }

  // The end: everything that waits is left to its consumer. Whatever is posted later finds nobody.
  void close();

 private:
  struct Outgoing {
    std::shared_ptr<Link> link;
    uint64_t bytes_posted = 0;
    bool touched = false;
  };

  Outgoing* outgoing(uint32_t to);
  [[nodiscard]] std::unique_ptr<Outgoing> make_outgoing(uint32_t to) const;
  void publish(uint32_t to, Outgoing& way);
  void give_up(uint32_t to);

  std::shared_ptr<ReactorPort> self_;
  std::shared_ptr<LentSegments> segments_;
  Observer& observer_;
  std::array<std::unique_ptr<Outgoing>, kReactorsMax> ways_;
  // Each reactor once at most, so that neither grows beyond what was reserved.
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> made_;
  bool is_held_ = false;
  bool is_closed_ = false;
};

}  // namespace msgtrans
