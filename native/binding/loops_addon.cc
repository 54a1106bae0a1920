// The suites' addon: the registry of loops, and the crossings between JavaScript and C++ that `js-boundary` times
// from the JavaScript side. It is no part of the product.

#include <napi.h>

#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "loops/loop.h"

namespace {

using msgtrans::loops::Loop;
using msgtrans::loops::Made;
using msgtrans::loops::Measured;
using msgtrans::loops::Parameters;
using msgtrans::loops::Registration;

// A loop made for one round of one arm. `release` destroys it without waiting for a garbage collection, so that two
// rounds never hold the memory of both.
class LoopHandle : public Napi::ObjectWrap<LoopHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Loop",
                       {InstanceMethod<&LoopHandle::run>("run"), InstanceMethod<&LoopHandle::use_threads>("useThreads"),
                        InstanceMethod<&LoopHandle::release>("release")});
  }

  explicit LoopHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoopHandle>(info) {}

  void hold(std::unique_ptr<Loop> loop) { loop_ = std::move(loop); }

 private:
  // False, and an exception is pending, when the loop was released.
  [[nodiscard]] bool is_there(Napi::Env env) const {
    if (loop_ != nullptr) return true;
    Napi::Error::New(env, "the loop was released").ThrowAsJavaScriptException();
    return false;
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!is_there(env)) return env.Undefined();
    try {
      const Measured measured = loop_->run(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()));
      Napi::Object result = Napi::Object::New(env);
      result.Set("nanoseconds", static_cast<double>(measured.nanoseconds));
      result.Set("operations", static_cast<double>(measured.operations));
      // The low half: JavaScript needs to see that it is used, not all of it.
      result.Set("checksum", static_cast<double>(static_cast<uint32_t>(measured.checksum)));
      result.Set("faults", static_cast<double>(measured.faults));
      result.Set("threads", static_cast<double>(measured.threads));
      if (measured.cpu_nanoseconds != 0) {
        result.Set("cpuNanoseconds", static_cast<double>(measured.cpu_nanoseconds));
      }
      Napi::Object figures = Napi::Object::New(env);
      for (const auto& [name, value] : loop_->figures()) figures.Set(name, value);
      result.Set("figures", figures);
      return result;
    } catch (const std::exception& error) {
      Napi::Error::New(env, error.what()).ThrowAsJavaScriptException();
      return env.Undefined();
    }
  }

  void use_threads(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!is_there(env)) return;
    try {
      loop_->use_threads(info[0].As<Napi::Number>().Uint32Value());
    } catch (const std::exception& error) {
      Napi::Error::New(env, error.what()).ThrowAsJavaScriptException();
    }
  }

  void release(const Napi::CallbackInfo&) { loop_.reset(); }

  std::unique_ptr<Loop> loop_;
};

Parameters parameters_of(const Napi::Object& object) {
  std::vector<Parameters::Value> values;
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t index = 0; index < keys.Length(); ++index) {
    const Napi::Value key = keys.Get(index);
    const Napi::Value value = object.Get(key);
    if (value.IsNumber()) values.emplace_back(key.ToString().Utf8Value(), value.As<Napi::Number>().DoubleValue());
  }
  return Parameters(std::move(values));
}

// make(name, parameters): a Loop, or the reason why there is none as a string. An unknown name is a programmer's error.
Napi::Value make(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const Registration* registration = Registration::find(name);
  if (registration == nullptr) {
    Napi::Error::New(env, "no loop is named " + name).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  try {
    Made made = registration->make(parameters_of(info[1].As<Napi::Object>()));
    std::unique_ptr<Loop> loop = made.take();
    if (loop == nullptr) return Napi::String::New(env, made.reason());
    const Napi::Object handle = env.GetInstanceData<Napi::FunctionReference>()->New({});
    LoopHandle::Unwrap(handle)->hold(std::move(loop));
    return handle;
  } catch (const std::exception& error) {
    Napi::Error::New(env, name + ": " + error.what()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
}

Napi::Value names(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const Registration* each = Registration::first(); each != nullptr; each = each->next) {
    list.Set(count++, each->name);
  }
  return list;
}

// The crossings use the C interface: what is timed is Node-API, not a wrapper around it.

napi_value no_arguments(napi_env, napi_callback_info) { return nullptr; }

napi_value two_integers(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  uint32_t left = 0;
  uint32_t right = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_uint32(env, arguments[0], &left);
  napi_get_value_uint32(env, arguments[1], &right);
  napi_value sum = nullptr;
  napi_create_uint32(env, left + right, &sum);
  return sum;
}

constexpr size_t kCopiedBytes = 64;
alignas(64) uint8_t copied[kCopiedBytes];

napi_value copy_bytes(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value view = nullptr;
  void* data = nullptr;
  size_t bytes = 0;
  napi_get_cb_info(env, info, &count, &view, nullptr, nullptr);
  napi_get_typedarray_info(env, view, nullptr, &bytes, &data, nullptr, nullptr);
  if (bytes >= kCopiedBytes) std::memcpy(copied, data, kCopiedBytes);
  msgtrans::loops::keep(copied);
  return nullptr;
}

napi_value call_back(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  uint32_t times = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_uint32(env, arguments[1], &times);
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  for (uint32_t index = 0; index < times; ++index) {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env, &scope);
    const napi_status status = napi_call_function(env, undefined, arguments[0], 0, nullptr, nullptr);
    napi_close_handle_scope(env, scope);
    if (status != napi_ok) return nullptr;  // the exception is pending
  }
  return nullptr;
}

// The same static memory each time: what is timed is the ArrayBuffer, not an allocation behind it.
constexpr size_t kExposedBytes = 64 * 1024;
alignas(64) uint8_t exposed[kExposedBytes];

napi_value expose(napi_env env, napi_callback_info) {
  napi_value buffer = nullptr;
  napi_create_external_arraybuffer(env, exposed, kExposedBytes, nullptr, nullptr, &buffer);
  return buffer;
}

napi_value detach(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer = nullptr;
  napi_get_cb_info(env, info, &count, &buffer, nullptr, nullptr);
  napi_detach_arraybuffer(env, buffer);
  return nullptr;
}

void define_crossing(Napi::Env env, Napi::Object exports, const char* name, napi_callback function) {
  napi_value value = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  exports.Set(name, value);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Napi::FunctionReference(Napi::Persistent(LoopHandle::define(env))));
  exports.Set("names", Napi::Function::New<names>(env, "names"));
  exports.Set("make", Napi::Function::New<make>(env, "make"));
  define_crossing(env, exports, "noArguments", no_arguments);
  define_crossing(env, exports, "twoIntegers", two_integers);
  define_crossing(env, exports, "copyBytes", copy_bytes);
  define_crossing(env, exports, "callBack", call_back);
  define_crossing(env, exports, "expose", expose);
  define_crossing(env, exports, "detach", detach);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
