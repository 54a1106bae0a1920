#include "programs/request_sender.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "programs/frame_content.h"

namespace msgtrans {
namespace {

// From this depth on a message is cheaper than the clock, and one in 64 is timed.
constexpr uint32_t kSampledDepth = 16;
constexpr uint32_t kSampleShift = 6;

}  // namespace

void RequestSender::prepare(SessionGroup& group, const LoadShape& load, uint32_t in_flight_max) {
  packet_bytes_ = kHeaderBytes + load.payload_bytes;
  group.request_packet.resize(packet_bytes_);
  PacketHeader header;
  one_way_ = is_one_way(load.mode);
  stops_when_full_ = load.mode == LoadMode::stream;
  header.packet_type = one_way_ ? kPacketOneWay : kPacketRequest;
  header.payload_bytes = load.payload_bytes;
  encode_header(group.request_packet.data(), header);
  write_filler(group.request_packet.data() + kHeaderBytes, one_way_ ? kStreamFillerOffset : kTokenBytes,
               load.payload_bytes);
  if (one_way_) group.streams.resize(group.sessions.size());
  if (load.mode == LoadMode::tick) group.frames.resize(group.sessions.size());
  group.frame_bytes = load.frame_bytes;
  group.expectation.kind = load.reply;
  group.expectation.biz_type = header.biz_type;
  group.expectation.request_payload_bytes = load.payload_bytes;
  group.expectation.request_payload = group.request_packet.data() + kHeaderBytes;

  block_packets_ = std::max<size_t>(1, kBlockBytes / packet_bytes_);
  block_.resize(block_packets_ * packet_bytes_);
  for (size_t index = 0; index < block_packets_; ++index) {
    std::memcpy(block_.data() + index * packet_bytes_, group.request_packet.data(), packet_bytes_);
  }

  const bool sampled = keeps_depth(load.mode) && load.depth >= kSampledDepth;
  group.sample_shift = sampled ? kSampleShift : 0;
  // Two more than can be in flight at once: the sampled ones need not begin at the oldest request.
  group.stamps_per_session = std::bit_ceil((in_flight_max >> group.sample_shift) + 2);
  group.stamps.assign(group.sessions.size() * group.stamps_per_session, SendStamp{});
}

WriteOutcome RequestSender::send(SessionGroup& group, uint32_t session_index, uint64_t count, uint64_t now_ns,
                                 uint64_t intended_ns) {
  GeneratorSession& session = group.sessions[session_index];
  if (session.progress.outstanding() == 0) session.waiting_since_ns = now_ns;
  group.outstanding += count;
  WriteOutcome outcome = WriteOutcome::all;
  while (count > 0 && outcome != WriteOutcome::failed) {
    const size_t batch = static_cast<size_t>(std::min<uint64_t>(count, block_packets_));
    outcome = send_block(group, session_index, batch, {now_ns, intended_ns});
    count -= batch;
    if (stops_when_full_ && outcome == WriteOutcome::some) break;
  }
  group.outstanding -= count;  // The rest was never begun.
  return outcome;
}

WriteOutcome RequestSender::send_block(SessionGroup& group, uint32_t session_index, size_t count,
                                       const SendStamp& stamp) {
  GeneratorSession& session = group.sessions[session_index];
  uint8_t* packet = block_.data();
  for (size_t index = 0; index < count; ++index, packet += packet_bytes_) {
    const RequestIdentity identity = group.ledger.begin_request(session.progress);
    const uint32_t id = __builtin_bswap32(identity.message_id);
    std::memcpy(packet + kMessageIdOffset, &id, sizeof id);
    store_64(packet + kHeaderBytes, identity.token);
    const uint64_t sequence = session.progress.sent;
    if (one_way_) {
      store_32(packet + kHeaderBytes + kStreamSequenceOffset, static_cast<uint32_t>(sequence - 1));
    }
    if (group.sampled(session_index, sequence)) group.stamp(session_index, sequence) = stamp;
  }
  return session.output.write(session.fd.get(), block_.data(), count * packet_bytes_);
}

WriteOutcome RequestSender::send_fence(SessionGroup& group, uint32_t session_index, uint64_t now_ns) {
  constexpr std::array<uint8_t, kTokenBytes> kNothing{};
  return send_request(group, session_index, now_ns, kNothing);
}

WriteOutcome RequestSender::send_switch(SessionGroup& group, uint32_t session_index, uint64_t now_ns,
                                        bool begin) {
  std::array<uint8_t, kSwitchBytes> payload{};
  store_32(payload.data() + kSwitchCommandOffset, begin ? 1 : 0);
  return send_request(group, session_index, now_ns, payload);
}

WriteOutcome RequestSender::send_request(SessionGroup& group, uint32_t session_index, uint64_t now_ns,
                                         std::span<const uint8_t> payload) {
  GeneratorSession& session = group.sessions[session_index];
  PacketHeader header;
  header.packet_type = kPacketRequest;
  header.message_id = session.progress.next_id;
  header.payload_bytes = static_cast<uint32_t>(payload.size());
  session.progress.next_id = next_message_id(header.message_id);
  std::array<uint8_t, kHeaderBytes + kSwitchBytes> packet{};
  encode_header(packet.data(), header);
  std::memcpy(packet.data() + kHeaderBytes, payload.data(), payload.size());
  session.waiting_since_ns = now_ns;
  group.streams[session_index].fence_id = header.message_id;
  ++group.fences_outstanding;
  return session.output.write(session.fd.get(), packet.data(), kHeaderBytes + payload.size());
}

}  // namespace msgtrans
