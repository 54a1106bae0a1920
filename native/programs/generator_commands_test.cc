#include "programs/generator_commands.h"

#include <gtest/gtest.h>

#include "programs/json_reader.h"

namespace msgtrans {
namespace {

JsonValue json(std::string_view text) {
  JsonError error;
  const std::optional<JsonValue> value = parse_json(text, error);
  EXPECT_TRUE(value) << error.reason;
  return value.value_or(JsonValue{});
}

std::string run_text(std::string_view load, std::string_view more = "") {
  return R"({"windows":[{"group":"a","discardNs":5,"measureNs":50},)"
         R"({"group":"b","discardNs":0,"measureNs":1}],"load":)" +
         std::string(load) + std::string(more) + "}";
}

RunCommand run_of(const std::string& text) {
  const auto parsed = parse_run(json(text));
  const auto* error = std::get_if<ControlError>(&parsed);
  EXPECT_EQ(error, nullptr) << (error == nullptr ? "" : error->message);
  return error == nullptr ? std::get<RunCommand>(parsed) : RunCommand{};
}

std::string run_problem(const std::string& text) {
  const auto parsed = parse_run(json(text));
  const auto* error = std::get_if<ControlError>(&parsed);
  EXPECT_NE(error, nullptr) << text;
  if (error == nullptr) return "";
  EXPECT_EQ(error->code, "ERR_CONTROL_BAD_COMMAND");
  return error->message;
}

TEST(GeneratorCommands, reads_connect) {
  const auto parsed = parse_connect(
      json(R"({"group":"g","url":"tcp://127.0.0.1:1","serverPid":42,"sessions":1000,"seed":9,"later":[]})"));
  const auto& command = std::get<ConnectCommand>(parsed);
  EXPECT_EQ(command.group, "g");
  EXPECT_EQ(command.url, "tcp://127.0.0.1:1");
  EXPECT_EQ(command.server_pid, 42u);
  EXPECT_EQ(command.sessions, 1000u);
  EXPECT_EQ(command.seed, 9u);
}

TEST(GeneratorCommands, reads_source_addresses) {
  const std::string front = R"({"group":"g","url":"tcp://127.0.0.1:1","serverPid":42,"sessions":1,"seed":9,)"
                            R"("sourceAddresses":)";
  const auto parsed = parse_connect(json(front + R"(["127.0.0.2","::1"]})"));
  ASSERT_TRUE(std::holds_alternative<ConnectCommand>(parsed));
  ASSERT_EQ(std::get<ConnectCommand>(parsed).sources.size(), 2u);
  EXPECT_EQ(std::get<ConnectCommand>(parsed).sources[0].url(), "tcp://127.0.0.2:0");
  std::string many = "[\"127.0.0.2\"";
  for (int index = 0; index < 254; ++index) many += ",\"127.0.0.2\"";
  for (const std::string& wrong : {std::string("[]"), std::string("7"), std::string(R"(["localhost"])"),
                                   std::string(R"(["127.0.0.2:80"])"), std::string("[127]"), many + "]"}) {
    const auto refused = parse_connect(json(front + wrong + "}"));
    ASSERT_TRUE(std::holds_alternative<ControlError>(refused)) << wrong;
    EXPECT_NE(std::get<ControlError>(refused).message.find("field sourceAddresses:"), std::string::npos);
  }
}

TEST(GeneratorCommands, names_every_wrong_field_of_connect) {
  const auto parsed = parse_connect(json(R"({"group":1,"sessions":0})"));
  const std::string message = std::get<ControlError>(parsed).message;
  for (const char* field : {"group", "url", "serverPid", "sessions", "seed"}) {
    EXPECT_NE(message.find(std::string("field ") + field + ":"), std::string::npos) << field;
  }
}

TEST(GeneratorCommands, reads_a_closed_loop) {
  const RunCommand command =
      run_of(run_text(R"({"mode":"closed","depth":16,"payloadBytes":64,"reply":"counter"})"));
  ASSERT_EQ(command.windows.size(), 2u);
  EXPECT_EQ(command.windows[0].group, "a");
  EXPECT_EQ(command.windows[0].discard_ns, 5u);
  EXPECT_EQ(command.windows[0].measure_ns, 50u);
  EXPECT_EQ(command.windows[0].measure_at_ns, 0u);
  EXPECT_EQ(command.windows[1].group, "b");
  EXPECT_EQ(command.load.mode, LoadMode::closed);
  EXPECT_EQ(command.load.depth, 16u);
  EXPECT_EQ(command.load.payload_bytes, 64u);
  EXPECT_EQ(command.load.reply, ReplyKind::counter);
  EXPECT_EQ(command.reply_timeout_ns, 10'000'000'000u);
}

TEST(GeneratorCommands, reads_an_open_loop_and_the_reply_timeout) {
  const RunCommand command =
      run_of(run_text(R"({"mode":"open","ratePerSecond":0.5,"payloadBytes":8,"reply":"forward"})",
                      R"(,"replyTimeoutMs":20)"));
  EXPECT_EQ(command.load.mode, LoadMode::open);
  EXPECT_EQ(command.load.rate_per_second, 0.5);
  EXPECT_EQ(command.load.kill_percent_per_minute, 0);
  EXPECT_EQ(command.load.availability_ns, 100'000'000u);
  EXPECT_EQ(command.load.reply, ReplyKind::forward);
  EXPECT_EQ(command.reply_timeout_ns, 20'000'000u);
}

TEST(GeneratorCommands, reads_how_many_sessions_an_open_loop_cuts) {
  const std::string front = R"({"mode":"open","ratePerSecond":5,"payloadBytes":8,"reply":"forward",)";
  const RunCommand command = run_of(run_text(front + R"("killPercentPerMinute":0.5,"availabilityMs":7})"));
  EXPECT_EQ(command.load.kill_percent_per_minute, 0.5);
  EXPECT_EQ(command.load.availability_ns, 7'000'000u);
  for (const char* wrong : {"0", "-1", "6001", "\"1\"", "null"}) {
    const std::string message =
        run_problem(run_text(front + R"("killPercentPerMinute":)" + wrong + R"(,"availabilityMs":0})"));
    EXPECT_NE(message.find("field load.killPercentPerMinute:"), std::string::npos) << wrong;
    EXPECT_NE(message.find("field load.availabilityMs:"), std::string::npos) << wrong;
  }
}

TEST(GeneratorCommands, reads_a_stream) {
  const RunCommand command = run_of(run_text(R"({"mode":"stream","depth":32,"payloadBytes":1048576})"));
  EXPECT_EQ(command.load.mode, LoadMode::stream);
  EXPECT_EQ(command.load.depth, 32u);
  EXPECT_EQ(command.load.payload_bytes, 1048576u);
}

TEST(GeneratorCommands, reads_ticks) {
  const RunCommand command = run_of(
      run_text(R"({"mode":"tick","tickHz":60,"groupSize":50,"payloadBytes":128,"inputsHz":10})"));
  EXPECT_EQ(command.load.mode, LoadMode::tick);
  EXPECT_EQ(command.load.tick_hz, 60);
  EXPECT_EQ(command.load.group_size, 50u);
  EXPECT_EQ(command.load.frame_bytes, 128u);
  EXPECT_EQ(command.load.rate_per_second, 10);
  const RunCommand silent = run_of(run_text(R"({"mode":"tick","tickHz":60,"groupSize":50,"payloadBytes":16})"));
  EXPECT_EQ(silent.load.rate_per_second, 0);
  const std::string message = run_problem(
      run_text(R"({"mode":"tick","tickHz":0,"groupSize":0,"payloadBytes":15,"inputsHz":-1})"));
  for (const char* field : {"tickHz", "groupSize", "payloadBytes", "inputsHz"}) {
    EXPECT_NE(message.find(std::string("field load.") + field + ":"), std::string::npos) << field;
  }
}

TEST(GeneratorCommands, refuses_a_stream_whose_messages_have_no_room_for_a_sequence) {
  const std::string message = run_problem(run_text(R"({"mode":"stream","payloadBytes":11})"));
  EXPECT_NE(message.find("field load.payloadBytes"), std::string::npos) << message;
  EXPECT_NE(message.find("field load.depth"), std::string::npos) << message;
}

TEST(GeneratorCommands, names_every_wrong_field_of_run) {
  const std::string message =
      run_problem(R"({"windows":[{"group":"a","discardNs":-1,"measureNs":0},7],)"
                  R"("load":{"mode":"closed","depth":0,"payloadBytes":7,"reply":"echo"}})");
  for (const char* field : {"windows[0].discardNs", "windows[0].measureNs", "windows[1].group", "load.depth",
                            "load.payloadBytes", "load.reply"}) {
    EXPECT_NE(message.find(std::string("field ") + field + ":"), std::string::npos)
        << field << " in " << message;
  }
}

TEST(GeneratorCommands, refuses_a_run_without_windows_or_load) {
  EXPECT_NE(run_problem("{}").find("field windows"), std::string::npos);
  EXPECT_NE(run_problem(R"({"windows":[],"load":{}})").find("expected 1 to"), std::string::npos);
  EXPECT_NE(run_problem(run_text(R"({"mode":"fast"})"))
                .find("field load.mode: expected closed, open, stream or tick"),
            std::string::npos);
  EXPECT_NE(run_problem(run_text(R"({"mode":"open","payloadBytes":8,"reply":"forward"})"))
                .find("load.ratePerSecond"),
            std::string::npos);
}

TEST(GeneratorCommands, takes_a_job_and_refuses_one_that_is_not_measured_whole) {
  const auto text_of = [](const std::string& window, const std::string& load) {
    return R"({"windows":[{"group":"a",)" + window + R"(,"measureNs":9,"messagesPerSession":7}],"load":)" + load + "}";
  };
  const std::string closed = R"({"mode":"closed","depth":2,"payloadBytes":64,"reply":"counter"})";
  EXPECT_EQ(run_of(text_of(R"("discardNs":0)", closed)).windows[0].messages_per_session, 7u);
  EXPECT_FALSE(run_of(run_text(closed)).windows[0].is_job());
  const std::string field = "field windows[0].messagesPerSession: ";
  EXPECT_NE(run_problem(text_of(R"("discardNs":1)", closed)).find(field + "is measured whole"), std::string::npos);
  EXPECT_NE(run_problem(text_of(R"("discardNs":0)", R"({"mode":"stream","depth":2,"payloadBytes":64})"))
                .find(field + "belongs to the mode closed"),
            std::string::npos);
}

TEST(GeneratorCommands, bounds_what_a_session_may_have_in_flight) {
  EXPECT_NE(run_problem(run_text(R"({"mode":"closed","depth":65536,"payloadBytes":2048,"reply":"forward"})"))
                .find("field load.depth: depth times packet size"),
            std::string::npos);
}

}  // namespace
}  // namespace msgtrans
