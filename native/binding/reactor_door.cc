#include "binding/reactor_door.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "binding/number_arguments.h"
#include "binding/reactor_counters.h"
#include "binding/reactor_number.h"
#include "binding/reactor_setup.h"

namespace msgtrans {

namespace {

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

Napi::Object opened_name(Napi::Env env, const SessionEngine::OpenedName& opened) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("error", opened.error);
  object.Set("id", opened.id);
  object.Set("url", "mem://" + opened.name);
  object.Set("port", 0);
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
                         InstanceMethod<&ReactorDoor::send_slice>("sendSlice"),
                         InstanceMethod<&ReactorDoor::give_slice>("giveSlice"),
                         InstanceMethod<&ReactorDoor::send_borrowed>("sendBorrowed"),
                         InstanceMethod<&ReactorDoor::copy_borrowed>("copyBorrowed"),
                         InstanceMethod<&ReactorDoor::allocate>("allocate"),
                         InstanceMethod<&ReactorDoor::release_allocated>("releaseAllocated"),
                         InstanceMethod<&ReactorDoor::make_packet>("makePacket"),
                         InstanceMethod<&ReactorDoor::release_sent>("releaseSent"),
                         InstanceMethod<&ReactorDoor::close_session>("closeSession"),
                         InstanceMethod<&ReactorDoor::close_all>("closeAll"),
                         InstanceMethod<&ReactorDoor::set_paused>("setPaused"),
                         InstanceMethod<&ReactorDoor::set_pulled>("setPulled"),
                         InstanceMethod<&ReactorDoor::want_drain>("wantDrain"),
                         InstanceMethod<&ReactorDoor::listen_in_process>("listenInProcess"),
                         InstanceMethod<&ReactorDoor::connect_in_process>("connectInProcess"),
                         InstanceMethod<&ReactorDoor::foreign_arena>("foreignArena"),
                         InstanceMethod<&ReactorDoor::route_all>("routeAll"),
                         InstanceMethod<&ReactorDoor::sessions_open>("sessionsOpen"),
                         InstanceMethod<&ReactorDoor::warm_up>("warmUp"),
                         InstanceMethod<&ReactorDoor::peer_url>("peerUrl"),
                         InstanceMethod<&ReactorDoor::slot_segment>("slotSegment"),
                         InstanceMethod<&ReactorDoor::set_deadlines>("setDeadlines"),
                         InstanceMethod<&ReactorDoor::now_ms>("nowMs"),
                         InstanceMethod<&ReactorDoor::expose>("expose"),
                         InstanceMethod<&ReactorDoor::slice_extent>("sliceExtent"),
                         InstanceMethod<&ReactorDoor::ext_header>("extHeader"),
                         InstanceMethod<&ReactorDoor::slice_bytes>("sliceBytes"),
                         InstanceMethod<&ReactorDoor::retain>("retain"),
                         InstanceMethod<&ReactorDoor::retained_buffer>("retainedBuffer"),
                         InstanceMethod<&ReactorDoor::release>("release"),
                         InstanceMethod<&ReactorDoor::counters>("counters"),
                         InstanceMethod<&ReactorDoor::turn_latency>("turnLatency"),
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
  ReactorSetup setup(*number, given);
  if (!setup.claim_threads()) {
    setup.release_numbers();
    Napi::RangeError::New(env, setup.problem()).ThrowAsJavaScriptException();
    return;
  }
  binding_ = ReactorBinding::create(env, setup.home(), setup.threads(), setup.spin_ns(), info[1], info[2]);
  if (binding_ == nullptr) {
    setup.release_numbers();
    Napi::Error::New(env, "the kernel refused memory, descriptors or threads for a reactor").ThrowAsJavaScriptException();
    return;
  }
  const std::shared_ptr<Arena> arena = binding_->engine().arena();
  const auto self = info.This().As<Napi::Object>();
  self.Set("number", *number);
  Napi::Array threads = Napi::Array::New(env);
  for (uint32_t i = 0; i < setup.threads().size(); ++i) threads.Set(i, setup.threads()[i].engine.reactor);
  self.Set("threadNumbers", threads);
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
  const SessionEngine::Opened opened = binding_->group().listen(*address, info[2].As<Napi::Number>().Int32Value(),
                                                                info[3].As<Napi::Boolean>().Value());
  binding_->update_alive();
  return opened_object(info.Env(), opened);
}

void ReactorDoor::close_listener(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->group().close_listener(u32(info, 0));
}

Napi::Value ReactorDoor::connect(const Napi::CallbackInfo& info) {
  const std::optional<SocketAddress> address = address_of(info);
  if (!address) return opened_object(info.Env(), {EINVAL, 0, {}});
  const SessionEngine::Opened opened = binding_->group().connect(*address);
  binding_->update_alive();
  return opened_object(info.Env(), opened);
}

void ReactorDoor::cancel_connect(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->group().cancel_connect(u32(info, 0));
}

void ReactorDoor::flush(const Napi::CallbackInfo&) {
  if (binding_->open()) binding_->engine().flush();
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
  binding_->group().close_all(static_cast<CloseCode>(u32(info, 0)), info[1].As<Napi::Boolean>().Value());
}

void ReactorDoor::set_paused(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return;
  binding_->engine().set_paused(u32(info, 0), u32(info, 1), info[2].As<Napi::Boolean>().Value());
}

void ReactorDoor::set_pulled(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return;
  binding_->engine().set_pulled(u32(info, 0), u32(info, 1), info[2].As<Napi::Boolean>().Value());
}

void ReactorDoor::want_drain(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->engine().want_drain(u32(info, 0), u32(info, 1));
}

Napi::Value ReactorDoor::listen_in_process(const Napi::CallbackInfo& info) {
  return opened_name(info.Env(), binding_->engine().listen_in_process(info[0].As<Napi::String>().Utf8Value()));
}

Napi::Value ReactorDoor::connect_in_process(const Napi::CallbackInfo& info) {
  return opened_name(info.Env(),
                     binding_->engine().connect_in_process(info[0].As<Napi::String>().Utf8Value(), u32(info, 1)));
}

Napi::Value ReactorDoor::foreign_arena(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Arena> arena = binding_->engine().arena_of(u32(info, 0));
  if (arena == nullptr) return info.Env().Undefined();
  return shared_buffer(info.Env(), arena->data(), arena->bytes(), arena);
}

void ReactorDoor::route_all(const Napi::CallbackInfo& info) {
  if (binding_->open()) binding_->group().set_route_all(info[0].As<Napi::Boolean>().Value());
}

Napi::Value ReactorDoor::warm_up(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), binding_->open() ? static_cast<double>(binding_->group().warm_up()) : 0);
}

