#include "programs/json_reader.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "programs/utf8.h"

namespace msgtrans {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class JsonParser {
 public:
  JsonParser(std::string_view text, JsonError& error) : text_(text), error_(error) {}

  bool parse_document(JsonValue& value) {
    if (text_.size() > kJsonTextBytesMax) return fail("text is longer than 1 MiB");
    skip_white_space();
    if (!parse_value(value, 0)) return false;
    skip_white_space();
    return position_ == text_.size() || fail("unexpected text after the value");
  }

 private:
  bool fail(const char* reason) {
    error_ = JsonError{position_, reason};
    return false;
  }

  bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }

  bool take(char c) {
    if (!at(c)) return false;
    ++position_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }

  void skip_white_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++position_;
  }

  bool parse_value(JsonValue& value, int depth) {
    if (depth >= kJsonDepthMax) return fail("nested too deeply");
    if (++values_ > kJsonValuesMax) return fail("too many values");
    if (at('{')) return parse_object(value, depth);
    if (at('[')) return parse_array(value, depth);
    if (at('"')) {
      value.kind = JsonValue::Kind::string;
      return parse_string(value.string);
    }
    if (take_word("true") || take_word("false")) {
      value.kind = JsonValue::Kind::boolean;
      value.boolean = text_[position_ - 2] == 'u';  // The u of "true"; "false" has an s there.
      return true;
    }
    if (take_word("null")) return true;
    if (at('-') || (position_ < text_.size() && is_digit(text_[position_]))) return parse_number(value);
    return fail("expected a value");
  }

  bool parse_object(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::object;
    ++position_;
    skip_white_space();
    if (take('}')) return true;
    while (true) {
      if (value.members.size() == kJsonMembersMax) return fail("too many members in one object");
      const size_t name_position = position_;
      JsonMember member;
      if (!at('"')) return fail("expected a member name in double quotes");
      if (!parse_string(member.name)) return false;
      if (value.find(member.name) != nullptr) {
        position_ = name_position;
        return fail("the same member name twice");
      }
      skip_white_space();
      if (!take(':')) return fail("expected ':' after a member name");
      skip_white_space();
      if (!parse_value(member.value, depth + 1)) return false;
      value.members.push_back(std::move(member));
      skip_white_space();
      if (take('}')) return true;
      if (!take(',')) return fail("expected ',' or '}' after a member");
      skip_white_space();
    }
  }

  bool parse_array(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::array;
    ++position_;
    skip_white_space();
    if (take(']')) return true;
    while (true) {
      if (!parse_value(value.elements.emplace_back(), depth + 1)) return false;
      skip_white_space();
      if (take(']')) return true;
      if (!take(',')) return fail("expected ',' or ']' after an element");
      skip_white_space();
    }
  }

  bool take_digits() {
    const size_t start = position_;
    while (position_ < text_.size() && is_digit(text_[position_])) ++position_;
    return position_ > start;
  }

  // The grammar is checked by hand because from_chars also accepts what JSON does not, such as "01" and
  // "inf".
  bool parse_number(JsonValue& value) {
    value.kind = JsonValue::Kind::number;
    const size_t start = position_;
    take('-');
    if (!take('0') && !take_digits()) return fail("expected a digit");
    if (position_ < text_.size() && is_digit(text_[position_])) return fail("a number with a leading zero");
    if (take('.') && !take_digits()) return fail("expected a digit after '.'");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!take_digits()) return fail("expected a digit in the exponent");
    }
    const char* first = text_.data() + start;
    const auto result = std::from_chars(first, text_.data() + position_, value.number);
    if (result.ec != std::errc() || !std::isfinite(value.number)) {
      position_ = start;
      return fail("a number out of range");
    }
    return true;
  }

  bool parse_string(std::string& out) {
    ++position_;
    while (position_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[position_]);
      if (c == '"') {
        ++position_;
        return true;
      }
      if (c < 0x20) return fail("a control character in a string");
      if (c == '\\') {
        if (!parse_escape(out)) return false;
        continue;
      }
      const size_t bytes = utf8_sequence_bytes(text_.substr(position_));
      if (bytes == 0) return fail("invalid UTF-8");
      out.append(text_, position_, bytes);
      position_ += bytes;
    }
    return fail("a string without its closing quote");
  }

  bool parse_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    ++position_;
    if (take('u')) return parse_unicode_escape(out);
    const size_t name = position_ < text_.size() ? kNames.find(text_[position_]) : std::string_view::npos;
    if (name == std::string_view::npos) return fail("an unknown escape");
    out.push_back(kValues[name]);
    ++position_;
    return true;
  }

  bool parse_hex_unit(uint32_t& unit) {
    const std::string_view digits = text_.substr(position_, 4);
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, unit, 16);
    if (digits.size() < 4 || result.ec != std::errc() || result.ptr != end) {
      return fail("expected four hexadecimal digits");
    }
    position_ += 4;
    return true;
  }

  bool parse_unicode_escape(std::string& out) {
    uint32_t code_point = 0;
    if (!parse_hex_unit(code_point)) return false;
    if (code_point >= 0xD800 && code_point <= 0xDBFF) {
      uint32_t low = 0;
      if (!take_word("\\u")) return fail("half a surrogate pair");
      if (!parse_hex_unit(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail("half a surrogate pair");
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    } else if (code_point >= 0xDC00 && code_point <= 0xDFFF) {
      return fail("half a surrogate pair");
    }
    append_utf8(out, code_point);
    return true;
  }

  std::string_view text_;
  JsonError& error_;
  size_t position_ = 0;
  size_t values_ = 0;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  for (const JsonMember& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::optional<uint64_t> JsonValue::unsigned_integer() const {
  constexpr double kLimit = 9007199254740992.0;  // 2^53: beyond it a double does not hold every integer.
  if (kind != Kind::number || number < 0 || number >= kLimit || number != std::floor(number)) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(number);
}

std::optional<JsonValue> parse_json(std::string_view text, JsonError& error) {
  JsonValue value;
  if (!JsonParser(text, error).parse_document(value)) return std::nullopt;
  return value;
}

}  // namespace msgtrans
