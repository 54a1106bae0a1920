// For tests: an engine with a recording host, peers over real sockets, and a loop that calls the engine exactly when
// libuv would: when the epoll descriptor is readable, when a turn was requested, every tick while ticking, and
// `flush` before each wait. A wake-up that the engine forgets to ask for is a test that does not end well.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "session/recording_host.h"
#include "session/session_engine.h"
#include "session/socket_peer.h"

namespace msgtrans {

class EngineFixture : public testing::Test {
 protected:
  static constexpr uint64_t kPatienceNs = 60'000'000'000;  // for machines that do something else at the same time
  static constexpr uint64_t kTickNs = 16'000'000;

  struct Handle {
    uint32_t slot = 0;
    uint32_t generation = 0;
  };

  void SetUp() override {
    std::string pattern = testing::TempDir() + "msgtrans-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    start(EngineOptions{});
  }

  void TearDown() override {
    if (engine_ != nullptr) engine_->check_invariants();
    peers_.clear();
    engine_.reset();
    ::rmdir(directory_.c_str());
  }

  void start(const EngineOptions& options) {
    engine_.reset();
    host_ = std::make_unique<RecordingHost>();
    engine_ = std::make_unique<SessionEngine>(options, *host_);
    host_->attach(*engine_);
    ASSERT_TRUE(engine_->valid());
  }

  // Where a turn would come from next; false when nothing asked for one within `wait_ms`.
  bool step(int wait_ms = 1) {
    engine_->flush();
    pollfd waited{engine_->epoll_fd(), POLLIN, 0};
    const bool readable = ::poll(&waited, 1, host_->turn_requested ? 0 : wait_ms) > 0;
    const uint64_t now = monotonic_ns();
    const bool tick_due = host_->ticking && now >= next_tick_ns_;
    if (!readable && !host_->turn_requested && !tick_due) return false;
    if (tick_due) next_tick_ns_ = now + kTickNs;
    host_->turn_requested = false;
    engine_->turn();
    return true;
  }

  bool run_until(const std::function<bool()>& done) {
    const uint64_t end = monotonic_ns() + kPatienceNs;
    while (!done()) {
      if (monotonic_ns() > end) return false;
      step();
      for (SocketPeer& peer : peers_) peer.pump();
    }
    return true;
  }

  // Lets everything that is under way come to rest, and fails when it never does.
  void settle() {
    const uint64_t end = monotonic_ns() + kPatienceNs;
    for (int quiet = 0; quiet < 3;) {
      ASSERT_LT(monotonic_ns(), end) << "the engine does not come to rest";
      quiet = step() ? 0 : quiet + 1;
      for (SocketPeer& peer : peers_) peer.pump();
    }
  }

  SocketAddress listen_tcp() { return listen(*SocketAddress::tcp("127.0.0.1", 0)); }
  SocketAddress listen_unix() { return listen(*SocketAddress::unix_path(directory_ + "/s")); }
  SocketAddress listen(const SocketAddress& address) {
    const SessionEngine::Opened opened = engine_->listen(address, 4096);
    EXPECT_EQ(opened.error, 0);
    listener_ = opened.id;
    return opened.address;
  }

  // Connects without waiting for the engine to notice.
  SocketPeer& dial(const SocketAddress& address) {
    OpenedSocket opened = open_connection(address);
    EXPECT_TRUE(opened.fd.valid()) << opened.error;
    peers_.emplace_back(std::move(opened.fd));
    return peers_.back();
  }

  struct Connection {
    SocketPeer& peer;
    Handle handle;
  };
  // Connects and waits for the accepted event.
  Connection join(const SocketAddress& address) {
    const size_t before = host_->count(kEventAccepted);
    SocketPeer& peer = dial(address);
    EXPECT_TRUE(run_until([&] { return host_->count(kEventAccepted) > before; }));
    const Seen* last = nullptr;
    for (const Seen& one : host_->seen) {
      if (one.kind == kEventAccepted) last = &one;
    }
    return {peer, last == nullptr ? Handle{} : Handle{last->slot, last->generation}};
  }

  Session& session(Handle handle) {
    Session* found = engine_->directory().find(handle.slot, handle.generation);
    EXPECT_NE(found, nullptr);
    return *found;
  }
  uint32_t queued_bytes(Handle handle) { return engine_->directory().state(handle.slot).queued_bytes; }
  double queued_total() const {
    return reinterpret_cast<const double*>(engine_->arena()->data())[kControlQueuedTotalF64];
  }
  void send(Handle handle, const std::string& bytes) { host_->send(handle.slot, handle.generation, bytes); }
  bool close(Handle handle, CloseCode code, bool flush) {
    return engine_->close_session(handle.slot, handle.generation, code, flush);
  }

  bool closed() const { return host_->count(kEventClose) > 0; }
  [[nodiscard]] CloseCode close_code() const {
    const Seen* event = host_->find(kEventClose);
    return event == nullptr ? CloseCode{UINT32_MAX} : static_cast<CloseCode>(event->a);
  }

  // Answers every request with the same packet as a response.
  void echo() {
    host_->on_seen = [this](const Seen& one) {
      if (one.kind != 0) return;
      std::string answer = one.packet;
      answer[kPacketTypeOffset] = static_cast<char>(kPacketResponse);
      host_->send(one.slot, one.generation, answer);
    };
  }

  std::string directory_;
  std::unique_ptr<RecordingHost> host_;
  std::unique_ptr<SessionEngine> engine_;
  std::deque<SocketPeer> peers_;
  uint32_t listener_ = 0;
  uint64_t next_tick_ns_ = 0;
};

}  // namespace msgtrans
