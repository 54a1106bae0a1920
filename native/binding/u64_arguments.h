// 64-bit numbers as JavaScript passes them: BigInt in full, or Number where it is a safe integer, which is several
// times cheaper. Columns of them are BigUint64Array or Float64Array.
//
// Thread: the environment's. Lengths and addresses are read in the call that uses them: a buffer may have been detached
// or resized since.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace msgtrans {

inline constexpr double kSafeIntegerMax = 9007199254740991.0;  // 2^53 - 1

inline bool u64_from_double(double number, uint64_t& out) {
  if (!(number >= 0 && number <= kSafeIntegerMax)) return false;
  out = static_cast<uint64_t>(number);
  return static_cast<double>(out) == number;
}

// False when `value` is no number, or none that 64 bits hold exactly.
inline bool u64_from(napi_env env, napi_value value, uint64_t& out) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) return u64_from_double(number, out);
  bool lossless = false;
  return napi_get_value_bigint_uint64(env, value, &out, &lossless) == napi_ok && lossless;
}

// A typed array of either kind.
class U64Column {
 public:
  U64Column(napi_env env, napi_value array) {
    napi_typedarray_type type = napi_uint8_array;
    if (napi_get_typedarray_info(env, array, &type, &length_, &data_, nullptr, nullptr) != napi_ok) length_ = 0;
    is_double_ = type == napi_float64_array;
  }

  [[nodiscard]] size_t length() const { return length_; }
  bool read(size_t index, uint64_t& out) const {
    if (is_double_) return u64_from_double(static_cast<const double*>(data_)[index], out);
    out = static_cast<const uint64_t*>(data_)[index];
    return true;
  }
  // False when the value is not exact as a Number.
  bool write(size_t index, uint64_t value) {
    if (!is_double_) {
      static_cast<uint64_t*>(data_)[index] = value;
      return true;
    }
    static_cast<double*>(data_)[index] = static_cast<double>(value);
    return value <= static_cast<uint64_t>(kSafeIntegerMax);
  }

 private:
  void* data_ = nullptr;
  size_t length_ = 0;
  bool is_double_ = false;
};

// Any typed array of plain elements.
template <typename T>
struct ElementColumn {
  ElementColumn(napi_env env, napi_value array) {
    napi_typedarray_type type;
    void* bytes = nullptr;
    if (napi_get_typedarray_info(env, array, &type, &length, &bytes, nullptr, nullptr) != napi_ok) length = 0;
    data = static_cast<T*>(bytes);
  }

  T* data = nullptr;
  size_t length = 0;
};

}  // namespace msgtrans
