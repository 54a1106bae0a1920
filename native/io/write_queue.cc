#include "io/write_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "io/stream_socket.h"

namespace msgtrans {

namespace {

constexpr size_t kChunkBytesMin = 4 * 1024;
constexpr size_t kChunkBytesMax = 256 * 1024;
constexpr size_t kPartsMax = 64;  // per sendmsg; more parts cost more than a second call saves

}  // namespace

bool WriteQueue::append(const uint8_t* data, size_t bytes) {
  if (bytes == 0) return true;
  try {
    if (!chunks_) chunks_ = std::make_unique<std::deque<Chunk>>();
    size_t room = 0;
    if (!chunks_->empty()) room = chunks_->back().capacity - chunks_->back().end;
    if (room < bytes) {
      // The new chunk is made before anything is copied, so a refusal leaves the queue as it was.
      const size_t missing = bytes - room;
      Chunk chunk;
      chunk.capacity = std::max(missing, std::clamp(bytes_, kChunkBytesMin, kChunkBytesMax));
      chunk.data.reset(new uint8_t[chunk.capacity]);
      std::memcpy(chunk.data.get(), data + room, missing);
      chunk.end = missing;
      chunks_->push_back(std::move(chunk));
      if (room > 0) {
        Chunk& previous = (*chunks_)[chunks_->size() - 2];
        std::memcpy(previous.data.get() + previous.end, data, room);
        previous.end += room;
      }
    } else {
      Chunk& last = chunks_->back();
      std::memcpy(last.data.get() + last.end, data, bytes);
      last.end += bytes;
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  bytes_ += bytes;
  return true;
}

WriteQueue::Result WriteQueue::flush(int fd, size_t bytes_max) {
  Result result{Flush::kEmpty, 0, 0, 0};
  while (bytes_ > 0 && result.sent < bytes_max) {
    iovec parts[kPartsMax];
    size_t count = 0;
    size_t offered = 0;
    for (const Chunk& chunk : *chunks_) {
      const size_t bytes = std::min(chunk.end - chunk.begin, bytes_max - result.sent - offered);
      if (count == kPartsMax || bytes == 0) break;
      parts[count++] = {chunk.data.get() + chunk.begin, bytes};
      offered += bytes;
    }
    const ssize_t sent = send_vector(fd, parts, count);
    ++result.syscalls;
    if (sent < 0) {
      result.state = is_retryable(errno) ? Flush::kBlocked : Flush::kFailed;
      result.error = errno;
      return result;
    }
    size_t left = static_cast<size_t>(sent);
    result.sent += left;
    bytes_ -= left;
    while (left > 0) {
      Chunk& front = chunks_->front();
      const size_t taken = std::min(left, front.end - front.begin);
      front.begin += taken;
      left -= taken;
      if (front.begin == front.end) chunks_->pop_front();
    }
    if (static_cast<size_t>(sent) < offered) {
      result.state = Flush::kBlocked;
      return result;
    }
  }
  if (bytes_ == 0) {
    chunks_.reset();
  } else {
    result.state = Flush::kBlocked;
  }
  return result;
}

void WriteQueue::clear() {
  chunks_.reset();
  bytes_ = 0;
}

}  // namespace msgtrans
