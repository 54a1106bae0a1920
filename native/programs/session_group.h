// A group: the sessions to one server, with everything counted about them. Owned by the generator's thread.
#pragma once

#include <ctime>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/latency_histogram.h"
#include "base/unique_fd.h"
#include "io/socket_address.h"
#include "programs/frame_ledger.h"
#include "programs/kill_schedule.h"
#include "programs/output_queue.h"
#include "programs/reply_ledger.h"
#include "programs/stream_ledger.h"
#include "programs/stream_reader.h"

namespace msgtrans {

// When a request was sent, and in open loop when it was meant to be sent.
struct SendStamp {
  uint64_t sent_ns = 0;
  uint64_t intended_ns = 0;
};

struct GeneratorSession {
  UniqueFd fd;
  SessionProgress progress;
  uint64_t waiting_since_ns = 0;  // When the oldest unanswered request became the oldest.
  uint64_t sent_until = UINT64_MAX;  // Of a job: how much `progress.sent` is to become.
  StreamRemainder remainder;
  OutputQueue output;
};

// What the sessions of a group are used for, from their first window on.
enum class GroupTraffic : uint8_t { none, requests, one_way, frames };

struct SessionGroup {
  std::string name;
  uint32_t index = 0;  // In the generator's table; part of the epoll tags.
  clockid_t server_clock = 0;
  std::vector<GeneratorSession> sessions;
  uint64_t lost_sessions = 0;
  std::string loss_reason;  // Of the first session lost.
  bool connected = false;
  SocketAddress address;
  std::vector<SocketAddress> sources;  // Local addresses the sessions go round; empty: the kernel's choice.
  GroupTraffic traffic = GroupTraffic::none;

  ReplyLedger ledger;
  // One-way messages only; `streams` has an entry per session.
  StreamLedger stream_ledger;
  std::vector<StreamProgress> streams;
  uint64_t fences_outstanding = 0;
  // Ticks only; `frames` has an entry per session.
  FrameLedger frame_ledger;
  std::vector<FrameProgress> frames;
  uint32_t frame_bytes = 0;

  // Open loop: sessions that the load cuts.
  KillSchedule kills;
  uint64_t load_ns = 0;  // Time under open load so far, which `kills` goes by.
  uint64_t killed_sessions = 0;
  uint64_t unacknowledged_on_killed = 0;  // Part of the ledger's unacknowledged.
  uint64_t outstanding = 0;         // Over all sessions.
  uint32_t next_session_index = 0;  // Open loop: whose turn it is.
  LatencyHistogram service_time;
  LatencyHistogram response_time;

  // The load of the newest window, against which late replies are judged too.
  std::vector<uint8_t> request_packet;  // Header and payload, id and token blank.
  ReplyExpectation expectation;

  // One request in 2^sample_shift is timed. The stamps of a session form a ring by sequence.
  uint32_t sample_shift = 0;
  uint32_t stamps_per_session = 0;  // A power of two.
  std::vector<SendStamp> stamps;

  // The sampled sequences of neighbouring sessions differ, so that every place within a batch is sampled.
  bool sampled(uint32_t session_index, uint64_t sequence) const {
    return ((sequence + session_index) & ((uint64_t{1} << sample_shift) - 1)) == 0;
  }
  SendStamp& stamp(uint32_t session_index, uint64_t sequence) {
    const uint64_t position = ((sequence + session_index) >> sample_shift) & (stamps_per_session - 1);
    return stamps[size_t{session_index} * stamps_per_session + position];
  }

  LedgerTotals ledger_totals() const {
    LedgerTotals totals = ledger.totals();
    totals += stream_ledger.totals();
    totals += frame_ledger.totals();
    return totals;
  }

  // The smallest number of messages that a session has sent.
  uint64_t sent_per_session_min() const {
    uint64_t least = UINT64_MAX;
    for (const GeneratorSession& session : sessions) {
      if (session.progress.sent < least) least = session.progress.sent;
    }
    return sessions.empty() ? 0 : least;
  }
};

// Groups by index; index 0 stays empty because its epoll tags belong to other descriptors.
using GroupTable = std::vector<std::unique_ptr<SessionGroup>>;

// The group called `name`, or null.
inline SessionGroup* find_group(const GroupTable& groups, std::string_view name) {
  for (const auto& group : groups) {
    if (group != nullptr && group->name == name) return group.get();
  }
  return nullptr;
}

}  // namespace msgtrans
