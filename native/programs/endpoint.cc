#include "programs/endpoint.h"

#include <charconv>
#include <string>

namespace msgtrans {
namespace {

constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kUnix = "unix://";

}  // namespace

std::string_view unix_path_of(std::string_view url) {
  return url.starts_with(kUnix) ? url.substr(kUnix.size()) : std::string_view();
}

std::optional<SocketAddress> parse_endpoint(std::string_view url) {
  if (url.starts_with(kUnix)) {
    const std::string_view path = unix_path_of(url);
    if (!path.starts_with('/')) return std::nullopt;
    return SocketAddress::unix_path(path);
  }
  if (!url.starts_with(kTcp)) return std::nullopt;
  url.remove_prefix(kTcp.size());
  const size_t colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = url.substr(0, colon);
  const std::string_view port_text = url.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  const auto result = std::from_chars(port_text.data(), end, port);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return SocketAddress::tcp(std::string(host), port);
}

}  // namespace msgtrans
