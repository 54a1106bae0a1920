#include "io/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace msgtrans {

std::optional<SocketAddress> SocketAddress::tcp(const std::string& host, uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage_);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length_ = sizeof(sockaddr_in);
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage_);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length_ = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  SocketAddress address;
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&address.storage_);
  if (path.empty() || path.size() >= sizeof(unix_address->sun_path)) return std::nullopt;
  unix_address->sun_family = AF_UNIX;
  std::memcpy(unix_address->sun_path, path.data(), path.size());
  address.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

SocketAddress SocketAddress::local_of(int fd) {
  SocketAddress address;
  socklen_t length = sizeof(address.storage_);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &length) == 0) address.length_ = length;
  return address;
}

SocketAddress SocketAddress::peer_of(int fd) {
  SocketAddress address;
  socklen_t length = sizeof(address.storage_);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage_), &length) == 0) address.length_ = length;
  return address;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

bool SocketAddress::is_loopback() const {
  if (family() == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  if (family() != AF_INET6) return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
}

std::string SocketAddress::url() const {
  char text[INET6_ADDRSTRLEN];
  switch (family()) {
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage_);
      ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
      return "tcp://" + std::string(text) + ":" + std::to_string(port());
    }
    case AF_INET6: {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
      ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
      return "tcp://[" + std::string(text) + "]:" + std::to_string(port());
    }
    case AF_UNIX: {
      const auto* unix_address = reinterpret_cast<const sockaddr_un*>(&storage_);
      const size_t header_bytes = offsetof(sockaddr_un, sun_path);
      if (length_ <= header_bytes || unix_address->sun_path[0] == '\0') return "";
      return "unix://" + std::string(unix_address->sun_path, ::strnlen(unix_address->sun_path, length_ - header_bytes));
    }
    default:
      return "";
  }
}

}  // namespace msgtrans
