#include "programs/control_protocol.h"

#include <gtest/gtest.h>

#include "programs/endpoint.h"
#include "programs/json_reader.h"
#include "programs/line_splitter.h"

namespace msgtrans {
namespace {

BadCommand refusal(std::string_view line) {
  const auto parsed = parse_command(line);
  const auto* bad = std::get_if<BadCommand>(&parsed);
  EXPECT_NE(bad, nullptr) << line;
  return bad == nullptr ? BadCommand{} : *bad;
}

TEST(ControlProtocol, reads_a_command_with_its_fields) {
  const auto parsed = parse_command(R"({"id":7,"command":"listen","url":"tcp://x"})");
  const auto& command = std::get<ControlCommand>(parsed);
  EXPECT_EQ(command.id, 7u);
  EXPECT_EQ(command.name, "listen");
  EXPECT_EQ(command.fields.find("url")->string, "tcp://x");
}

TEST(ControlProtocol, refuses_what_is_no_command_and_keeps_the_id_where_it_can) {
  EXPECT_EQ(refusal("nonsense").id, 0u);
  EXPECT_EQ(refusal("nonsense").error.code, "ERR_CONTROL_BAD_COMMAND");
  EXPECT_NE(refusal(R"({"id":1,)").error.message.find("at byte 8"), std::string::npos);
  EXPECT_EQ(refusal("[]").id, 0u);
  EXPECT_EQ(refusal(R"({"command":"x"})").id, 0u);
  EXPECT_EQ(refusal(R"({"id":-1,"command":"x"})").id, 0u);
  EXPECT_EQ(refusal(R"({"id":3})").id, 3u);
  EXPECT_EQ(refusal(R"({"id":3,"command":4})").id, 3u);
}

TEST(ControlProtocol, answers_are_one_json_object) {
  JsonError error;
  const std::optional<JsonValue> line = parse_json(error_line(9, {"ERR_X", "a \"quoted\" thing"}), error);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->find("id")->unsigned_integer(), 9u);
  EXPECT_FALSE(line->find("ok")->boolean);
  EXPECT_EQ(line->find("error")->find("code")->string, "ERR_X");
  EXPECT_EQ(line->find("error")->find("message")->string, "a \"quoted\" thing");
  EXPECT_EQ(line->find("error")->find("group"), nullptr);
  const std::optional<JsonValue> named = parse_json(error_line(9, {"ERR_X", "late", "base@a"}), error);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->find("error")->find("group")->string, "base@a");
  EXPECT_EQ(begin_answer(4).end_object().text(), R"({"id":4,"ok":true})");
  const std::optional<JsonValue> hello = parse_json(hello_line("server", "limit", 12), error);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->find("hello")->find("control")->unsigned_integer(), 1u);
  EXPECT_EQ(hello->find("hello")->find("role")->string, "server");
  EXPECT_EQ(hello->find("hello")->find("arm")->string, "limit");
  EXPECT_EQ(hello->find("hello")->find("pid")->unsigned_integer(), 12u);
}

TEST(FieldReader, names_every_problem_at_once) {
  JsonError error;
  const JsonValue object = *parse_json(R"({"a":"x","b":11,"c":"","d":[]})", error);
  FieldReader fields(object, "load.");
  EXPECT_EQ(fields.integer("a", 2, 10), 2u);
  EXPECT_EQ(fields.integer("b", 0, 10), 0u);
  EXPECT_EQ(fields.text("c", 5), "");
  EXPECT_EQ(fields.child("d", JsonValue::Kind::object), nullptr);
  EXPECT_EQ(fields.positive("e", 10), 1);
  EXPECT_FALSE(fields.good());
  EXPECT_EQ(fields.problems(),
            "field load.a: expected a whole number from 2 to 10; field load.b: expected a whole number from "
            "0 to 10; "
            "field load.c: expected 1 to 5 bytes of text; field load.d: expected an object; "
            "field load.e: expected a number above 0 and up to 10.000000");
}

TEST(FieldReader, gives_the_default_only_when_the_field_is_absent) {
  JsonError error;
  const JsonValue object = *parse_json(R"({"a":5,"b":true,"c":1})", error);
  FieldReader fields(object, "");
  EXPECT_EQ(fields.integer_or("a", 0, 10, 7), 5u);
  EXPECT_EQ(fields.integer_or("x", 0, 10, 7), 7u);
  EXPECT_TRUE(fields.flag_or("b", false));
  EXPECT_TRUE(fields.flag_or("x", true));
  EXPECT_TRUE(fields.good());
  EXPECT_FALSE(fields.flag_or("c", false));
  EXPECT_FALSE(fields.good());
}

TEST(LineSplitter, gives_lines_however_they_are_cut) {
  LineSplitter lines(100);
  for (const char c : std::string("one\n\nthree\nfour")) lines.feed(std::string_view(&c, 1));
  EXPECT_EQ(lines.next(), "one");
  EXPECT_EQ(lines.next(), "");
  EXPECT_EQ(lines.next(), "three");
  EXPECT_EQ(lines.next(), std::nullopt);
  lines.feed("\n5\n6\n");
  EXPECT_EQ(lines.next(), "four");
  EXPECT_EQ(lines.next(), "5");
  EXPECT_EQ(lines.next(), "6");
}

TEST(LineSplitter, cuts_an_overlong_line_and_goes_on) {
  LineSplitter lines(10);
  for (int count = 0; count < 1000; ++count) lines.feed("xxxxxxx");
  lines.feed("\nnext\n");
  EXPECT_EQ(lines.next(), std::string(11, 'x'));
  EXPECT_EQ(lines.next(), "next");
}

TEST(Endpoint, reads_the_forms_it_knows) {
  EXPECT_EQ(parse_endpoint("tcp://127.0.0.1:8001")->url(), "tcp://127.0.0.1:8001");
  EXPECT_EQ(parse_endpoint("tcp://localhost:0")->url(), "tcp://127.0.0.1:0");
  EXPECT_EQ(parse_endpoint("tcp://[::1]:65535")->url(), "tcp://[::1]:65535");
  EXPECT_EQ(parse_endpoint("unix:///a/b")->url(), "unix:///a/b");
  EXPECT_EQ(unix_path_of("unix:///a/b"), "/a/b");
  EXPECT_EQ(unix_path_of("tcp://1.2.3.4:5"), "");
}

TEST(Endpoint, refuses_everything_else) {
  for (const char* url : {"", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:65536",
                          "tcp://:80", "tcp://127.0.0.1:8x", "tcp://127.0.0.1:-1", "tcp://example:80",
                          "ws://127.0.0.1:80", "unix://relative", "unix://"}) {
    EXPECT_FALSE(parse_endpoint(url)) << url;
  }
  EXPECT_FALSE(parse_endpoint("unix:///" + std::string(200, 'x')));
}

}  // namespace
}  // namespace msgtrans
