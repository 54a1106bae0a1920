// Compares the header codec with the fixtures of the wire format where they lie beside the repository.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "programs/json_reader.h"
#include "protocol/packet_framer.h"

namespace msgtrans {
namespace {

std::filesystem::path fixtures() {
  const char* given = std::getenv("MSGTRANS_WIRE_FIXTURES");
  if (given != nullptr) return given;
  return std::filesystem::path(MSGTRANS_NATIVE_DIR) / "../../shared/wire/fixtures";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (size_t index = 0; index + 1 < text.size(); index += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(index, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(WireFixtures, decode_and_encode_byte_for_byte) {
  if (!std::filesystem::is_directory(fixtures())) GTEST_SKIP() << "no fixtures at " << fixtures();
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fixtures())) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().string());
    JsonError error;
    const std::optional<JsonValue> json = parse_json(read_file(entry.path()), error);
    ASSERT_TRUE(json) << error.reason;
    const std::string binary = read_file(std::filesystem::path(entry.path()).replace_extension(".bin"));
    const auto* data = reinterpret_cast<const uint8_t*>(binary.data());
    const auto number = [&](const char* name) { return json->find(name)->unsigned_integer().value(); };
    const std::string ext_header = from_hex(json->find("ext_header_hex")->string);
    const std::string payload = from_hex(json->find("payload_hex")->string);

    PacketFramer framer(data, binary.size(), PacketLimits{});
    Frame frame;
    ASSERT_EQ(framer.next(frame), FramerStatus::frame);
    EXPECT_EQ(frame.bytes, binary.size());
    EXPECT_EQ(frame.header.packet_type, number("packet_type"));
    EXPECT_EQ(frame.header.biz_type, number("biz_type"));
    EXPECT_EQ(frame.header.message_id, number("message_id"));
    EXPECT_EQ(frame.header.flags, number("reserved"));
    EXPECT_EQ(binary.substr(frame.ext_header_offset(), frame.header.ext_header_bytes), ext_header);
    EXPECT_EQ(binary.substr(frame.payload_offset()), payload);

    std::string encoded(kHeaderBytes, '\0');
    encode_header(reinterpret_cast<uint8_t*>(encoded.data()), frame.header);
    EXPECT_EQ(encoded + ext_header + payload, binary);
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

}  // namespace
}  // namespace msgtrans
