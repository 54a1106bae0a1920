// Deadlines of a reactor in a hashed wheel: arm and disarm in constant time, expiry in the order of ticks.
//
// The wheel has kSlots buckets of kTickNs; a deadline further away than one revolution stays in its bucket and is
// passed over until its revolution comes. Nodes are intrusive: no allocation, and a node that is destroyed while
// armed is a bug that the assertion catches.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace msgtrans {

class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  ~TimerNode() { MSGTRANS_ASSERT(!armed()); }
  [[nodiscard]] bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  TimerNode* next_ = nullptr;
  TimerNode* previous_ = nullptr;
  uint64_t deadline_ns_ = 0;
};

class TimerWheel {
 public:
  static constexpr uint64_t kTickNs = 16'000'000;
  static constexpr size_t kSlots = 256;  // 4 s a revolution

  TimerWheel() {
    for (TimerNode& head : heads_) head.next_ = head.previous_ = &head;
  }
  ~TimerWheel() {
    for (TimerNode& head : heads_) head.next_ = head.previous_ = nullptr;
  }
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  [[nodiscard]] bool empty() const { return armed_ == 0; }

  // Arms, or moves when armed. `deadline_ns` is of the reactor clock.
  void arm(TimerNode& node, uint64_t deadline_ns) {
    if (node.armed()) disarm(node);
    node.deadline_ns_ = deadline_ns;
    // A deadline of a tick that was already judged goes into the next one.
    const uint64_t tick = deadline_ns / kTickNs < next_tick_ ? next_tick_ : deadline_ns / kTickNs;
    TimerNode& head = heads_[tick % kSlots];
    node.next_ = &head;
    node.previous_ = head.previous_;
    head.previous_->next_ = &node;
    head.previous_ = &node;
    ++armed_;
  }

  void disarm(TimerNode& node) {
    if (!node.armed()) return;
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.next_ = node.previous_ = nullptr;
    --armed_;
  }

  // Disarms every node whose deadline is not after `now_ns` and hands it to `expired`, which may arm and disarm any.
  template <class Expired>
  void expire(uint64_t now_ns, Expired&& expired) {
    const uint64_t last_tick = now_ns / kTickNs;
    // After a long rest every bucket is visited once, not once per tick that passed.
    uint64_t tick = last_tick >= next_tick_ + kSlots ? last_tick - kSlots + 1 : next_tick_;
    for (; tick <= last_tick; ++tick) {
      next_tick_ = tick;  // the current tick stays open: deadlines later in it are still to come
      TimerNode& head = heads_[tick % kSlots];
      for (TimerNode* node = head.next_; node != &head;) {
        TimerNode* after = node->next_;
        if (node->deadline_ns_ <= now_ns) {
          disarm(*node);
          expired(*node);
          // The callback may have changed the bucket; its beginning is always valid.
          after = head.next_;
          while (after != &head && after->deadline_ns_ > now_ns) after = after->next_;
        }
        node = after;
      }
    }
  }

 private:
  TimerNode heads_[kSlots];
  uint64_t next_tick_ = 0;
  size_t armed_ = 0;
};

}  // namespace msgtrans
