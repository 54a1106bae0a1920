// What JavaScript sends by a call of its own, rather than through the outbound ring: packets that are large, or that lie in
// memory which is not copied.

#include <array>

#include "binding/number_arguments.h"
#include "binding/reactor_door.h"

namespace msgtrans {

namespace {

// The bytes of so many arguments from `first` on.
template <size_t kParts>
std::array<iovec, kParts> byte_parts(const Napi::CallbackInfo& info, size_t first) {
  std::array<iovec, kParts> parts;
  for (size_t i = 0; i < kParts; ++i) {
    // Read here, on the thread that owns the memory, and used before JavaScript runs again.
    const auto bytes = info[first + i].As<Napi::Uint8Array>();
    parts[i].iov_base = const_cast<uint8_t*>(bytes.Data());  // it is only read
    parts[i].iov_len = bytes.ByteLength();
  }
  return parts;
}

// Header, ext header and payload.
using PacketParts = std::array<iovec, 3>;
PacketParts packet_parts(const Napi::CallbackInfo& info, size_t first) { return byte_parts<3>(info, first); }
// Header and ext header.
std::array<iovec, 2> packet_head(const Napi::CallbackInfo& info, size_t first) { return byte_parts<2>(info, first); }

// [id, offset as in a descriptor]
Napi::Array slice_place(Napi::Env env, const Slice& slice, const SessionEngine& engine) {
  Napi::Array place = Napi::Array::New(env, 2);
  place.Set(0u, slice.id);
  place.Set(1u, slice.dedicated() ? 0.0 : static_cast<double>(slice.data - engine.arena()->data()));
  return place;
}

}  // namespace

Napi::Value ReactorDoor::send_direct(const Napi::CallbackInfo& info) {
  const PacketParts parts = packet_parts(info, 2);
  const bool accepted = binding_->open() &&
                        binding_->engine().send_parts(u32(info, 0), u32(info, 1), parts.data(), parts.size(), 1,
                                                      info[5].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), accepted);
}

Napi::Value ReactorDoor::send_slice(const Napi::CallbackInfo& info) {
  const std::array<iovec, 2> head = packet_head(info, 2);
  const bool is_sent = binding_->open() &&
                       binding_->engine().send_slice(u32(info, 0), u32(info, 1), head.data(), head.size(),
                                                     {u32(info, 4), u32(info, 5), u32(info, 6)});
  return Napi::Boolean::New(info.Env(), is_sent);
}

Napi::Value ReactorDoor::give_slice(const Napi::CallbackInfo& info) {
  const std::array<iovec, 2> head = packet_head(info, 2);
  const bool is_sent = binding_->open() &&
                       binding_->engine().give_slice(u32(info, 0), u32(info, 1), head.data(), head.size(),
                                                     {u32(info, 4), u32(info, 5), u32(info, 6)},
                                                     info[7].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), is_sent);
}

Napi::Value ReactorDoor::send_borrowed(const Napi::CallbackInfo& info) {
  uint32_t token = BorrowedMemory::kNone;
  if (binding_->open()) {
    const PacketParts parts = packet_parts(info, 2);
    const iovec& payload = parts.back();
    const uint32_t word = u32(info, 0);
    BorrowedMemory& borrowed = binding_->borrowed();
    token = borrowed.hold(info[4], static_cast<const uint8_t*>(payload.iov_base), payload.iov_len, word & kSlotMask);
    if (token == BorrowedMemory::kNone) {
      binding_->engine().send_parts(word, u32(info, 1), parts.data(), parts.size(), 1);
    } else {
      binding_->engine().send_referred(word, u32(info, 1), parts.data(), parts.size(), borrowed, token);
      if (!borrowed.is_held(token)) token = BorrowedMemory::kNone;
    }
  }
  return Napi::Number::New(info.Env(), token == BorrowedMemory::kNone ? -1 : static_cast<double>(token));
}

void ReactorDoor::copy_borrowed(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->borrowed().copy(u32(info, 0));
}

Napi::Value ReactorDoor::allocate(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return info.Env().Undefined();
  const SendBuffers::Made made = binding_->send_buffers().allocate(u32(info, 0));
  if (!made.slice.valid() || made.buffer == nullptr) return info.Env().Undefined();
  Napi::Array place = slice_place(info.Env(), made.slice, binding_->engine());
  place.Set(2u, Napi::Value(info.Env(), made.buffer));
  return place;
}

void ReactorDoor::release_allocated(const Napi::CallbackInfo& info) {
  if (binding_->open()) {
    binding_->send_buffers().release(u32(info, 0), info[1]);
  } else {
    SendBuffers::empty(info.Env(), info[1]);
  }
}

Napi::Value ReactorDoor::make_packet(const Napi::CallbackInfo& info) {
  const PacketParts parts = packet_parts(info, 0);
  if (!binding_->open()) return info.Env().Undefined();
  SessionEngine& engine = binding_->engine();
  const Slice slice = engine.make_packet(parts.data(), parts.size());
  if (!slice.valid()) return info.Env().Undefined();
  return slice_place(info.Env(), slice, engine);
}

void ReactorDoor::release_sent(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->engine().release_sent(u32(info, 0));
}

}  // namespace msgtrans
