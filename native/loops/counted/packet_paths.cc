// Headers judged and written, packets found in a stream that lies there whole and in one that comes in pieces. An
// operation is one packet.

#include <utility>
#include <vector>

#include "loops/counted/counted_path.h"
#include "loops/engine_codec.h"
#include "loops/fragmented_stream.h"
#include "loops/loop.h"
#include "loops/packet_stream.h"

namespace msgtrans::loops {
namespace {

constexpr uint32_t kPayloadBytes = 64;
constexpr size_t kStreamBytes = 1024 * 1024;
constexpr size_t kHeaders = 16 * 1024;
// Some five packets a piece: most pieces end within a packet, some within a header.
constexpr uint32_t kFragmentBytesMean = 400;

// Uses every field, as cheaply as that can be: what a reader does with a header is not what is counted.
class FieldSum {
 public:
  void add(const PacketHeader& header) {
    ++packets_;
    sum_ += header.message_id;
    sum_ += header.payload_bytes;
    sum_ += uint64_t{header.ext_header_bytes} + header.flags + header.packet_type + header.biz_type;
  }
  [[nodiscard]] Counted judged(uint64_t packets_expected, uint64_t sum_expected) const {
    const bool right = packets_ == packets_expected && sum_ == sum_expected;
    return {.checksum = sum_, .faults = right ? 0 : packets_expected};
  }
  [[nodiscard]] uint64_t sum() const { return sum_; }

 private:
  uint64_t packets_ = 0;
  uint64_t sum_ = 0;
};

// What is to be found, by a reader that is not the one counted: packets of one size need no framer.
FieldSum fields_of(const PacketStream& stream, size_t frame_bytes) {
  FieldSum fields;
  PacketHeader header;
  for (size_t offset = 0; offset < stream.bytes.size(); offset += frame_bytes) {
    if (parse_header(stream.bytes.data() + offset, {}, header) == HeaderStatus::ok) fields.add(header);
  }
  return fields;
}

// `Read` is given the stream whole.
template <typename Read>
class WholeStream : public CountedPath {
 public:
  WholeStream(uint32_t payload_bytes, size_t stream_bytes)
      : stream_(packet_stream(payload_bytes, stream_bytes)), expected_(fields_of(stream_, kHeaderBytes + payload_bytes)) {}

  [[nodiscard]] uint64_t operations() const override { return stream_.tally.packets(); }
  Counted run() override {
    FieldSum found;
    Read{}(stream_.bytes.data(), stream_.bytes.size(), found);
    return found.judged(operations(), expected_.sum());
  }

 private:
  PacketStream stream_;
  FieldSum expected_;
};

class HeaderDecode final : public WholeStream<EngineParse> {
 public:
  HeaderDecode() : WholeStream(0, kHeaders * kHeaderBytes) {}
};

class FramerWhole final : public WholeStream<EngineFrames> {
 public:
  FramerWhole() : WholeStream(kPayloadBytes, kStreamBytes) {}
};

class HeaderEncode final : public CountedPath {
 public:
  HeaderEncode() : written_(kHeaders * kHeaderBytes) {
    RandomNumbers random{20260923};
    for (size_t index = 0; index < kHeaders; ++index) {
      headers_.push_back(random_header(random, static_cast<uint32_t>(random.next()), random.below(1 << 24)));
    }
  }

  [[nodiscard]] uint64_t operations() const override { return kHeaders; }
  Counted run() override {
    uint8_t* const data = written_.data();
    for (size_t index = 0; index < kHeaders; ++index) {
      EngineWrite{}(data + index * kHeaderBytes, kHeaderBytes, headers_[index], nullptr);
    }
    keep(data);
    return {.checksum = load_big_endian_64(data) ^ load_big_endian_64(data + (kHeaders - 1) * kHeaderBytes)};
  }

 private:
  std::vector<PacketHeader> headers_;
  std::vector<uint8_t> written_;
};

class FramerSplit final : public CountedPath {
 public:
  FramerSplit()
      : source_(fragmented_stream(packet_stream(kPayloadBytes, kStreamBytes), kFragmentBytesMean)),
        reader_(kHeaderBytes + kPayloadBytes, 2 * kFragmentBytesMean),
        expected_(fields_of(source_.stream, kHeaderBytes + kPayloadBytes)) {}

  [[nodiscard]] uint64_t operations() const override { return source_.stream.tally.packets(); }
  Counted run() override {
    FieldSum found;
    const uint8_t* data = source_.stream.bytes.data();
    for (const uint32_t bytes : source_.fragments) {
      reader_.read(data, bytes, found);
      data += bytes;
    }
    return found.judged(operations(), expected_.sum());
  }

 private:
  FragmentedStream source_;
  FramerReader reader_;
  FieldSum expected_;
};

constexpr NamedPath kPaths[] = {
    {"header-decode", make_path<HeaderDecode>},
    {"header-encode", make_path<HeaderEncode>},
    {"framer-whole", make_path<FramerWhole>},
    {"framer-split", make_path<FramerSplit>},
};

}  // namespace

std::span<const NamedPath> packet_paths() { return kPaths; }

}  // namespace msgtrans::loops
