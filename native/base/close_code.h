// Why a session, a connect or an accept ended. The numbers cross into JavaScript (generated into
// `core/layout.generated.ts`), where each becomes a stable `ERR_MSGTRANS_*` code.
#pragma once

#include <cstdint>

namespace msgtrans {

enum class CloseCode : uint32_t {
  kOrderly = 0,              // either side closed after everything was sent
  kProtocolVersion = 1,
  kProtocolCompression = 2,
  kProtocolPacketType = 3,
  kProtocolFragmented = 4,
  kProtocolTruncated = 5,    // the peer closed in the middle of a frame
  kPayloadTooLarge = 6,
  kExtHeaderTooLarge = 7,
  kConnectionReset = 8,
  kConnectionLost = 9,       // any other error of the operating system; the errno goes with it
  kSlowConsumer = 10,
  kStalled = 11,
  kBufferBudget = 12,
  kOutOfMemory = 13,
  kTransportClosed = 14,     // the drain time of `transport.close()` ran out
  kWorkerExited = 15,        // the thread at the other end of a session in process ended
  kSendBufferLost = 16,      // memory that was given to `send` was taken away before it was written
  kSendBufferChanged = 17,   // it was written to (found with `debugBuffers` only)
};

}  // namespace msgtrans
