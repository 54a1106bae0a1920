// A parsed JSON value, as the control protocol needs it: small, owned, read-only after parsing. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace msgtrans {

struct JsonMember;

class JsonValue {
 public:
  enum class Kind : uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string string;
  std::vector<JsonValue> elements;  // Of an array.
  std::vector<JsonMember> members;  // Of an object, in the order of the text; names are unique.

  // The member called `name`, or null when this is no object or has none.
  const JsonValue* find(std::string_view name) const;

  // The value as an integer from 0 to 2^53 - 1; nothing when it is something else.
  std::optional<uint64_t> unsigned_integer() const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

}  // namespace msgtrans
