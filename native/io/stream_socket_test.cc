#include "io/stream_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace msgtrans {
namespace {

TEST(StreamSocket, connects_from_the_address_it_is_told) {
  const OpenedSocket listener = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 8);
  ASSERT_TRUE(listener.fd.valid());
  const SocketAddress bound = SocketAddress::local_of(listener.fd.get());
  const OpenedSocket opened = open_connection_from(*SocketAddress::tcp("127.0.0.9", 0), bound);
  ASSERT_TRUE(opened.fd.valid()) << opened.error;
  EXPECT_EQ(SocketAddress::local_of(opened.fd.get()).url().find("tcp://127.0.0.9:"), 0u);
  const OpenedSocket foreign = open_connection_from(*SocketAddress::tcp("192.0.2.1", 0), bound);
  EXPECT_FALSE(foreign.fd.valid());
  EXPECT_EQ(foreign.error, EADDRNOTAVAIL);
}

class StreamSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "msgtrans-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ + "/s";
    address_ = *SocketAddress::unix_path(path_);
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }

  [[nodiscard]] bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }

  std::string directory_;
  std::string path_;
  SocketAddress address_;
};

bool wait_for(int fd, short events) {
  pollfd waited{fd, events, 0};
  return ::poll(&waited, 1, 20'000) == 1;
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

struct Pair {
  UniqueFd first;
  UniqueFd second;
};

Pair socket_pair() {
  int pair[2] = {-1, -1};
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
  return {UniqueFd(pair[0]), UniqueFd(pair[1])};
}

TEST_F(StreamSocketTest, replaces_the_file_of_a_listener_that_died) {
  (void)open_listener(address_, 1);  // closed at once, as a killed process leaves it: its file stays
  ASSERT_TRUE(exists());
  const OpenedSocket second = open_listener(address_, 1);
  EXPECT_EQ(second.error, 0);
  EXPECT_TRUE(open_connection(address_).fd.valid());
}

TEST_F(StreamSocketTest, leaves_the_file_of_a_live_listener_alone) {
  const OpenedSocket live = open_listener(address_, 8);
  ASSERT_TRUE(live.fd.valid());
  const OpenedSocket second = open_listener(address_, 8);
  EXPECT_FALSE(second.fd.valid());
  EXPECT_EQ(second.error, EADDRINUSE);
  EXPECT_TRUE(open_connection(address_).fd.valid());
}

TEST_F(StreamSocketTest, calls_the_address_in_use_when_the_live_listener_is_too_busy_to_answer) {
  const OpenedSocket live = open_listener(address_, 0);
  std::vector<OpenedSocket> waiting;
  do {
    waiting.push_back(open_connection(address_));
  } while (waiting.back().fd.valid());
  ASSERT_EQ(waiting.back().error, EAGAIN) << "its backlog is full";
  EXPECT_EQ(open_listener(address_, 8).error, EADDRINUSE);
  EXPECT_TRUE(exists());
}

TEST_F(StreamSocketTest, never_removes_a_file_that_is_no_socket) {
  std::ofstream(path_) << "precious";
  const OpenedSocket opened = open_listener(address_, 1);
  EXPECT_EQ(opened.error, EADDRINUSE);
  EXPECT_TRUE(exists());
}

TEST_F(StreamSocketTest, reports_a_tcp_port_that_is_taken) {
  const OpenedSocket first = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 1);
  ASSERT_TRUE(first.fd.valid());
  const OpenedSocket second = open_listener(SocketAddress::local_of(first.fd.get()), 1);
  EXPECT_FALSE(second.fd.valid());
  EXPECT_EQ(second.error, EADDRINUSE);
}

TEST_F(StreamSocketTest, opens_every_descriptor_non_blocking_and_close_on_exec) {
  const OpenedSocket listener = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 8);
  const OpenedSocket client = open_connection(SocketAddress::local_of(listener.fd.get()));
  ASSERT_TRUE(wait_for(listener.fd.get(), POLLIN));
  const UniqueFd accepted(accept_connection(listener.fd.get()));
  for (const int fd : {listener.fd.get(), client.fd.get(), accepted.get()}) {
    ASSERT_GE(fd, 0);
    EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_EQ(accept_connection(listener.fd.get()), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(StreamSocketTest, lets_accepted_sockets_inherit_their_options_from_the_listener) {
  const OpenedSocket listener = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 8);
  const OpenedSocket client = open_connection(SocketAddress::local_of(listener.fd.get()));
  ASSERT_TRUE(wait_for(listener.fd.get(), POLLIN));
  const UniqueFd accepted(accept_connection(listener.fd.get()));
  for (const int fd : {client.fd.get(), accepted.get()}) {
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 128 * 1024);
  }
}

// Of 100 000 probes that fall due together loopback drops nearly all, and with them the sessions.
TEST_F(StreamSocketTest, keeps_alive_what_a_network_may_lose_and_nothing_on_loopback) {
  struct Case {
    const char* listen;
    const char* connect;
    int keep_alive;
  };
  // The kernel takes a connect to the unspecified address to this machine; its socket does not say that it will.
  for (const auto& [listen, connect, keep_alive] : {Case{"127.0.0.1", "127.0.0.1", 0}, Case{"::1", "::1", 0},
                                                    Case{"0.0.0.0", "0.0.0.0", 1}}) {
    const OpenedSocket listener = open_listener(*SocketAddress::tcp(listen, 0), 8);
    if (listener.error == EADDRNOTAVAIL || listener.error == EAFNOSUPPORT) continue;  // No IPv6 here.
    ASSERT_TRUE(listener.fd.valid()) << listen;
    const uint16_t port = SocketAddress::local_of(listener.fd.get()).port();
    const OpenedSocket client = open_connection(*SocketAddress::tcp(connect, port));
    ASSERT_TRUE(wait_for(listener.fd.get(), POLLIN));
    const UniqueFd accepted(accept_connection(listener.fd.get()));
    for (const int fd : {client.fd.get(), accepted.get()}) {
      EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), keep_alive) << listen;
      if (keep_alive == 0) continue;
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
      EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    }
  }
}

