// What the wire format costs: a header read and judged, a header written, packets found in a stream that lies there
// whole. An operation is one packet. Streams stay within the caches, as do bytes that a socket has just given.
//
// The `limit` of reading loads the bytes that nobody can leave unread, and judges nothing; that of writing moves
// headers that are ready. `rival:memcpy` is what those pay at least who copy each packet out of the stream.

#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "loops/engine_codec.h"
#include "loops/field_codec.h"
#include "loops/loop.h"
#include "loops/packet_stream.h"
#include "loops/passes.h"

namespace msgtrans::loops {
namespace {

constexpr size_t kStreamBytes = 256 * 1024;
constexpr size_t kHeaders = 4096;

// Repeats passes over a stream, each of which must find all of its packets.
template <typename Read>
Measured read_repeatedly(const PacketStream& stream, uint64_t operations, Read read) {
  return measure_passes(stream.tally.packets(), operations, [&](Measured& measured) {
    PacketTally tally;
    read(stream.bytes.data(), stream.bytes.size(), tally);
    measured.checksum += tally.sum();
    if (tally != stream.tally) measured.faults += stream.tally.packets();
    // The next pass is not this one over again, for all that the compiler knows.
    keep(stream.bytes.data());
  });
}

uint32_t payload_bytes_of(const Parameters& parameters) {
  const uint64_t bytes = parameters.at("payloadBytes");
  if (bytes > kPayloadBytesMaxDefault) throw std::invalid_argument("payloadBytes: above what a packet may have");
  return static_cast<uint32_t>(bytes);
}

struct FieldParse {
  void operator()(const uint8_t* data, size_t bytes, PacketTally& tally) const {
    PacketHeader header;
    for (size_t offset = 0; offset + kHeaderBytes <= bytes; offset += kHeaderBytes) {
      FieldCursor cursor(data + offset, bytes - offset);
      if (read_fields(cursor, limits, header) != FieldOutcome::complete) return;
      tally.add(header);
    }
  }
  PacketLimits limits;
};

struct FieldFrames {
  void operator()(const uint8_t* data, size_t bytes, PacketTally& tally) const {
    FieldCursor cursor(data, bytes);
    PacketHeader header;
    while (read_packet(cursor, limits, header) == FieldOutcome::complete) tally.add(header);
  }
  PacketLimits limits;
};

template <typename Read>
class StreamLoop final : public Loop {
 public:
  explicit StreamLoop(PacketStream stream) : stream_(std::move(stream)) {}
  Measured run(uint64_t operations) override { return read_repeatedly(stream_, operations, Read{}); }

 private:
  PacketStream stream_;
};

// Loads the two words of every header, whose distance it is told.
class HeaderLoads final : public Loop {
 public:
  HeaderLoads(PacketStream stream, size_t frame_bytes) : stream_(std::move(stream)), frame_bytes_(frame_bytes) {
    expected_ = sum();
  }

  Measured run(uint64_t operations) override {
    return measure_passes(stream_.tally.packets(), operations, [this](Measured& measured) {
      const uint64_t found = sum();
      measured.checksum += found;
      if (found != expected_) measured.faults += stream_.tally.packets();
      keep(stream_.bytes.data());
    });
  }

 private:
  uint64_t sum() const {
    uint64_t sum = 0;
    for (size_t offset = 0; offset < stream_.bytes.size(); offset += frame_bytes_) {
      const uint8_t* const header = stream_.bytes.data() + offset;
      sum += load_big_endian_64(header) ^ load_big_endian_64(header + 8);
    }
    return sum;
  }

  PacketStream stream_;
  size_t frame_bytes_;
  uint64_t expected_ = 0;
};

class PacketCopies final : public Loop {
 public:
  PacketCopies(PacketStream stream, size_t frame_bytes)
      : stream_(std::move(stream)), copies_(stream_.bytes.size()), frame_bytes_(frame_bytes) {}

