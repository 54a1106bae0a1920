#include "io/stream_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace msgtrans {

namespace {

// A peer that vanished is noticed after 60 s at most, whether we are sending (user timeout) or not (keep-alive).
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveProbes = 3;
constexpr unsigned kUserTimeoutMs = 60'000;
// Unsent bytes the kernel may hold per socket before it stops asking for more: what waits beyond that waits in our
// queue, where it is counted and bounded.
constexpr int kNotSentLowWaterBytes = 128 * 1024;

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof(value)); }

// A peer on this machine cannot vanish unheard: the kernel that would not answer is the one that closes its sockets.
// Keep-alive would do harm there: sessions that were opened together fall due in the same tick, and of so many probes
// at once loopback drops all but net.core.netdev_max_backlog (1 000), without telling the sender: tens of thousands of
// healthy sessions that nobody used for a minute would be cut. (A network interface reports what it drops, and the
// kernel probes again half a second later.)
void keep_alive(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

// `address`: where the peers are, or where one listens for them.
void tune(int fd, const SocketAddress& address) {
  if (address.family() == AF_UNIX) return;
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!address.is_loopback()) keep_alive(fd);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kUserTimeoutMs));
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowWaterBytes);
}

OpenedSocket open_socket(const SocketAddress& address) {
  OpenedSocket opened;
  opened.fd.reset(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!opened.fd.valid()) {
    opened.error = errno;
    return opened;
  }
  tune(opened.fd.get(), address);
  return opened;
}

void start_connect(OpenedSocket& opened, const SocketAddress& address) {
  int result;
  do {
    result = ::connect(opened.fd.get(), address.get(), address.length());
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  opened.error = errno;
  if (errno != EINPROGRESS) opened.fd.reset();
}

// A unix socket's file outlives a process that was killed. Only a file on which nobody answers is removed.
bool remove_stale_unix_file(const SocketAddress& address) {
  const auto* unix_address = reinterpret_cast<const sockaddr_un*>(address.get());
  struct stat status{};
  if (::lstat(unix_address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return false;
  if (::connect(probe.get(), address.get(), address.length()) == 0 || errno != ECONNREFUSED) return false;
  return ::unlink(unix_address->sun_path) == 0;
}

}  // namespace

OpenedSocket open_listener(const SocketAddress& address, int backlog) {
  OpenedSocket opened = open_socket(address);
  if (!opened.fd.valid()) return opened;
  const int fd = opened.fd.get();
  if (address.family() != AF_UNIX) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const auto bind_error = [&] { return ::bind(fd, address.get(), address.length()) == 0 ? 0 : errno; };
  opened.error = bind_error();
  // The error of the bind stands whatever the probe of the file meets.
  if (opened.error == EADDRINUSE && address.family() == AF_UNIX && remove_stale_unix_file(address)) {
    opened.error = bind_error();
  }
  if (opened.error == 0 && ::listen(fd, backlog) != 0) opened.error = errno;
  if (opened.error != 0) opened.fd.reset();
  return opened;
}

OpenedSocket open_connection(const SocketAddress& address) {
  OpenedSocket opened = open_socket(address);
  if (opened.fd.valid()) start_connect(opened, address);
  return opened;
}

OpenedSocket open_connection_from(const SocketAddress& source, const SocketAddress& address) {
  OpenedSocket opened = open_socket(address);
  if (!opened.fd.valid()) return opened;
  // Without this the bind takes a port that no other destination can use.
  set_option(opened.fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (::bind(opened.fd.get(), source.get(), source.length()) != 0) {
    opened.error = errno;
    opened.fd.reset();
    return opened;
  }
  start_connect(opened, address);
  return opened;
}

int accept_connection(int listener_fd) {
  int fd;
  do {
    fd = ::accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
  return fd;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

ssize_t receive_bytes(int fd, void* data, size_t bytes) {
  ssize_t received;
  do {
    received = ::recv(fd, data, bytes, 0);
  } while (received < 0 && errno == EINTR);
  return received;
}

ssize_t send_bytes(int fd, const void* data, size_t bytes) {
  ssize_t sent;
  do {
    sent = ::send(fd, data, bytes, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

ssize_t send_vector(int fd, const iovec* parts, size_t count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = count;
  ssize_t sent;
  do {
    // sendmsg rather than writev: only it takes MSG_NOSIGNAL.
    sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

bool is_retryable(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

}  // namespace msgtrans
