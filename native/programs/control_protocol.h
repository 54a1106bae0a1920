// The control protocol of scenarios/harness/CONTROL.md: reading commands, writing answers. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "programs/json_value.h"
#include "programs/json_writer.h"

namespace msgtrans {

inline constexpr uint32_t kControlVersion = 1;
inline constexpr char kErrorBadCommand[] = "ERR_CONTROL_BAD_COMMAND";
inline constexpr char kErrorUnknownCommand[] = "ERR_CONTROL_UNKNOWN_COMMAND";

struct ControlError {
  std::string code;
  std::string message;
  std::string group = {};  // Of the load generator that it is about; empty where it is about none.
};

struct ControlCommand {
  uint64_t id = 0;
  std::string name;
  JsonValue fields;  // The whole object of the line.
};

// A line that is no command. `id` is 0 where it cannot be read.
struct BadCommand {
  uint64_t id = 0;
  ControlError error;
};

std::variant<ControlCommand, BadCommand> parse_command(std::string_view line);

// Reads the fields of one object and collects every problem, so that one answer names them all.
class FieldReader {
 public:
  // `where` begins each problem, for instance "windows[2]."; empty at the top.
  FieldReader(const JsonValue& object, std::string where) : object_(object), where_(std::move(where)) {}

  // A whole number from `low` to `high`; problems are noted and give `low`.
  uint64_t integer(std::string_view name, uint64_t low, uint64_t high);
  // As integer(), but `absent` when the field is not there.
  uint64_t integer_or(std::string_view name, uint64_t low, uint64_t high, uint64_t absent);
  // A number above 0 and up to `high`; problems are noted and give 1.
  double positive(std::string_view name, double high);
  // As positive(), but `absent` when the field is not there.
  double positive_or(std::string_view name, double high, double absent);
  // A text of 1 to `bytes_max` bytes; problems are noted and give "".
  std::string text(std::string_view name, size_t bytes_max);
  // A field of the given kind, or null with a problem noted.
  const JsonValue* child(std::string_view name, JsonValue::Kind kind);
  bool flag_or(std::string_view name, bool absent);
  // Notes a problem with the field `name`.
  void note(std::string_view name, std::string_view problem);

  bool good() const { return problems_.empty(); }
  // All problems in one sentence each, joined by "; ".
  const std::string& problems() const { return problems_; }

 private:
  const JsonValue& object_;
  std::string where_;
  std::string problems_;
};

// The first line of a process. `role` is "server" or "generator".
std::string hello_line(std::string_view role, std::string_view arm, uint64_t pid);

std::string error_line(uint64_t id, const ControlError& error);

// Begins `{"id":…,"ok":true`; the caller adds members and ends the object.
JsonWriter begin_answer(uint64_t id);

}  // namespace msgtrans
