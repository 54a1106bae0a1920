#include "binding/lock_free_map_door.h"

#include <algorithm>

#include "binding/map_columns.h"
#include "binding/u64_arguments.h"
#include "sync/epoch_thread.h"

namespace msgtrans {

namespace {

// As core/lock-free-map.ts numbers them.
enum MapOperation : uint32_t { kSet, kInsert, kReplace, kRemove, kCompareAndSwap };

// What is wrong, as a number below zero; of a batch together with the index: -(index * 8 + problem).
enum MapProblem : int { kBadKey = 1, kBadValue, kOutOfMemory, kInexactValue, kNoRoom };

Napi::Value problem(Napi::Env env, MapProblem what, size_t index = 0) {
  return Napi::Number::New(env, -(static_cast<double>(index) * 8 + static_cast<int>(what)));
}

Napi::Value number(Napi::Env env, uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

// How a cursor's position is told as a Number: buckets begin at multiples of 2^24 (see MapShape::kBucketBitsMax).
constexpr uint32_t kCursorShift = 24;
constexpr double kCursorAtEnd = -1;
static_assert(64 - MapShape::kBucketBitsMax >= kCursorShift);

// Keys that are converted at a time, inside one epoch.
constexpr size_t kBatchKeys = 256;

}  // namespace

template <typename Keys>
Napi::Function LockFreeMapDoor<Keys>::define(Napi::Env env, const char* name) {
  return Door::DefineClass(env, name,
                           {
                               Door::template InstanceMethod<&Door::handle>("handle"),
                               Door::template InstanceMethod<&Door::get>("get"),
                               Door::template InstanceMethod<&Door::write>("write"),
                               Door::template InstanceMethod<&Door::get_many>("getMany"),
                               Door::template InstanceMethod<&Door::set_many>("setMany"),
                               Door::template InstanceMethod<&Door::remove_many>("removeMany"),
                               Door::template InstanceMethod<&Door::scan>("scan"),
                               Door::template InstanceMethod<&Door::metrics>("metrics"),
                               Door::template InstanceMethod<&Door::close>("close"),
                               Door::template StaticMethod<&Door::map_count>("mapCount"),
                           });
}

template <typename Keys>
LockFreeMapDoor<Keys>::LockFreeMapDoor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Door>(info) {
  // A thread that gets no participant gets no map, so that the calls below need not ask.
  if (this_thread_participant() == nullptr) return;
  const double handle = info[0].As<Napi::Number>().DoubleValue();
  if (handle != 0) {
    shared_ = find_shared_map<Map>(handle);
  } else {
    shared_ = make_shared_map<Map>(static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value()),
                                   static_cast<size_t>(info[2].As<Napi::Number>().Int64Value()));
  }
}

template <typename Keys>
LockFreeMapDoor<Keys>::~LockFreeMapDoor() {
  give_up_shared_map(shared_);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::handle(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), shared_.handle);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::get(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Key key{};
  if (!MapColumns<Keys>::read_one(env, info[0], key)) return Napi::Boolean::New(env, false);
  uint64_t value = 0;
  if (!shared_.map->get(*this_thread_participant(), key, value)) return env.Undefined();
  if (info[1].As<Napi::Boolean>().Value()) return Napi::BigInt::New(env, value);
  if (value > static_cast<uint64_t>(kSafeIntegerMax)) return env.Null();
  return number(env, value);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::write(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const uint32_t operation = info[0].As<Napi::Number>().Uint32Value();
  Key key{};
  uint64_t value = 0;
  uint64_t expected = 0;
  if (!MapColumns<Keys>::read_one(env, info[1], key)) return problem(env, kBadKey);
  if (operation != kRemove && !u64_from(env, info[2], value)) return problem(env, kBadValue);
  if (operation == kCompareAndSwap && !u64_from(env, info[3], expected)) return problem(env, kBadValue);
  ProcessEpoch::Participant& participant = *this_thread_participant();
  MapResult result{};
  switch (operation) {
    case kSet: result = shared_.map->set(participant, key, value); break;
    case kInsert: result = shared_.map->insert(participant, key, value); break;
    case kReplace: result = shared_.map->replace(participant, key, value); break;
    case kRemove: result = shared_.map->remove(participant, key); break;
    default: result = shared_.map->compare_and_swap(participant, key, expected, value);
  }
  if (result.status == MapStatus::kOutOfMemory) return problem(env, kOutOfMemory);
  return Napi::Number::New(env, static_cast<int>(result.status));
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::get_many(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const typename MapColumns<Keys>::Input keys(env, info[0], info[1]);
  U64Column values(env, info[2]);
  const ElementColumn<uint8_t> found(env, info[3]);
  const size_t count = std::min({keys.length(), values.length(), found.length});
  ProcessEpoch::Participant& participant = *this_thread_participant();
  uint64_t found_count = 0;
  Key batch_keys[kBatchKeys];
  uint64_t batch_values[kBatchKeys];
  for (size_t begin = 0; begin < count; begin += kBatchKeys) {
    const size_t length = std::min(kBatchKeys, count - begin);
    for (size_t i = 0; i < length; ++i) {
      if (!keys.read(begin + i, batch_keys[i])) return problem(env, kBadKey, begin + i);
    }
    found_count += shared_.map->lookup_batch(participant, batch_keys, static_cast<uint32_t>(length), batch_values,
                                             found.data + begin);
    for (size_t i = 0; i < length; ++i) {
      if (!values.write(begin + i, batch_values[i])) return problem(env, kInexactValue, begin + i);
    }
  }
  return number(env, found_count);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::set_many(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const typename MapColumns<Keys>::Input keys(env, info[0], info[1]);
  const U64Column values(env, info[2]);
  const size_t count = std::min(keys.length(), values.length());
  ProcessEpoch::Participant& participant = *this_thread_participant();
  uint64_t inserted = 0;
  for (size_t i = 0; i < count; ++i) {
    Key key{};
    uint64_t value = 0;
    if (!keys.read(i, key)) return problem(env, kBadKey, i);
    if (!values.read(i, value)) return problem(env, kBadValue, i);
    const MapResult result = shared_.map->set(participant, key, value);
    if (result.status == MapStatus::kOutOfMemory) return problem(env, kOutOfMemory, i);
    inserted += result.status == MapStatus::kInserted;
  }
  return number(env, inserted);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::remove_many(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const typename MapColumns<Keys>::Input keys(env, info[0], info[1]);
  ProcessEpoch::Participant& participant = *this_thread_participant();
  uint64_t removed = 0;
  for (size_t i = 0; i < keys.length(); ++i) {
    Key key{};
    if (!keys.read(i, key)) return problem(env, kBadKey, i);
    const MapResult result = shared_.map->remove(participant, key);
    // A move that needs memory can refuse even this.
    if (result.status == MapStatus::kOutOfMemory) return problem(env, kOutOfMemory, i);
    removed += result.status == MapStatus::kRemoved;
  }
  return number(env, removed);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::scan(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ElementColumn<double> state(env, info[0]);
  typename MapColumns<Keys>::Output entries(env, info[1], info[2], info[3]);
  MapCursor cursor{static_cast<uint64_t>(state.data[0]) << kCursorShift, false};
  const MapScan outcome = shared_.map->scan(*this_thread_participant(), cursor, entries);
  if (outcome == MapScan::kNoRoom) return problem(env, kNoRoom);
  if (!entries.is_exact()) return problem(env, kInexactValue);
  state.data[0] = cursor.at_end ? kCursorAtEnd : static_cast<double>(cursor.position >> kCursorShift);
  return number(env, entries.count());
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::metrics(const Napi::CallbackInfo& info) {
  const MapMetrics metrics = shared_.map->metrics(*this_thread_participant());
  const uint64_t figures[] = {metrics.size,          metrics.buckets,     metrics.moves,
                              metrics.moves_refused, metrics.bytes_in_use, metrics.limbo_bytes,
                              static_cast<uint64_t>(shared_.map.use_count())};
  Napi::Array array = Napi::Array::New(info.Env(), std::size(figures));
  for (uint32_t i = 0; i < std::size(figures); ++i) array.Set(i, number(info.Env(), figures[i]));
  return array;
}

template <typename Keys>
void LockFreeMapDoor<Keys>::close(const Napi::CallbackInfo&) {
  give_up_shared_map(shared_);
}

template <typename Keys>
Napi::Value LockFreeMapDoor<Keys>::map_count(const Napi::CallbackInfo& info) {
  return number(info.Env(), shared_map_count());
}

template class LockFreeMapDoor<U64Keys>;
template class LockFreeMapDoor<ByteKeys<>>;

}  // namespace msgtrans