TEST_F(StreamSocketTest, tells_why_a_connect_failed) {
  SocketAddress nobody;
  {
    const OpenedSocket listener = open_listener(*SocketAddress::tcp("127.0.0.1", 0), 1);
    nobody = SocketAddress::local_of(listener.fd.get());
  }
  const OpenedSocket refused = open_connection(nobody);
  if (refused.fd.valid()) {
    ASSERT_EQ(refused.error, EINPROGRESS);
    ASSERT_TRUE(wait_for(refused.fd.get(), POLLOUT));
    EXPECT_EQ(pending_error(refused.fd.get()), ECONNREFUSED);
  } else {
    EXPECT_EQ(refused.error, ECONNREFUSED);
  }
  EXPECT_EQ(open_connection(address_).error, ENOENT);
}

TEST_F(StreamSocketTest, is_not_killed_by_writing_to_a_peer_that_went) {
  struct sigaction before {};
  struct sigaction fatal {};
  fatal.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &fatal, &before);
  Pair pair = socket_pair();
  pair.second.reset();
  const char byte = 1;
  EXPECT_EQ(send_bytes(pair.first.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EPIPE);
  const iovec part{const_cast<char*>(&byte), 1};
  EXPECT_EQ(send_vector(pair.first.get(), &part, 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_F(StreamSocketTest, moves_bytes_and_sees_the_end) {
  Pair pair = socket_pair();
  char text[] = "abcdef";
  const iovec parts[] = {{text + 3, 3}, {text, 3}};
  EXPECT_EQ(send_vector(pair.first.get(), parts, 2), 6);
  char received[16] = {};
  EXPECT_EQ(receive_bytes(pair.second.get(), received, sizeof(received)), 6);
  EXPECT_STREQ(received, "defabc");
  EXPECT_EQ(receive_bytes(pair.second.get(), received, sizeof(received)), -1);
  EXPECT_TRUE(is_retryable(errno));
  pair.first.reset();
  EXPECT_EQ(receive_bytes(pair.second.get(), received, sizeof(received)), 0);
}

TEST(StreamSocketErrors, retries_only_what_may_pass) {
  for (const int error : {EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM}) EXPECT_TRUE(is_retryable(error));
  for (const int error : {EPIPE, ECONNRESET, EBADF, ETIMEDOUT, EINVAL}) EXPECT_FALSE(is_retryable(error));
}

}  // namespace
}  // namespace msgtrans
