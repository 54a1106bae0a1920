// Writes one JSON value into a string; commas are placed by the writer. Pure; any thread.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace msgtrans {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    append_quoted(name);
    text_.push_back(':');
    after_value_ = false;
    return *this;
  }

  JsonWriter& value(std::string_view text) {
    separate();
    append_quoted(text);
    return *this;
  }
  // Without this overload a literal would convert to bool.
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(uint64_t number) { return raw(std::to_string(number)); }
  JsonWriter& value(uint32_t number) { return value(uint64_t{number}); }
  // JSON has no infinities and no NaN: they become null.
  JsonWriter& value(double number) {
    if (!std::isfinite(number)) return null();
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, number);
    return raw(std::string_view(digits, static_cast<size_t>(result.ptr - digits)));
  }
  JsonWriter& null() { return raw("null"); }

  template <typename T>
  JsonWriter& member(std::string_view name, T content) {
    return key(name).value(content);
  }

  const std::string& text() const { return text_; }

 private:
  JsonWriter& open(char bracket) {
    separate();
    text_.push_back(bracket);
    after_value_ = false;
    return *this;
  }

  JsonWriter& close(char bracket) {
    text_.push_back(bracket);
    after_value_ = true;
    return *this;
  }

  JsonWriter& raw(std::string_view text) {
    separate();
    text_.append(text);
    return *this;
  }

  void separate() {
    if (after_value_) text_.push_back(',');
    after_value_ = true;
  }

  void append_quoted(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    text_.push_back('"');
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        text_.push_back('\\');
        text_.push_back(c);
      } else if (byte < 0x20) {
        text_.append("\\u00");
        text_.push_back(kHex[byte >> 4]);
        text_.push_back(kHex[byte & 15]);
      } else {
        text_.push_back(c);
      }
    }
    text_.push_back('"');
  }

  std::string text_;
  bool after_value_ = false;
};

}  // namespace msgtrans
