#include "binding/reactor_door.h"

#include <cerrno>
#include <optional>
#include <string>

#include "binding/reactor_number.h"

namespace msgtrans {

namespace {

uint32_t u32(const Napi::CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Uint32Value(); }

uint64_t nanoseconds(const Napi::Object& options, const char* name) {
  return static_cast<uint64_t>(options.Get(name).As<Napi::Number>().DoubleValue() * 1e6);
}

uint32_t option_u32(const Napi::Object& options, const char* name) {
  return options.Get(name).As<Napi::Number>().Uint32Value();
}

// A port below zero marks a unix path.
std::optional<SocketAddress> address_of(const Napi::CallbackInfo& info) {
  const std::string host = info[0].As<Napi::String>().Utf8Value();
  const int32_t port = info[1].As<Napi::Number>().Int32Value();
  return port < 0 ? SocketAddress::unix_path(host) : SocketAddress::tcp(host, static_cast<uint16_t>(port));
}

Napi::Object opened_object(Napi::Env env, const SessionEngine::Opened& opened) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("error", opened.error);
  object.Set("id", opened.id);
  object.Set("url", opened.address.url());
  object.Set("port", opened.address.port());
  return object;
}

template <class Owner>
Napi::Value shared_buffer(Napi::Env env, uint8_t* data, size_t bytes, const std::shared_ptr<Owner>& owner) {
  auto* keep = new std::shared_ptr<Owner>(owner);
  return Napi::ArrayBuffer::New(
      env, data, bytes, [](Napi::BasicEnv, void*, std::shared_ptr<Owner>* kept) { delete kept; }, keep);
}

}  // namespace

Napi::Function ReactorDoor::define(Napi::Env env) {
  return DefineClass(env, "Reactor",
                     {
                         InstanceMethod<&ReactorDoor::listen>("listen"),
                         InstanceMethod<&ReactorDoor::close_listener>("closeListener"),
                         InstanceMethod<&ReactorDoor::connect>("connect"),
                         InstanceMethod<&ReactorDoor::cancel_connect>("cancelConnect"),
                         InstanceMethod<&ReactorDoor::flush>("flush"),
                         InstanceMethod<&ReactorDoor::send_direct>("sendDirect"),
                         InstanceMethod<&ReactorDoor::close_session>("closeSession"),
                         InstanceMethod<&ReactorDoor::close_all>("closeAll"),
                         InstanceMethod<&ReactorDoor::set_paused>("setPaused"),
                         InstanceMethod<&ReactorDoor::peer_url>("peerUrl"),
                         InstanceMethod<&ReactorDoor::slot_segment>("slotSegment"),
                         InstanceMethod<&ReactorDoor::set_deadlines>("setDeadlines"),
                         InstanceMethod<&ReactorDoor::now_ms>("nowMs"),
                         InstanceMethod<&ReactorDoor::expose>("expose"),
                         InstanceMethod<&ReactorDoor::slice_extent>("sliceExtent"),
                         InstanceMethod<&ReactorDoor::slice_bytes>("sliceBytes"),
                         InstanceMethod<&ReactorDoor::retain>("retain"),
                         InstanceMethod<&ReactorDoor::retained_buffer>("retainedBuffer"),
                         InstanceMethod<&ReactorDoor::release>("release"),
                         InstanceMethod<&ReactorDoor::counters>("counters"),
                         InstanceMethod<&ReactorDoor::destroy>("destroy"),
                     });
}

ReactorDoor::ReactorDoor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReactorDoor>(info) {
  const Napi::Env env = info.Env();
  const auto given = info[0].As<Napi::Object>();
  const std::optional<uint32_t> number = ReactorNumber::claim();
  if (!number) {
    Napi::RangeError::New(env, "too many transports: this process has 256 reactors, the most there can be; close one first")
        .ThrowAsJavaScriptException();
    return;
  }
  EngineOptions options;
  options.reactor = *number;
  options.session_capacity = option_u32(given, "initialSessionCapacity");
  options.limits.payload_bytes_max = option_u32(given, "payloadBytesMax");
  options.limits.ext_header_bytes_max = option_u32(given, "extHeaderBytesMax");
  options.stall_timeout_ns = nanoseconds(given, "stallTimeoutMs");
  options.linger_timeout_ns = nanoseconds(given, "lingerTimeoutMs");
  options.pool.dedicated_bytes_max = static_cast<size_t>(given.Get("bufferBytesMax").As<Napi::Number>().Int64Value());
  binding_ = ReactorBinding::create(env, options, info[1], info[2]);
  if (binding_ == nullptr) {
    ReactorNumber::release(*number);
    Napi::Error::New(env, "the kernel refused memory or descriptors for a reactor").ThrowAsJavaScriptException();
    return;
  }
  const std::shared_ptr<Arena> arena = binding_->engine().arena();
  const auto self = info.This().As<Napi::Object>();
  self.Set("arena", shared_buffer(env, arena->data(), arena->bytes(), arena));
  self.Set("descriptorOffset", static_cast<double>(arena->descriptor_offset()));
  self.Set("eventOffset", static_cast<double>(arena->event_offset()));
  self.Set("ringOffset", static_cast<double>(arena->ring_offset()));
}

ReactorDoor::~ReactorDoor() {
  if (binding_ != nullptr) binding_->drop_door();
}

Napi::Value ReactorDoor::listen(const Napi::CallbackInfo& info) {
  const std::optional<SocketAddress> address = address_of(info);
  if (!address) return opened_object(info.Env(), {EINVAL, 0, {}});
  return opened_object(info.Env(), binding_->engine().listen(*address, info[2].As<Napi::Number>().Int32Value()));
}