Napi::Value ReactorDoor::sessions_open(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), binding_->open() ? binding_->group().sessions_open() : 0);
}

Napi::Value ReactorDoor::peer_url(const Napi::CallbackInfo& info) {
  if (!binding_->open()) return Napi::String::New(info.Env(), "");
  return Napi::String::New(info.Env(), binding_->engine().peer_url(u32(info, 0), u32(info, 1)));
}

Napi::Value ReactorDoor::slot_segment(const Napi::CallbackInfo& info) {
  const uint32_t reactor = u32(info, 0);
  SlotState* const first = SlotTable::find_state(slot_word(reactor, u32(info, 1) * kSegmentSlots));
  if (first == nullptr) return info.Env().Undefined();
  // Never freed, so nobody needs to keep it.
  return Napi::ArrayBuffer::New(info.Env(), first, kSegmentSlots * sizeof(SlotState),
                                [](Napi::BasicEnv, void*) {});
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
  const std::optional<SessionEngine::SliceMemory> slice = binding_->engine().slice_memory(u32(info, 0));
  Napi::Array extent = Napi::Array::New(info.Env(), 2);
  extent.Set(0u, static_cast<double>(slice ? slice->arena_offset : 0));
  extent.Set(1u, static_cast<double>(slice ? slice->filled : 0));
  return extent;
}

Napi::Value ReactorDoor::ext_header(const Napi::CallbackInfo& info) {
  const std::optional<SessionEngine::SliceMemory> slice = binding_->engine().slice_memory(u32(info, 0));
  if (!slice || slice->head.size() <= kHeaderBytes) return Napi::ArrayBuffer::New(info.Env(), 0);
  const std::span<const uint8_t> bytes = slice->head.subspan(kHeaderBytes);
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(info.Env(), bytes.size());
  // A Worker that is being terminated gets no memory from V8 any more.
  if (copy.IsEmpty()) return copy;
  std::memcpy(copy.Data(), bytes.data(), bytes.size());
  return copy;
}

Napi::Value ReactorDoor::slice_bytes(const Napi::CallbackInfo& info) {
  const std::optional<SessionEngine::SliceMemory> slice = binding_->engine().slice_memory(u32(info, 0));
  return Napi::Number::New(info.Env(), static_cast<double>(slice ? slice->bytes : 0));
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
  SessionEngine& home = binding_->engine();
  const SessionEngine* const engine = engine_of(u32(info, 0));
  if (engine == nullptr) return object;
  OwnCounters own{};
  if (engine == &home) {
    own = OwnCounters::read(home);
  } else {
    home.call(u32(info, 0), [&](SessionEngine& other) { own = OwnCounters::read(other); });
  }
  add_counters(object, *engine, own);
  if (engine != &home) return object;
  object.Set("retainedBytes", static_cast<double>(binding_->views().retained_bytes()));
  object.Set("allocatedBytes", static_cast<double>(binding_->send_buffers().bytes()));
  object.Set("viewsMovedAway",
             static_cast<double>(binding_->views().moved_away() + binding_->send_buffers().moved_away()));
  return object;
}

Napi::Value ReactorDoor::turn_latency(const Napi::CallbackInfo& info) {
  const SessionEngine* const engine = binding_->open() ? engine_of(u32(info, 0)) : nullptr;
  if (engine == nullptr) return info.Env().Undefined();
  return turn_latency_copy(info.Env(), *engine);
}

const SessionEngine* ReactorDoor::engine_of(uint32_t number) const {
  if (number == binding_->engine().port()->number()) return &binding_->engine();
  for (const auto& thread : binding_->group().threads()) {
    if (thread->number() == number) return &thread->engine();
  }
  return nullptr;
}

void ReactorDoor::destroy(const Napi::CallbackInfo&) { binding_->destroy(); }

}  // namespace msgtrans
