// One delivery on its way from a reactor on a thread of its own to its home.
//
// The reactor fills a block and posts it; home copies what it says into its own batch, reads the slices where they lie,
// and marks it done when JavaScript has seen everything and no view is left. Only then are its slices read into again,
// and the slots of the sessions that it closed used again. A slice that is kept for longer goes back by itself: home is
// one of its holders, and gives back what it has made more of.
//
// It goes to home and comes back over the links between the two, in order with everything else: when the reactor has it
// again, it has the answers of the handlers, too.
//
// Threads: the reactor, and home from the record that lends it to the record that gives it back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/pooled_memory.h"
#include "session/batch_layout.h"
#include "session/delivery_batch.h"
#include "session/event_list.h"

namespace msgtrans {

// More let the reactor run further ahead of JavaScript; a few bridge one long turn.
inline constexpr size_t kDeliveryBlocks = 8;

struct DeliveryBlock {
  struct HeldSlice {
    Slice slice;
    size_t filled;
    size_t arena_offset;
    std::shared_ptr<Mapping> dedicated;
    // Home's: somebody has it for longer, so it does not go back with the block.
    bool is_kept = false;
    // Home's: and that is a retained message or a write queue of home.
    bool is_kept_here = false;
  };

  // The reactor writes, any thread may ask. Relaxed, all: the links publish the block.
  std::atomic<uint32_t> is_lent = 0;
  std::shared_ptr<PooledMemory> memory;
  // Whether there is enough left to read into without the read slices of this one.
  bool may_keep_read_slices = false;
  uint32_t handler_count = 0;
  uint32_t routed_count = 0;  // the oldest first
  uint32_t event_count = 0;
  std::vector<uint32_t> descriptors;  // of the handler's messages, then of the routed ones
  std::vector<uint32_t> events;
  std::vector<HeldSlice> slices;
  std::vector<EventList::Written> written;

  // As much as a batch can hold.
  void reserve(const std::shared_ptr<PooledMemory>& owner) {
    memory = owner;
    descriptors.reserve(kDescriptorsMax * kDescriptorWords);
    events.reserve(kEventsMax * kEventWords);
    slices.reserve(DeliveryBatch::kHeldMax);
    written.reserve(kEventsMax);
  }
};

}  // namespace msgtrans
