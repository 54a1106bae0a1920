// The addresses that the programs are given: `tcp://127.0.0.1:8001`, `tcp://[::1]:0`, `unix:///path`. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "io/socket_address.h"

namespace msgtrans {

// Hosts are literal addresses or `localhost`; nothing when `url` is neither form or its port is above 65535.
std::optional<SocketAddress> parse_endpoint(std::string_view url);

// The path of a `unix://` address that parse_endpoint() accepts; empty for every other.
std::string_view unix_path_of(std::string_view url);

}  // namespace msgtrans
