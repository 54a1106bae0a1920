// Packets found in a stream that comes in pieces, cut at random but always at the same points. An operation is one
// packet. Each arm is given a piece as `read` gives it, by a copy into memory of its own, and finds what is complete.
//
// `native` reads on behind what it has, and copies the tail only when its buffer ends;
// `baseline` appends to a vector and erases what it has taken; `limit` copies the pieces in and looks at nothing.

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "loops/field_codec.h"
#include "loops/fragmented_stream.h"
#include "loops/loop.h"
#include "loops/packet_stream.h"
#include "loops/passes.h"

namespace msgtrans::loops {
namespace {

constexpr size_t kStreamBytes = 1024 * 1024;

uint32_t bounded(const Parameters& parameters, const char* name) {
  const uint64_t bytes = parameters.at(name);
  if (bytes == 0 || bytes > kPayloadBytesMaxDefault) throw std::invalid_argument(std::string(name) + ": 1 to 16 MiB");
  return static_cast<uint32_t>(bytes);
}

class VectorReader {
 public:
  VectorReader(size_t, size_t) {}

  void read(const uint8_t* fragment, size_t bytes, PacketTally& tally) {
    pending_.insert(pending_.end(), fragment, fragment + bytes);
    FieldCursor cursor(pending_.data(), pending_.size());
    size_t taken = 0;
    PacketHeader header;
    while (read_packet(cursor, limits_, header) == FieldOutcome::complete) {
      tally.add(header);
      taken = pending_.size() - cursor.left();
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

 private:
  std::vector<uint8_t> pending_;
  PacketLimits limits_;
};

FragmentedStream stream_of(const Parameters& parameters) {
  return fragmented_stream(packet_stream(bounded(parameters, "payloadBytes"), kStreamBytes),
                           bounded(parameters, "fragmentBytes"));
}

template <typename Reader>
class FragmentLoop final : public Loop {
 public:
  explicit FragmentLoop(const Parameters& parameters)
      : source_(stream_of(parameters)),
        reader_(kHeaderBytes + parameters.at("payloadBytes"), 2 * parameters.at("fragmentBytes")) {}

  Measured run(uint64_t operations) override {
    const PacketTally& all = source_.stream.tally;
    return measure_passes(all.packets(), operations, [&](Measured& measured) {
      PacketTally tally;
      const uint8_t* data = source_.stream.bytes.data();
      for (const uint32_t bytes : source_.fragments) {
        reader_.read(data, bytes, tally);
        data += bytes;
      }
      measured.checksum += tally.sum();
      if (tally != all) measured.faults += all.packets();
    });
  }

 private:
  FragmentedStream source_;
  Reader reader_;
};

class FragmentCopies final : public Loop {
 public:
  explicit FragmentCopies(const Parameters& parameters)
      : source_(stream_of(parameters)), buffer_(kRoomBytes + 2 * parameters.at("fragmentBytes")) {}

  Measured run(uint64_t operations) override {
    return measure_passes(source_.stream.tally.packets(), operations, [this](Measured& measured) {
      const uint8_t* data = source_.stream.bytes.data();
      size_t end = 0;
      for (const uint32_t bytes : source_.fragments) {
        std::memcpy(buffer_.data() + end, data, bytes);
        data += bytes;
        end = end + bytes < kRoomBytes ? end + bytes : 0;
      }
      keep(buffer_.data());
      measured.checksum += buffer_[0];
    });
  }

 private:
  static constexpr size_t kRoomBytes = 64 * 1024;

  FragmentedStream source_;
  std::vector<uint8_t> buffer_;
};

template <typename AnyLoop>
Made make_fragments(const Parameters& parameters) {
  return std::make_unique<AnyLoop>(parameters);
}

MSGTRANS_LOOP("packet-codec/fragments/native", make_fragments<FragmentLoop<FramerReader>>);
MSGTRANS_LOOP("packet-codec/fragments/baseline", make_fragments<FragmentLoop<VectorReader>>);
MSGTRANS_LOOP("packet-codec/fragments/limit", make_fragments<FragmentCopies>);

}  // namespace
}  // namespace msgtrans::loops
