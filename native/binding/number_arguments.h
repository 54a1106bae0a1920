// Numbers that JavaScript passes. Thread: JavaScript's.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace msgtrans {

inline uint32_t u32(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}

}  // namespace msgtrans
