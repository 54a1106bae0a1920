#include "programs/stream_reader.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace msgtrans {
namespace {

ssize_t receive(int fd, uint8_t* data, size_t bytes) {
  while (true) {
    const ssize_t count = ::recv(fd, data, bytes, MSG_DONTWAIT);
    if (count >= 0 || errno != EINTR) return count;
  }
}

ReadOutcome outcome_of(ssize_t count) {
  if (count > 0) return ReadOutcome::data;
  if (count == 0) return ReadOutcome::ended;
  return errno == EAGAIN ? ReadOutcome::waiting : ReadOutcome::failed;
}

}  // namespace

StreamReader::StreamReader(size_t buffer_bytes)
    : buffer_bytes_(buffer_bytes), shared_(std::make_unique_for_overwrite<uint8_t[]>(buffer_bytes)) {}

ReadOutcome StreamReader::read(int fd, StreamRemainder& remainder, std::span<uint8_t>& arrived) {
  if (remainder.packet_bytes > buffer_bytes_ / 2) return read_large(fd, remainder, arrived);
  const size_t kept = remainder.bytes;
  const ssize_t count = receive(fd, shared_.get() + kept, buffer_bytes_ - kept);
  if (count <= 0) return outcome_of(count);
  if (kept != 0) std::memcpy(shared_.get(), remainder.memory.get(), kept);
  remainder.bytes = 0;
  remainder.packet_bytes = 0;
  arrived = {shared_.get(), kept + static_cast<size_t>(count)};
  return ReadOutcome::data;
}

ReadOutcome StreamReader::read_large(int fd, StreamRemainder& remainder, std::span<uint8_t>& arrived) {
  const size_t missing = remainder.packet_bytes - remainder.bytes;
  const ssize_t count = receive(fd, remainder.memory.get() + remainder.bytes, missing);
  if (count <= 0) return outcome_of(count);
  remainder.bytes += static_cast<size_t>(count);
  if (remainder.bytes < remainder.packet_bytes) return ReadOutcome::waiting;
  arrived = {remainder.memory.get(), remainder.packet_bytes};
  remainder.bytes = 0;
  remainder.packet_bytes = 0;
  return ReadOutcome::data;
}

void StreamReader::keep_tail(StreamRemainder& remainder, std::span<const uint8_t> arrived, size_t tail_bytes,
                             size_t packet_bytes) {
  if (tail_bytes == 0) return;
  const size_t needed = std::max(tail_bytes, packet_bytes);
  if (remainder.capacity < needed) {
    remainder.memory = std::make_unique_for_overwrite<uint8_t[]>(needed);
    remainder.capacity = needed;
  }
  std::memcpy(remainder.memory.get(), arrived.data() + arrived.size() - tail_bytes, tail_bytes);
  remainder.bytes = tail_bytes;
  remainder.packet_bytes = packet_bytes;
}

}  // namespace msgtrans
