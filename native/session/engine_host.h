// What an engine needs of the world around it: the binding in the product, a recording one in tests.
#pragma once

#include <cstdint>

namespace msgtrans {

// All calls come on the engine's thread, from inside its methods.
class EngineHost {
 public:
  // Hands over messages and events; the arena holds them until the call returns. `handler_start` counts
  // descriptors from the front, `routed_start` from the front too.
  struct Delivery {
    uint32_t handler_start;
    uint32_t handler_count;
    uint32_t routed_start;
    uint32_t routed_count;
    uint32_t event_count;
    bool with_openings;  // the events that come before the messages are due
    bool with_closings;  // and those that come after them
  };
  virtual void deliver(const Delivery& delivery) = 0;
  // Every view of the turn's slices must be out of reach when this returns: their memory is written again.
  virtual void detach_views() = 0;
  // Something is left to do although no socket may become ready: turn again soon.
  virtual void request_turn() = 0;
  // Whether deadlines are armed: turn at least every tick while they are.
  virtual void set_ticking(bool ticking) = 0;
  // Whether anything is open that should keep the process alive.
  virtual void set_alive(bool alive) = 0;

 protected:
  ~EngineHost() = default;
};

}  // namespace msgtrans
