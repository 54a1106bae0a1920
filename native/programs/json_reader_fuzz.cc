// The JSON reader: never reads out of bounds, and what it accepts survives being written and read again.
#include <cstdio>
#include <cstdlib>

#include "programs/control_protocol.h"
#include "programs/generator_commands.h"
#include "programs/json_reader.h"
#include "programs/json_writer.h"

namespace {

using msgtrans::JsonError;
using msgtrans::JsonValue;
using msgtrans::JsonWriter;

void write(JsonWriter& writer, const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::null:
      writer.null();
      return;
    case JsonValue::Kind::boolean:
      writer.value(value.boolean);
      return;
    case JsonValue::Kind::number:
      writer.value(value.number);
      return;
    case JsonValue::Kind::string:
      writer.value(std::string_view(value.string));
      return;
    case JsonValue::Kind::array:
      writer.begin_array();
      for (const JsonValue& element : value.elements) write(writer, element);
      writer.end_array();
      return;
    case JsonValue::Kind::object:
      writer.begin_object();
      for (const auto& member : value.members) {
        writer.key(member.name);
        write(writer, member.value);
      }
      writer.end_object();
      return;
  }
}

std::string written(const JsonValue& value) {
  JsonWriter writer;
  write(writer, value);
  return writer.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)msgtrans::parse_command(text);
  JsonError error;
  const std::optional<JsonValue> value = msgtrans::parse_json(text, error);
  if (!value) {
    if (error.offset > size || *error.reason == '\0') std::abort();
    return 0;
  }
  // What the generator makes of it, command or not: it must answer anything.
  (void)msgtrans::parse_connect(*value);
  (void)msgtrans::parse_run(*value);
  (void)msgtrans::parse_group(*value);
  const std::string first = written(*value);
  const std::optional<JsonValue> again = msgtrans::parse_json(first, error);
  if (!again || written(*again) != first) {
    std::fprintf(stderr, "json_reader_fuzz: %s is not read back\n", first.c_str());
    std::abort();
  }
  return 0;
}
