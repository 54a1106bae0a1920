// A packet on its way to another reactor whose payload stays in the slice that it lies in: the slice is lent, and given back
// when nobody needs the packet any more. Header and ext header are apart.
//
// Whoever exposes the payload to JavaScript lets a handler write into it. So before a packet is shown to the reactor that
// it is for, its sender has seen to it that nobody else writes or reads the payload; and when it went to several at once
// (`is_shared`), each of them looks whether it is the last that has it, and else exposes a copy.
//
// Thread: the sender's until the record that carries it is published, the receiver's from then on.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "memory/lent_slice.h"

namespace msgtrans {

struct LentPacket {
  std::unique_ptr<uint8_t[]> head;  // header and ext header
  uint32_t head_bytes = 0;
  uint8_t* payload = nullptr;       // in `memory`
  uint32_t payload_bytes = 0;
  LentSlice memory;
  bool is_counted = true;           // its sender holds the session
  bool is_shared = false;           // others were lent the same payload
  bool is_kept_here = false;        // the receiver's: it has it for longer than the delivery

  [[nodiscard]] uint32_t bytes() const { return head_bytes + payload_bytes; }
  [[nodiscard]] bool may_expose() const { return !is_shared || memory.is_sole(); }

  // Without memory for the payload yet. Null when memory is refused.
  static std::unique_ptr<LentPacket> create(const iovec* head_parts, size_t count, bool is_counted) {
    auto packet = std::unique_ptr<LentPacket>(new (std::nothrow) LentPacket());
    if (packet == nullptr) return nullptr;
    size_t bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += head_parts[i].iov_len;
    packet->head.reset(new (std::nothrow) uint8_t[bytes]);
    if (packet->head == nullptr) return nullptr;
    for (size_t i = 0; i < count; ++i) {
      if (head_parts[i].iov_len == 0) continue;
      std::memcpy(packet->head.get() + packet->head_bytes, head_parts[i].iov_base, head_parts[i].iov_len);
      packet->head_bytes += static_cast<uint32_t>(head_parts[i].iov_len);
    }
    packet->is_counted = is_counted;
    return packet;
  }
};

}  // namespace msgtrans
