#include "session/link_record.h"

#include "session/handed_socket.h"
#include "session/lent_packet.h"
#include "session/owned_bytes.h"
#include "session/reactor_call.h"

namespace msgtrans {

void dispose(const LinkRecord& record) {
  switch (record.kind) {
    case LinkKind::kPacket:
      delete reinterpret_cast<OwnedBytes*>(record.b);
      return;
    case LinkKind::kLent:
      delete reinterpret_cast<LentPacket*>(record.b);
      return;
    case LinkKind::kSocket:
      delete reinterpret_cast<HandedSocket*>(record.b);
      return;
    case LinkKind::kCall:
      return ReactorCall::from_record(record.b)->give_up();
    default:
      // The rest owns nothing, or (kRuns, kDelivery, kDelivered) something that outlives the link.
      return;
  }
}

}  // namespace msgtrans
