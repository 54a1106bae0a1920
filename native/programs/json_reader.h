// A strict JSON reader (RFC 8259) for the lines of the control protocol. Pure; any thread.
//
// Stricter than the RFC where leniency hides mistakes: names in an object are unique, text is valid UTF-8,
// and depth, members and length are bounded, so that no line can exhaust the stack or the memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "programs/json_value.h"

namespace msgtrans {

inline constexpr size_t kJsonTextBytesMax = size_t{1} << 20;
inline constexpr int kJsonDepthMax = 8;
inline constexpr size_t kJsonMembersMax = 64;
inline constexpr size_t kJsonValuesMax = 65536;

struct JsonError {
  size_t offset = 0;        // Byte at which the text stops making sense.
  const char* reason = "";  // A sentence fragment, for instance "expected a value".
};

// Parses exactly one value with optional white space around it. Nothing on failure; `error` then says why.
std::optional<JsonValue> parse_json(std::string_view text, JsonError& error);

}  // namespace msgtrans
