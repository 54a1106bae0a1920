#include "io/socket_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "base/unique_fd.h"

namespace msgtrans {
namespace {

std::string tcp_url(const std::string& host, uint16_t port) {
  const auto address = SocketAddress::tcp(host, port);
  return address ? address->url() : "none";
}

TEST(SocketAddress, writes_urls_of_every_family) {
  EXPECT_EQ(tcp_url("127.0.0.1", 80), "tcp://127.0.0.1:80");
  EXPECT_EQ(tcp_url("0.0.0.0", 0), "tcp://0.0.0.0:0");
  EXPECT_EQ(tcp_url("::1", 65535), "tcp://[::1]:65535");
  EXPECT_EQ(tcp_url("2001:DB8:0:0::7", 1), "tcp://[2001:db8::7]:1");
  EXPECT_EQ(SocketAddress::unix_path("/run/a b.sock")->url(), "unix:///run/a b.sock");
}

TEST(SocketAddress, is_none_for_what_is_no_literal_address) {
  for (const char* host : {"", "localhost", "127.0.0.1.1", "256.0.0.1", "127.1", "[::1]", ":::", "127.0.0.1 "}) {
    EXPECT_FALSE(SocketAddress::tcp(host, 1)) << host;
  }
}

TEST(SocketAddress, takes_unix_paths_up_to_the_kernels_limit) {
  const size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  const std::string longest = "/" + std::string(path_bytes_max - 1, 'x');
  ASSERT_TRUE(SocketAddress::unix_path(longest));
  EXPECT_EQ(SocketAddress::unix_path(longest)->url(), "unix://" + longest);
  EXPECT_FALSE(SocketAddress::unix_path(longest + "x"));
  EXPECT_FALSE(SocketAddress::unix_path(""));
}

TEST(SocketAddress, has_a_port_only_where_there_are_ports) {
  EXPECT_EQ(SocketAddress::tcp("127.0.0.1", 4321)->port(), 4321);
  EXPECT_EQ(SocketAddress::tcp("::1", 4321)->port(), 4321);
  EXPECT_EQ(SocketAddress::unix_path("/x")->port(), 0);
  EXPECT_EQ(SocketAddress().port(), 0);
}

TEST(SocketAddress, knows_which_addresses_are_of_this_machine) {
  for (const char* host : {"127.0.0.1", "127.0.0.254", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(SocketAddress::tcp(host, 1)->is_loopback()) << host;
  }
  for (const char* host : {"0.0.0.0", "126.0.0.1", "128.0.0.1", "::", "::2", "::ffff:128.0.0.1", "fe80::1"}) {
    EXPECT_FALSE(SocketAddress::tcp(host, 1)->is_loopback()) << host;
  }
  EXPECT_FALSE(SocketAddress::unix_path("/x")->is_loopback());
  EXPECT_FALSE(SocketAddress().is_loopback());
}

TEST(SocketAddress, reads_both_ends_of_a_socket) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress any = *SocketAddress::tcp("127.0.0.1", 0);
  ASSERT_EQ(::bind(listener.get(), any.get(), any.length()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const SocketAddress local = SocketAddress::local_of(listener.get());
  EXPECT_NE(local.port(), 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), local.get(), local.length()), 0);
  EXPECT_EQ(SocketAddress::peer_of(client.get()).url(), local.url());
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(SocketAddress::peer_of(server.get()).url(), SocketAddress::local_of(client.get()).url());
}

TEST(SocketAddress, has_no_url_for_what_has_no_name) {
  EXPECT_EQ(SocketAddress().url(), "");
  EXPECT_EQ(SocketAddress::peer_of(-1).url(), "");
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const UniqueFd first(pair[0]);
  const UniqueFd second(pair[1]);
  EXPECT_EQ(SocketAddress::local_of(first.get()).url(), "") << "an unnamed unix socket";
  EXPECT_EQ(SocketAddress::peer_of(first.get()).url(), "");
}

TEST(SocketAddress, has_no_url_for_an_abstract_unix_socket) {
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  const std::string name = "msgtrans-test-" + std::to_string(::getpid());
  name.copy(abstract.sun_path + 1, name.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&abstract), length), 0);
  EXPECT_EQ(SocketAddress::local_of(fd.get()).url(), "");
}

}  // namespace
}  // namespace msgtrans
