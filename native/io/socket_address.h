// Addresses of the transports that live on sockets: TCP over IPv4 and IPv6, and unix sockets.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace msgtrans {

class SocketAddress {
 public:
  // `host` is a literal address; names are resolved before they come here. Empty when it is none.
  static std::optional<SocketAddress> tcp(const std::string& host, uint16_t port);
  // Empty when the path does not fit into the kernel's 108 bytes, ending included.
  static std::optional<SocketAddress> unix_path(std::string_view path);
  static SocketAddress local_of(int fd);
  static SocketAddress peer_of(int fd);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t length() const { return length_; }
  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] uint16_t port() const;
  // True for 127.0.0.0/8, ::1 and what IPv6 maps to the former: whoever is there runs on this machine.
  [[nodiscard]] bool is_loopback() const;
  // `tcp://127.0.0.1:80`, `tcp://[::1]:80`, `unix:///path`; empty for an unnamed unix socket.
  [[nodiscard]] std::string url() const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace msgtrans