  Measured run(uint64_t operations) override {
    std::memset(copies_.data(), 0xff, copies_.size());
    Measured measured = measure_passes(stream_.tally.packets(), operations, [this](Measured&) {
      for (size_t offset = 0; offset < copies_.size(); offset += frame_bytes_) {
        std::memcpy(copies_.data() + offset, stream_.bytes.data() + offset, frame_bytes_);
      }
      keep(copies_.data());
    });
    if (copies_ != stream_.bytes) measured.faults = measured.operations;
    return measured;
  }

 private:
  PacketStream stream_;
  std::vector<uint8_t> copies_;
  size_t frame_bytes_;
};

struct FieldWrite {
  bool operator()(uint8_t* data, size_t room, const PacketHeader& header, const uint8_t*) const {
    FieldWriter writer(data, room);
    return write_fields(writer, header);
  }
};

struct ReadyWrite {
  bool operator()(uint8_t* data, size_t, const PacketHeader&, const uint8_t* ready) const {
    std::memcpy(data, ready, kHeaderBytes);
    return true;
  }
};

template <typename Write>
class WriteLoop final : public Loop {
 public:
  WriteLoop() : written_(kHeaders * kHeaderBytes), ready_(written_.size()) {
    RandomNumbers random{20260923};
    for (size_t index = 0; index < kHeaders; ++index) {
      headers_.push_back(random_header(random, static_cast<uint32_t>(random.next()), random.below(1 << 24)));
      encode_header(ready_.data() + index * kHeaderBytes, headers_.back());
    }
  }

  Measured run(uint64_t operations) override {
    std::memset(written_.data(), 0xff, written_.size());
    Measured measured = measure_passes(kHeaders, operations, [this](Measured& pass) {
      for (size_t index = 0; index < kHeaders; ++index) {
        const size_t offset = index * kHeaderBytes;
        const size_t room = written_.size() - offset;
        if (!Write{}(written_.data() + offset, room, headers_[index], ready_.data() + offset)) ++pass.faults;
      }
      keep(written_.data());
    });
    if (written_ != ready_) measured.faults += measured.operations;
    return measured;
  }

 private:
  std::vector<PacketHeader> headers_;
  std::vector<uint8_t> written_;
  std::vector<uint8_t> ready_;
};

template <typename Read>
Made make_frames(const Parameters& parameters) {
  return std::make_unique<StreamLoop<Read>>(packet_stream(payload_bytes_of(parameters), kStreamBytes));
}

template <typename Read>
Made make_parse(const Parameters&) {
  return std::make_unique<StreamLoop<Read>>(packet_stream(0, kHeaders * kHeaderBytes));
}

template <typename AnyLoop>
Made make_with_size(const Parameters& parameters) {
  const uint32_t payload_bytes = payload_bytes_of(parameters);
  return std::make_unique<AnyLoop>(packet_stream(payload_bytes, kStreamBytes), size_t{kHeaderBytes} + payload_bytes);
}

template <typename Write>
Made make_write(const Parameters&) {
  return std::make_unique<WriteLoop<Write>>();
}

MSGTRANS_LOOP("packet-codec/parse/native", make_parse<EngineParse>);
MSGTRANS_LOOP("packet-codec/parse/baseline", make_parse<FieldParse>);
MSGTRANS_LOOP("packet-codec/parse/limit", [](const Parameters&) -> Made {
  return std::make_unique<HeaderLoads>(packet_stream(0, kHeaders * kHeaderBytes), kHeaderBytes);
});
MSGTRANS_LOOP("packet-codec/frame/native", make_frames<EngineFrames>);
MSGTRANS_LOOP("packet-codec/frame/baseline", make_frames<FieldFrames>);
MSGTRANS_LOOP("packet-codec/frame/rival:memcpy", make_with_size<PacketCopies>);
MSGTRANS_LOOP("packet-codec/frame/limit", make_with_size<HeaderLoads>);
MSGTRANS_LOOP("packet-codec/write/native", make_write<EngineWrite>);
MSGTRANS_LOOP("packet-codec/write/baseline", make_write<FieldWrite>);
MSGTRANS_LOOP("packet-codec/write/limit", make_write<ReadyWrite>);

}  // namespace
}  // namespace msgtrans::loops
