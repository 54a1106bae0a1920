// Listening, accepting and connecting, and what happens when the process runs out of descriptors.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <vector>

#include "session/engine_fixture.h"

namespace msgtrans {
namespace {

class EngineConnectionsTest : public EngineFixture {
 protected:
  // Takes every descriptor the process may have; gives them back when it ends.
  class Exhaustion {
   public:
    Exhaustion() {
      ::getrlimit(RLIMIT_NOFILE, &before_);
      rlimit low = before_;
      low.rlim_cur = 256;
      ::setrlimit(RLIMIT_NOFILE, &low);
      for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.emplace_back(fd);
    }
    ~Exhaustion() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    Exhaustion(const Exhaustion&) = delete;
    Exhaustion& operator=(const Exhaustion&) = delete;
    void give_back(size_t count) { taken_.resize(taken_.size() - count); }

   private:
    rlimit before_{};
    std::vector<UniqueFd> taken_;
  };

  // The client's descriptor must exist before they run out.
  SocketPeer& prepared_peer(int family) {
    peers_.emplace_back(UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
    return peers_.back();
  }

  [[nodiscard]] size_t turned_away() const {
    size_t total = 0;
    for (const Seen& one : host_->seen) total += one.kind == kEventAcceptFailed ? one.c : 0;
    return total;
  }
};

TEST_F(EngineConnectionsTest, connects_to_itself_over_every_kind_of_socket) {
  for (const SocketAddress& address : {listen_tcp(), listen_unix()}) {
    host_->seen.clear();
    const SessionEngine::Opened opened = engine_->connect(address);
    ASSERT_EQ(opened.error, 0);
    ASSERT_TRUE(run_until([&] { return host_->count(kEventConnected) == 1 && host_->count(kEventAccepted) == 1; }));
    EXPECT_EQ(host_->find(kEventConnected)->a, opened.id);
    EXPECT_EQ(host_->find(kEventAccepted)->a, listener_ - (address.family() == AF_UNIX ? 0 : 1));
    const Seen connected = *host_->find(kEventConnected);
    send({connected.slot, connected.generation}, packet_bytes(kPacketOneWay, 5, "hello"));
    ASSERT_TRUE(run_until([&] { return host_->count(0) == 1; }));
    EXPECT_EQ(engine_->peer_url(connected.slot, connected.generation), address.url());
  }
}

TEST_F(EngineConnectionsTest, reports_a_connect_that_fails_once) {
  const SocketAddress address = listen_tcp();
  engine_->close_listener(listener_);
  const SessionEngine::Opened opened = engine_->connect(address);
  if (opened.id == 0) {
    EXPECT_EQ(opened.error, ECONNREFUSED);
  } else {
    ASSERT_TRUE(run_until([&] { return host_->count(kEventConnectFailed) == 1; }));
    EXPECT_EQ(host_->find(kEventConnectFailed)->a, opened.id);
    EXPECT_EQ(host_->find(kEventConnectFailed)->b, static_cast<uint32_t>(ECONNREFUSED));
  }
  settle();
  EXPECT_EQ(host_->count(kEventConnectFailed), opened.id == 0 ? 0u : 1u);
  EXPECT_FALSE(host_->alive);
  EXPECT_EQ(engine_->connect(*SocketAddress::unix_path(directory_ + "/none")).error, ENOENT);
}

TEST_F(EngineConnectionsTest, says_nothing_more_about_a_connect_that_was_cancelled) {
  const SocketAddress address = listen_tcp();
  const SessionEngine::Opened opened = engine_->connect(address);
  engine_->cancel_connect(opened.id);
  engine_->cancel_connect(opened.id);
  settle();
  EXPECT_EQ(host_->count(kEventConnected), 0u);
  EXPECT_EQ(host_->count(kEventConnectFailed), 0u);
}

TEST_F(EngineConnectionsTest, reports_an_address_in_use) {
  const SocketAddress tcp = listen_tcp();
  EXPECT_EQ(engine_->listen(tcp, 16).error, EADDRINUSE);
  const SocketAddress path = listen_unix();
  EXPECT_EQ(engine_->listen(path, 16).error, EADDRINUSE);
  EXPECT_NO_FATAL_FAILURE(join(path)) << "the first listener still serves";
}

TEST_F(EngineConnectionsTest, removes_the_file_of_a_unix_listener_that_is_closed) {
  listen_unix();
  const std::string path = directory_ + "/s";
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  engine_->close_listener(listener_);
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
  listen_unix();
  engine_->abandon();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(EngineConnectionsTest, keeps_sessions_when_their_listener_is_closed) {
  echo();
  const auto [peer, handle] = join(listen_tcp());
  engine_->close_listener(listener_);
  engine_->close_listener(listener_);
  peer.send(packet_bytes(kPacketRequest, 1, "still"));
  EXPECT_TRUE(run_until([&] { return peers_[0].received == packet_bytes(kPacketResponse, 1, "still"); }));
}

TEST_F(EngineConnectionsTest, keeps_the_process_alive_exactly_while_something_is_open) {
  EXPECT_FALSE(host_->alive);
  const SocketAddress address = listen_unix();
  EXPECT_TRUE(host_->alive);
  const auto [peer, handle] = join(address);
  engine_->close_listener(listener_);
  EXPECT_TRUE(host_->alive) << "a session is open";
  peer.close();
  ASSERT_TRUE(run_until([&] { return closed(); }));
  EXPECT_FALSE(host_->alive);
  EXPECT_FALSE(host_->ticking);
}

TEST_F(EngineConnectionsTest, turns_connections_away_when_descriptors_run_out_and_recovers) {
  const SocketAddress address = listen_tcp();
  SocketPeer& served = join(address).peer;
  for (int i = 0; i < 3; ++i) prepared_peer(address.family());
  {
    Exhaustion exhaustion;
    for (size_t i = 1; i <= 3; ++i) {
      // One after the other: the later ones come too soon after the report of the first.
      (void)::connect(peers_[i].fd(), address.get(), address.length());
      ASSERT_TRUE(run_until([&] { return peers_[i].gone() && turned_away() > 0; })) << "told at once";
    }
    echo();
    served.send(packet_bytes(kPacketRequest, 1, "still served"));
    ASSERT_TRUE(run_until([&] { return !peers_[0].received.empty(); }));
    ASSERT_TRUE(run_until([&] { return turned_away() == 3; })) << "each is reported, the later ones too";
    EXPECT_EQ(static_cast<int>(host_->find(kEventAcceptFailed)->b), EMFILE);
    EXPECT_EQ(host_->find(kEventAcceptFailed)->a, listener_);
    EXPECT_EQ(engine_->counters().accepts_refused, 3u);
    EXPECT_EQ(host_->count(kEventAccepted), 1u);
    settle();
    EXPECT_FALSE(host_->ticking) << "nothing is left to report";
  }
  join(address);
  EXPECT_EQ(host_->count(kEventAccepted), 2u);
}

TEST_F(EngineConnectionsTest, does_not_spin_on_a_listener_it_cannot_serve) {
  const SocketAddress address = listen_tcp();
  prepared_peer(address.family());
  Exhaustion exhaustion;
  const uint64_t before = engine_->counters().syscalls;
  (void)::connect(peers_[0].fd(), address.get(), address.length());
  ASSERT_TRUE(run_until([&] { return engine_->counters().accepts_refused == 1; }));
  settle();
  // One connection: a refused accept, the look for another, and the polls of a few turns.
  EXPECT_LE(engine_->counters().syscalls - before, 40u);
}

TEST_F(EngineConnectionsTest, accepts_again_when_even_the_reserve_was_lost) {
  const SocketAddress address = listen_tcp();
  SocketPeer& waiting = prepared_peer(address.family());
  prepared_peer(address.family());
  {
    Exhaustion exhaustion;
    // With the limit below every open descriptor, the reserve can be closed but not opened again.
    rlimit none{};
    ::getrlimit(RLIMIT_NOFILE, &none);
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);
    (void)::connect(waiting.fd(), address.get(), address.length());
    ASSERT_TRUE(run_until([&] { return turned_away() > 0; }));
    EXPECT_TRUE(host_->ticking) << "the tick tries again";
  }
  (void)::connect(peers_[1].fd(), address.get(), address.length());
  ASSERT_TRUE(run_until([&] { return host_->count(kEventAccepted) >= 1; }));
  settle();
  EXPECT_FALSE(host_->ticking);
}

TEST_F(EngineConnectionsTest, tries_an_accept_that_keeps_failing_once_a_tick) {
  const SocketAddress address = listen_tcp();
  // A listening socket that is shut down is ready for ever, and every accept fails.
  for (int fd = 3; fd < 256; ++fd) {
    if (SocketAddress::local_of(fd).url() == address.url()) ::shutdown(fd, SHUT_RDWR);
  }
  ASSERT_TRUE(run_until([&] { return host_->count(kEventAcceptFailed) == 1; }));
  EXPECT_EQ(host_->find(kEventAcceptFailed)->b, static_cast<uint32_t>(EINVAL));
  const uint64_t begin = monotonic_ns();
  const uint64_t turns = engine_->counters().turns;
  for (int i = 0; i < 200; ++i) step();
  const uint64_t ticks = (monotonic_ns() - begin) / kTickNs;
  // A tick, and the turn in which the listener is found ready again.
  EXPECT_LE(engine_->counters().turns - turns, 2 * ticks + 10);
}

TEST_F(EngineConnectionsTest, opens_every_descriptor_close_on_exec) {
  const auto inherited_by_children = [] {
    std::vector<int> fds;
    for (int fd = 0; fd < 256; ++fd) {
      const int flags = ::fcntl(fd, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) fds.push_back(fd);
    }
    return fds;
  };
  const std::vector<int> before = inherited_by_children();
  for (const SocketAddress& address : {listen_tcp(), listen_unix()}) {
    ASSERT_EQ(engine_->connect(address).error, 0);
    join(address);
  }
  EXPECT_EQ(inherited_by_children(), before);
}

}  // namespace
}  // namespace msgtrans
