// For tests: one reactor's ends of sessions in process, played and judged.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "session/test_reactor.h"

namespace msgtrans {

// The packet that one end sends as its `sequence`-th: its size and bytes follow from the number.
inline std::string numbered(uint32_t sequence, uint32_t bytes_max) {
  const uint32_t bytes = sequence * 2654435761u % bytes_max;
  return packet_bytes(kPacketOneWay, sequence, std::string(bytes, static_cast<char>('a' + sequence % 26)));
}

// What one end has sent and seen.
struct Conversation {
  SessionEnd end;
  uint32_t sent = 0;
  uint32_t received = 0;
  uint32_t opened = 0;
  uint32_t closed = 0;
  CloseCode code = CloseCode{UINT32_MAX};
  bool closed_here = false;
};

// Plays the ends that a reactor holds, and checks order and content of everything that comes.
struct Player {
  Player(TestReactor& played, uint32_t largest) : reactor(played), bytes_max(largest) {
    reactor.host.on_seen = [this](const Seen& one) { see(one); };
  }
  void see(const Seen& one) {
    reactor.host.seen.clear();
    switch (one.kind) {
      case kEventArena:
        ++arenas;
        return;
      case kEventConnectFailed:
        ++refused;
        return;
      case kEventDrain:
        ++drained;
        return;
      default:
        break;
    }
    const SessionEnd end{one.slot, one.generation};
    Conversation& conversation = ends[end.key()];
    conversation.end = end;
    if (one.kind == kEventAccepted || one.kind == kEventConnected) {
      ASSERT_EQ(++conversation.opened, 1u);
      newest = &conversation;
      ++opened;
    } else if (one.kind == kEventClose) {
      ASSERT_EQ(conversation.opened, 1u);
      ASSERT_EQ(++conversation.closed, 1u) << "one close";
      conversation.code = static_cast<CloseCode>(one.a);
      conversation.closed_here = one.c != 0;
      ++closed;
    } else {
      ASSERT_EQ(one.kind, 0u);
      ASSERT_EQ(conversation.opened, 1u) << "the opening comes first";
      ASSERT_EQ(conversation.closed, 0u) << "nothing comes after the close";
      ++conversation.received;
      ++received;
      ASSERT_EQ(one.packet, numbered(conversation.received, bytes_max)) << "in order, as it was sent";
      if (on_message) on_message(conversation);
    }
  }
  void send(Conversation& conversation) { reactor.send(conversation.end, numbered(++conversation.sent, bytes_max)); }
  // The only end that there is.
  Conversation& single() { return ends.begin()->second; }
  uint64_t queued() {
    uint64_t bytes = 0;
    for (const auto& [key, one] : ends) bytes += one.closed == 0 ? reactor.queued_bytes(one.end) : 0;
    return bytes;
  }

  TestReactor& reactor;
  uint32_t bytes_max;
  std::map<uint64_t, Conversation> ends;
  Conversation* newest = nullptr;
  std::function<void(Conversation&)> on_message;
  uint64_t opened = 0, closed = 0, received = 0, refused = 0, drained = 0, arenas = 0;
};

}  // namespace msgtrans
