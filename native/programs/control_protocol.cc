#include "programs/control_protocol.h"

#include <utility>

#include "programs/json_reader.h"
#include "programs/program_version.h"

namespace msgtrans {

std::variant<ControlCommand, BadCommand> parse_command(std::string_view line) {
  JsonError json_error;
  std::optional<JsonValue> value = parse_json(line, json_error);
  if (!value) {
    return BadCommand{
        0,
        {kErrorBadCommand, "the line is not JSON: " + std::string(json_error.reason) + " at byte " +
                               std::to_string(json_error.offset) + "; send one JSON object per line"}};
  }
  if (value->kind != JsonValue::Kind::object) {
    return BadCommand{0, {kErrorBadCommand, "the line is JSON but no object; send {\"id\":…,\"command\":…}"}};
  }
  const JsonValue* id_field = value->find("id");
  const std::optional<uint64_t> id = id_field == nullptr ? std::nullopt : id_field->unsigned_integer();
  if (!id) {
    return BadCommand{0, {kErrorBadCommand, "field id: expected a whole number from 0 to 2^53 - 1"}};
  }
  const JsonValue* name = value->find("command");
  if (name == nullptr || name->kind != JsonValue::Kind::string) {
    return BadCommand{*id, {kErrorBadCommand, "field command: expected a string"}};
  }
  std::string name_text = name->string;
  return ControlCommand{*id, std::move(name_text), std::move(*value)};
}

void FieldReader::note(std::string_view name, std::string_view problem) {
  if (!problems_.empty()) problems_ += "; ";
  problems_ += "field " + where_ + std::string(name) + ": " + std::string(problem);
}

uint64_t FieldReader::integer(std::string_view name, uint64_t low, uint64_t high) {
  const JsonValue* field = object_.find(name);
  const std::optional<uint64_t> number = field == nullptr ? std::nullopt : field->unsigned_integer();
  if (number && *number >= low && *number <= high) return *number;
  note(name, "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return low;
}

uint64_t FieldReader::integer_or(std::string_view name, uint64_t low, uint64_t high, uint64_t absent) {
  return object_.find(name) == nullptr ? absent : integer(name, low, high);
}

double FieldReader::positive(std::string_view name, double high) {
  const JsonValue* field = object_.find(name);
  if (field != nullptr && field->kind == JsonValue::Kind::number && field->number > 0 &&
      field->number <= high) {
    return field->number;
  }
  note(name, "expected a number above 0 and up to " + std::to_string(high));
  return 1;
}

double FieldReader::positive_or(std::string_view name, double high, double absent) {
  return object_.find(name) == nullptr ? absent : positive(name, high);
}

std::string FieldReader::text(std::string_view name, size_t bytes_max) {
  const JsonValue* field = child(name, JsonValue::Kind::string);
  if (field == nullptr) return {};
  if (!field->string.empty() && field->string.size() <= bytes_max) return field->string;
  note(name, "expected 1 to " + std::to_string(bytes_max) + " bytes of text");
  return {};
}

const JsonValue* FieldReader::child(std::string_view name, JsonValue::Kind kind) {
  static constexpr const char* kKinds[] = {"null",     "true or false", "a number",
                                           "a string", "an array",      "an object"};
  const JsonValue* field = object_.find(name);
  if (field != nullptr && field->kind == kind) return field;
  note(name, std::string("expected ") + kKinds[static_cast<size_t>(kind)]);
  return nullptr;
}

bool FieldReader::flag_or(std::string_view name, bool absent) {
  if (object_.find(name) == nullptr) return absent;
  const JsonValue* field = child(name, JsonValue::Kind::boolean);
  return field == nullptr ? absent : field->boolean;
}

std::string hello_line(std::string_view role, std::string_view arm, uint64_t pid) {
  JsonWriter writer;
  writer.begin_object().key("hello").begin_object();
  writer.member("control", kControlVersion).member("role", role).member("arm", arm);
  writer.member("pid", pid).member("version", kProgramVersion);
  writer.end_object().end_object();
  return writer.text();
}

std::string error_line(uint64_t id, const ControlError& error) {
  JsonWriter writer;
  writer.begin_object().member("id", id).member("ok", false).key("error").begin_object();
  writer.member("code", std::string_view(error.code)).member("message", std::string_view(error.message));
  if (!error.group.empty()) writer.member("group", std::string_view(error.group));
  writer.end_object().end_object();
  return writer.text();
}

JsonWriter begin_answer(uint64_t id) {
  JsonWriter writer;
  writer.begin_object().member("id", id).member("ok", true);
  return writer;
}

}  // namespace msgtrans
