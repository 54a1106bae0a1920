#include "programs/json_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "programs/json_writer.h"

namespace msgtrans {
namespace {

JsonValue read(std::string_view text) {
  JsonError error;
  const std::optional<JsonValue> value = parse_json(text, error);
  EXPECT_TRUE(value) << text << ": " << error.reason << " at " << error.offset;
  return value.value_or(JsonValue{});
}

JsonError refusal(std::string_view text) {
  JsonError error;
  EXPECT_FALSE(parse_json(text, error)) << text;
  return error;
}

TEST(JsonReader, reads_every_kind_of_value) {
  const JsonValue value = read(R"( {"a": null, "b": [true, false], "c": -1.5e2, "d": "x", "e": {"f": 0}} )");
  ASSERT_EQ(value.kind, JsonValue::Kind::object);
  EXPECT_EQ(value.find("a")->kind, JsonValue::Kind::null);
  ASSERT_EQ(value.find("b")->elements.size(), 2u);
  EXPECT_TRUE(value.find("b")->elements[0].boolean);
  EXPECT_FALSE(value.find("b")->elements[1].boolean);
  EXPECT_EQ(value.find("c")->number, -150.0);
  EXPECT_EQ(value.find("d")->string, "x");
  EXPECT_EQ(value.find("e")->find("f")->unsigned_integer(), 0u);
  EXPECT_EQ(value.find("absent"), nullptr);
}

TEST(JsonReader, decodes_escapes) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").string, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read(R"("\u0041\u00e9\u20AC\ud83d\ude00")").string, "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(read(R"("\u0000")").string, std::string(1, '\0'));
}

TEST(JsonReader, gives_integers_only_where_they_are_exact) {
  EXPECT_EQ(read("9007199254740991").unsigned_integer(), 9007199254740991u);
  EXPECT_EQ(read("5e3").unsigned_integer(), 5000u);
  EXPECT_EQ(read("9007199254740992").unsigned_integer(), std::nullopt);
  EXPECT_EQ(read("-1").unsigned_integer(), std::nullopt);
  EXPECT_EQ(read("0.5").unsigned_integer(), std::nullopt);
  EXPECT_EQ(read("\"1\"").unsigned_integer(), std::nullopt);
}

TEST(JsonReader, rejects_what_is_not_json) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "\"",
                           "{}x",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\"1}",
                           "[1 2]",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "0x1",
                           "NaN",
                           "Infinity",
                           "tru",
                           "nul",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12G4\"",
                           "\"\\u+123\"",
                           "\"\t\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "1e999",
                           "//x\n1"}) {
    EXPECT_STRNE(refusal(text).reason, "") << text;
  }
}

TEST(JsonReader, rejects_invalid_utf8) {
  for (const char* bytes :
       {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_STREQ(refusal('"' + std::string(bytes) + '"').reason, "invalid UTF-8");
  }
  EXPECT_EQ(read("\"\xF0\x9F\x98\x80\"").string, "\xF0\x9F\x98\x80");
}

TEST(JsonReader, says_where_the_text_stops_making_sense) {
  EXPECT_EQ(refusal(R"({"a":1,"a":2})").offset, 7u);
  EXPECT_STREQ(refusal(R"({"a":1,"a":2})").reason, "the same member name twice");
  EXPECT_EQ(refusal("[1, x]").offset, 4u);
}

TEST(JsonReader, bounds_depth_members_values_and_length) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
  };
  read(nested(kJsonDepthMax));
  EXPECT_STREQ(refusal(nested(kJsonDepthMax + 1)).reason, "nested too deeply");
  const auto object = [](size_t members) {
    std::string text = "{";
    for (size_t index = 0; index < members; ++index) {
      text += (index == 0 ? "\"" : ",\"") + std::to_string(index) + "\":0";
    }
    return text + "}";
  };
  read(object(kJsonMembersMax));
  EXPECT_STREQ(refusal(object(kJsonMembersMax + 1)).reason, "too many members in one object");
  std::string array = "[0";
  for (size_t index = 0; index < kJsonValuesMax; ++index) array += ",0";
  EXPECT_STREQ(refusal(array + "]").reason, "too many values");
  EXPECT_STREQ(refusal(std::string(kJsonTextBytesMax + 1, ' ')).reason, "text is longer than 1 MiB");
}

TEST(JsonWriter, writes_what_the_reader_reads) {
  JsonWriter writer;
  writer.begin_object()
      .member("text", "a\"\\\n\x01\xC3\xA9")
      .member("whole", uint64_t{18446744073709551615u});
  writer.member("part", 0.1)
      .member("yes", true)
      .key("list")
      .begin_array()
      .value(uint32_t{1})
      .null()
      .end_array();
  writer.key("none").value(std::numeric_limits<double>::infinity()).key("empty").begin_object().end_object();
  writer.end_object();
  const JsonValue value = read(writer.text());
  EXPECT_EQ(value.find("text")->string, "a\"\\\n\x01\xC3\xA9");
  EXPECT_EQ(value.find("whole")->number, 18446744073709551615.0);
  EXPECT_EQ(value.find("part")->number, 0.1);
  EXPECT_TRUE(value.find("yes")->boolean);
  EXPECT_EQ(value.find("list")->elements.size(), 2u);
  EXPECT_EQ(value.find("none")->kind, JsonValue::Kind::null);
  EXPECT_TRUE(value.find("empty")->members.empty());
}

}  // namespace
}  // namespace msgtrans
