// How the two kinds of keys of a lock-free map come from JavaScript and go there: one at a time, many in a batch, and
// from a cursor. 64-bit keys are numbers; byte strings lie next to one another in a Uint8Array, with a Uint32Array that
// says where each ends.
//
// Thread: the environment's.
#pragma once

#include <cstring>
#include <string_view>

#include "binding/u64_arguments.h"
#include "sync/lock_free_map.h"

namespace msgtrans {

template <typename Keys>
struct MapColumns;

template <>
struct MapColumns<U64Keys> {
  // `keys` is a column of numbers; the second argument is not used.
  class Input {
   public:
    Input(napi_env env, napi_value keys, napi_value) : column_(env, keys) {}
    [[nodiscard]] size_t length() const { return column_.length(); }
    bool read(size_t index, uint64_t& key) const { return column_.read(index, key); }

   private:
    U64Column column_;
  };

  static bool read_one(napi_env env, napi_value value, uint64_t& key) { return u64_from(env, value, key); }

  // Filled by a scan.
  class Output {
   public:
    Output(napi_env env, napi_value keys, napi_value, napi_value values)
        : keys_(env, keys), values_(env, values), room_(std::min(keys_.length(), values_.length())) {}

    bool push(uint64_t key, uint64_t value) {
      if (count_ == room_) return false;
      // What is not exact as a number counts only if the entry stays.
      const bool exact = keys_.write(count_, key) & values_.write(count_, value);
      if (!exact && first_inexact_ > count_) first_inexact_ = count_;
      ++count_;
      return true;
    }
    [[nodiscard]] size_t count() const { return count_; }
    void truncate(size_t count) {
      count_ = count;
      if (first_inexact_ >= count) first_inexact_ = SIZE_MAX;
    }
    [[nodiscard]] bool is_exact() const { return first_inexact_ == SIZE_MAX; }

   private:
    U64Column keys_;
    U64Column values_;
    size_t room_;
    size_t count_ = 0;
    size_t first_inexact_ = SIZE_MAX;
  };
};

template <>
struct MapColumns<ByteKeys<>> {
  class Input {
   public:
    Input(napi_env env, napi_value bytes, napi_value ends) : bytes_(env, bytes), ends_(env, ends) {}
    [[nodiscard]] size_t length() const { return ends_.length; }
    bool read(size_t index, std::string_view& key) const {
      const uint32_t begin = index == 0 ? 0 : ends_.data[index - 1];
      const uint32_t end = ends_.data[index];
      if (end < begin || end > bytes_.length) return false;
      key = {bytes_.data + begin, end - begin};
      return true;
    }

   private:
    ElementColumn<char> bytes_;
    ElementColumn<uint32_t> ends_;
  };

  static bool read_one(napi_env env, napi_value value, std::string_view& key) {
    const ElementColumn<char> bytes(env, value);
    key = {bytes.data, bytes.length};
    return true;
  }

  class Output {
   public:
    Output(napi_env env, napi_value bytes, napi_value ends, napi_value values)
        : bytes_(env, bytes), ends_(env, ends), values_(env, values), room_(std::min(ends_.length, values_.length())) {}

    bool push(std::string_view key, uint64_t value) {
      const size_t begin = count_ == 0 ? 0 : ends_.data[count_ - 1];
      if (count_ == room_ || bytes_.length - begin < key.size()) return false;
      if (!key.empty()) std::memcpy(bytes_.data + begin, key.data(), key.size());
      ends_.data[count_] = static_cast<uint32_t>(begin + key.size());
      if (!values_.write(count_, value) && first_inexact_ > count_) first_inexact_ = count_;
      ++count_;
      return true;
    }
    [[nodiscard]] size_t count() const { return count_; }
    void truncate(size_t count) {
      count_ = count;
      if (first_inexact_ >= count) first_inexact_ = SIZE_MAX;
    }
    [[nodiscard]] bool is_exact() const { return first_inexact_ == SIZE_MAX; }

   private:
    ElementColumn<char> bytes_;
    ElementColumn<uint32_t> ends_;
    U64Column values_;
    size_t room_;
    size_t count_ = 0;
    size_t first_inexact_ = SIZE_MAX;
  };
};

}  // namespace msgtrans
