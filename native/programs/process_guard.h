// What both programs do to their process before anything else. Call once, on the main thread.
#pragma once

#include <string>

#include "base/unique_fd.h"

namespace msgtrans {

// Ends this process when its parent ends, ignores SIGPIPE, raises the descriptor limit to the hard one, and
// gives a descriptor that becomes readable on SIGTERM (and on SIGINT when a person runs the program).
UniqueFd guard_process();

// Descriptors this process may have open.
size_t descriptor_limit();

// "Address already in use (errno 98)".
std::string describe_errno(int error_number);

}  // namespace msgtrans
