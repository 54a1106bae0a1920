// Opening, accepting and tuning stream sockets. Every descriptor is non-blocking and close-on-exec from birth.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "base/unique_fd.h"
#include "io/socket_address.h"

namespace msgtrans {

struct OpenedSocket {
  UniqueFd fd;
  int error = 0;  // errno, 0 when `fd` is valid
};

// Binds and listens. The options of accepted sockets are set here: Linux copies them from the listener, which
// saves five system calls per accept.
OpenedSocket open_listener(const SocketAddress& address, int backlog);

// Starts a connect. `error` is EINPROGRESS, with a valid descriptor, while it is under way.
OpenedSocket open_connection(const SocketAddress& address);

// The same from the local address `source`; its port is chosen by the kernel, for this destination alone, so that each
// pair of addresses has all ports to itself.
OpenedSocket open_connection_from(const SocketAddress& source, const SocketAddress& address);

// -1 with errno set, as accept4.
int accept_connection(int listener_fd);

// The pending error of a socket (SO_ERROR); 0 when there is none.
int pending_error(int fd);

// recv and sendmsg that are not interrupted by signals and never raise SIGPIPE; -1 with errno set.
ssize_t receive_bytes(int fd, void* data, size_t bytes);
ssize_t send_bytes(int fd, const void* data, size_t bytes);
ssize_t send_vector(int fd, const iovec* parts, size_t count);

// True for the errors after which the same call may succeed later.
bool is_retryable(int error);

}  // namespace msgtrans
