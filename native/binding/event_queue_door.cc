#include "binding/event_queue_door.h"

#include <map>
#include <mutex>
#include <utility>

namespace msgtrans {

namespace {

// The queues of the process by their number, which is never given again. Ends own them; this only finds them.
class QueueTable {
 public:
  double add(const std::shared_ptr<RecordQueue>& queue) {
    const std::scoped_lock lock(mutex_);
    last_ += 1;
    queues_.emplace(last_, queue);
    return last_;
  }

  std::shared_ptr<RecordQueue> find(double number) {
    const std::scoped_lock lock(mutex_);
    const auto found = queues_.find(number);
    return found == queues_.end() ? nullptr : found->second.lock();
  }

  // Gives an end up, and the number with the last one. The memory is freed outside the lock.
  void give_up(double number, std::shared_ptr<RecordQueue>&& end) {
    std::shared_ptr<RecordQueue> last = std::move(end);
    {
      const std::scoped_lock lock(mutex_);
      // Nobody can gain an end here but through find(), which needs the lock.
      if (last.use_count() == 1) queues_.erase(number);
      else last.reset();
    }
  }

  size_t size() {
    const std::scoped_lock lock(mutex_);
    return queues_.size();
  }

 private:
  std::mutex mutex_;
  std::map<double, std::weak_ptr<RecordQueue>> queues_;
  // A JavaScript number counts to 2⁵³ without a gap.
  double last_ = 0;
};

// Never destroyed: environments may end after the destructors of globals have run.
QueueTable& queue_table() {
  static auto* const table = new QueueTable;
  return *table;
}

}  // namespace

Napi::Function EventQueueDoor::define(Napi::Env env) {
  return DefineClass(env, "EventQueue",
                     {
                         InstanceMethod<&EventQueueDoor::handle>("handle"),
                         InstanceMethod<&EventQueueDoor::capacity>("capacity"),
                         InstanceMethod<&EventQueueDoor::record_bytes>("recordBytes"),
                         InstanceMethod<&EventQueueDoor::push>("push"),
                         InstanceMethod<&EventQueueDoor::pop>("pop"),
                         InstanceMethod<&EventQueueDoor::size>("size"),
                         InstanceMethod<&EventQueueDoor::counters>("counters"),
                         InstanceMethod<&EventQueueDoor::close>("close"),
                         StaticMethod<&EventQueueDoor::queue_count>("queueCount"),
                     });
}

EventQueueDoor::EventQueueDoor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventQueueDoor>(info) {
  handle_ = info[0].As<Napi::Number>().DoubleValue();
  if (handle_ != 0) {
    queue_ = queue_table().find(handle_);
  } else {
    queue_ = RecordQueue::create(info[1].As<Napi::Number>().Uint32Value(), info[2].As<Napi::Number>().Uint32Value());
    if (queue_ != nullptr) handle_ = queue_table().add(queue_);
  }
  if (queue_ == nullptr) handle_ = 0;
}

EventQueueDoor::~EventQueueDoor() {
  if (queue_ != nullptr) queue_table().give_up(handle_, std::move(queue_));
}

Napi::Value EventQueueDoor::handle(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), handle_); }

Napi::Value EventQueueDoor::capacity(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), queue_->capacity());
}

Napi::Value EventQueueDoor::record_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), queue_->record_bytes());
}

// The length is read here, in the call that uses it: a view of a resizable buffer may have shrunk since JavaScript
// looked.
Napi::Value EventQueueDoor::push(const Napi::CallbackInfo& info) {
  const auto records = info[0].As<Napi::Uint8Array>();
  const auto count = static_cast<uint32_t>(records.ByteLength() / queue_->record_bytes());
  return Napi::Number::New(info.Env(), queue_->push(records.Data(), count));
}

Napi::Value EventQueueDoor::pop(const Napi::CallbackInfo& info) {
  auto target = info[0].As<Napi::Uint8Array>();
  const auto count_max = static_cast<uint32_t>(target.ByteLength() / queue_->record_bytes());
  return Napi::Number::New(info.Env(), queue_->pop(target.Data(), count_max));
}

Napi::Value EventQueueDoor::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), queue_->size());
}

Napi::Value EventQueueDoor::counters(const Napi::CallbackInfo& info) {
  const RecordQueueCounters counters = queue_->counters();
  Napi::Array array = Napi::Array::New(info.Env(), 4);
  array.Set(0u, static_cast<double>(counters.pushed));
  array.Set(1u, static_cast<double>(counters.popped));
  array.Set(2u, static_cast<double>(counters.dropped));
  array.Set(3u, static_cast<double>(queue_.use_count()));
  return array;
}

void EventQueueDoor::close(const Napi::CallbackInfo&) {
  if (queue_ != nullptr) queue_table().give_up(handle_, std::move(queue_));
  queue_ = nullptr;
}

Napi::Value EventQueueDoor::queue_count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(queue_table().size()));
}

}  // namespace msgtrans