void ReactorDoor::close_listener(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->engine().close_listener(u32(info, 0));
}

Napi::Value ReactorDoor::connect(const Napi::CallbackInfo& info) {
  const std::optional<SocketAddress> address = address_of(info);
  if (!address) return opened_object(info.Env(), {EINVAL, 0, {}});
  return opened_object(info.Env(), binding_->engine().connect(*address));
}

void ReactorDoor::cancel_connect(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->engine().cancel_connect(u32(info, 0));
}

void ReactorDoor::flush(const Napi::CallbackInfo&) {
  if (binding_->open()) binding_->engine().flush();
}

Napi::Value ReactorDoor::send_direct(const Napi::CallbackInfo& info) {
  iovec parts[3];
  for (size_t i = 0; i < 3; ++i) {
    // Read here, on the thread that owns the memory, and used before JavaScript runs again.
    const auto bytes = info[i + 2].As<Napi::Uint8Array>();
    parts[i].iov_base = const_cast<uint8_t*>(bytes.Data());  // sendmsg only reads it
    parts[i].iov_len = bytes.ByteLength();
  }
  const bool accepted = binding_->open() && binding_->engine().send_parts(u32(info, 0), u32(info, 1), parts, 3, 1);
  return Napi::Boolean::New(info.Env(), accepted);
}

Napi::Value ReactorDoor::close_session(const Napi::CallbackInfo& info) {
  const bool was_open =
      binding_->open() && binding_->engine().close_session(u32(info, 0), u32(info, 1),
                                                           static_cast<CloseCode>(u32(info, 2)),
                                                           info[3].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), was_open);
}

void ReactorDoor::close_all(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return;
  binding_->engine().close_all(static_cast<CloseCode>(u32(info, 0)), info[1].As<Napi::Boolean>().Value());
}

void ReactorDoor::set_paused(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return;
  binding_->engine().set_paused(u32(info, 0), u32(info, 1), info[2].As<Napi::Boolean>().Value());
}

Napi::Value ReactorDoor::peer_url(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return Napi::String::New(info.Env(), "");
  return Napi::String::New(info.Env(), binding_->engine().peer_address(u32(info, 0), u32(info, 1)).url());
}

Napi::Value ReactorDoor::slot_segment(const Napi::CallbackInfo& info) {
  const uint32_t index = u32(info, 0);
  if (!binding_->open() || index >= binding_->engine().directory().segment_count()) return info.Env().Undefined();
  const std::shared_ptr<Mapping> segment = binding_->engine().directory().segment(index);
  return shared_buffer(info.Env(), segment->data(), segment->bytes(), segment);
}

void ReactorDoor::set_deadlines(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->engine().set_external_deadlines(info[0].As<Napi::Boolean>().Value());
}

Napi::Value ReactorDoor::now_ms(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(binding_->engine().now_ns()) / 1e6);
}

Napi::Value ReactorDoor::expose(const Napi::CallbackInfo& info) {
  return {info.Env(), binding_->views().expose_for_turn(u32(info, 0), u32(info, 1), u32(info, 2))};
}

Napi::Value ReactorDoor::slice_extent(const Napi::CallbackInfo& info) {
  SessionEngine& engine = binding_->engine();
  const SliceId id = u32(info, 0);
  const Slice slice = engine.pool().slice(id);
  const size_t start = slice.dedicated() ? 0 : static_cast<size_t>(slice.data - engine.arena()->data());
  Napi::Array extent = Napi::Array::New(info.Env(), 2);
  extent.Set(0u, static_cast<double>(start));
  extent.Set(1u, static_cast<double>(engine.pool().filled(id)));
  return extent;
}

Napi::Value ReactorDoor::slice_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(binding_->engine().pool().slice(u32(info, 0)).bytes));
}

Napi::Value ReactorDoor::retain(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), binding_->views().retain(u32(info, 0), u32(info, 1), u32(info, 2)));
}

Napi::Value ReactorDoor::retained_buffer(const Napi::CallbackInfo& info) {
  return {info.Env(), binding_->views().retained_buffer(info[0].As<Napi::Number>().Int32Value())};
}

void ReactorDoor::release(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->views().release(info[0].As<Napi::Number>().Int32Value());
}

Napi::Value ReactorDoor::counters(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  if (!binding_->open()) return object;
  const auto set = [&](const char* name, uint64_t value) { object.Set(name, static_cast<double>(value)); };
  SessionEngine& engine = binding_->engine();
  const EngineCounters& counters = engine.counters();
  set("turns", counters.turns);
  set("deliveries", counters.deliveries);
  set("syscalls", counters.syscalls);
  set("messagesReceived", counters.messages_received);
  set("bytesReceived", counters.bytes_received);
  set("messagesSent", counters.messages_sent);
  set("bytesSent", counters.bytes_sent);
  set("messagesDiscarded", counters.messages_discarded);
  set("payloadCopies", counters.payload_copies);
  set("sessionsAccepted", counters.sessions_accepted);
  set("sessionsConnected", counters.sessions_connected);
  set("sessionsClosed", counters.sessions_closed);
  set("sessionsOpen", engine.directory().open_count());
  set("acceptsRefused", counters.accepts_refused);
  const BufferPoolCounters& pool = engine.pool().counters();
  set("poolHits", pool.hits);
  set("poolMisses", pool.misses);
  set("poolRefused", pool.refused);
  set("slicesLent", pool.slices_lent);
  set("dedicatedBytes", pool.dedicated_bytes);
  set("retainedBytes", binding_->views().retained_bytes());
  set("viewsMovedAway", binding_->views().moved_away());
  return object;
}

void ReactorDoor::destroy(const Napi::CallbackInfo&) { binding_->destroy(); }

}  // namespace msgtrans
