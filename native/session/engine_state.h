// What an engine keeps of listeners, connects, endings and loans under way, and what it says of what it opened.
//
// Thread: the reactor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/socket_address.h"
#include "session/delivery_block.h"
#include "session/lent_segments.h"
#include "session/reactor_port.h"
#include "session/session.h"
#include "session/shared_listener.h"

namespace msgtrans {

struct LentPacket;

struct EngineState {
  // A listener, or a connect, on a socket.
  struct Opened {
    int error = 0;  // errno, 0 for success
    uint32_t id = 0;
    SocketAddress address;
  };
  // The same in process.
  struct OpenedName {
    int error = 0;
    uint32_t id = 0;
    std::string name;
  };

  // Part of a slice of a delivery, by its slice word; the offset is as in a descriptor.
  struct SlicePart {
    uint32_t slice_word;
    uint32_t offset;
    uint32_t bytes;
  };

  struct Listener {
    std::shared_ptr<SharedListener> shared;
    uint32_t turned_away = 0;      // since the last report
    int error = 0;                 // why, the latest
    uint64_t next_report_ns = 0;   // of the monotonic clock: reports are at least kReportIntervalNs apart
    bool suspended = false;        // accepting failed: tried again at `resume_ns`
    uint64_t resume_ns = 0;        // of the monotonic clock
  };

  struct ConnectsInProcess {
    std::vector<uint64_t> ends;  // slots that were claimed
    size_t settled = 0;          // and how many had their answer
  };

  // Sessions that end, linked by `ended_next`: ending one asks for no memory.
  struct EndedList {
    Session* first = nullptr;
    Session* last = nullptr;
    void append(Session& session) {
      session.ended_next = nullptr;
      (first == nullptr ? first : last->ended_next) = &session;
      last = &session;
    }
  };

  // A session in process that is paused.
  struct Held {
    uint32_t bytes = 0;   // delivered to an inbox that is full, and not settled yet
    uint32_t drains = 0;  // answers that are due after them
  };

  // A segment of another reactor whose packets are in the batch or gathered; given back when the pass is over.
  struct BorrowedSegment {
    std::shared_ptr<LentSegments> owner;
    std::shared_ptr<ReactorPort> port;
    uint32_t segment;
    bool is_done;     // to be given back, rather than gone on with
  };

  // Of a reactor on a thread of its own, in the delivery under way.
  struct DeliveredBlock {
    DeliveryBlock* block;
    std::shared_ptr<ReactorPort> port;
  };
  struct DeliveredSlice {
    DeliveryBlock* block = nullptr;
    DeliveryBlock::HeldSlice* held = nullptr;
  };

  // A payload of this delivery that goes to another reactor, and that nobody was shown yet.
  struct PendingLend {
    LentPacket* packet;   // its record's
    uint32_t slice_word;  // that it lies in, in this delivery
    uint32_t reactor;     // that it goes to
  };
};

}  // namespace msgtrans
