// Opens the sessions of a group, many at a time. Blocks the calling thread until all are open or one has
// failed.
#pragma once

#include <optional>

#include "io/stream_socket.h"
#include "programs/control_protocol.h"
#include "programs/session_group.h"

namespace msgtrans {

// Fills in `fd` of every session of `group`. No connect is repeated: an error of one is the answer.
std::optional<ControlError> connect_all(SessionGroup& group);

// Starts to connect one session anew, without waiting: what is sent before it is open waits in its queue.
OpenedSocket open_session(const SessionGroup& group, size_t session_index);

}  // namespace msgtrans
