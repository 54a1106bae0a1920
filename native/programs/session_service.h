// What a session needs from the loop whether or not its group has a window. One thread.
#pragma once

#include <cstdint>

#include "programs/generator_loop.h"
#include "programs/reply_receiver.h"
#include "programs/session_group.h"

namespace msgtrans {

// Sends what is queued on a writable session. False when the session was lost.
bool flush_session(SessionGroup& group, uint32_t session_index, GeneratorLoop& loop);

// Serves a session outside the windows of its group: flushes, judges late replies, notices that it is gone.
void serve_idle_session(SessionGroup& group, uint32_t session_index, uint32_t events, GeneratorLoop& loop,
                        ReplyReceiver& receiver);

}  // namespace msgtrans
