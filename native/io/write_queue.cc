#include "io/write_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "io/stream_socket.h"

namespace msgtrans {

namespace {

constexpr size_t kEntryBytesMin = 4 * 1024;
constexpr size_t kEntryBytesMax = 256 * 1024;
constexpr size_t kPartsMax = 64;  // per sendmsg; more parts cost more than a second call saves

}  // namespace

bool WriteQueue::append(const uint8_t* data, size_t bytes) {
  if (bytes == 0) return true;
  try {
    if (!entries_) entries_ = std::make_unique<std::deque<Entry>>();
    size_t room = 0;
    if (!entries_->empty() && entries_->back().memory != nullptr) room = entries_->back().capacity - entries_->back().end;
    if (room < bytes) {
      // The new entry is made before anything is copied, so a refusal leaves the queue as it was.
      const size_t missing = bytes - room;
      Entry entry;
      entry.capacity = std::max(missing, std::clamp(bytes_, kEntryBytesMin, kEntryBytesMax));
      entry.memory.reset(new uint8_t[entry.capacity]);
      std::memcpy(entry.memory.get(), data + room, missing);
      entry.data = entry.memory.get();
      entry.end = missing;
      entries_->push_back(std::move(entry));
      if (room > 0) {
        Entry& previous = (*entries_)[entries_->size() - 2];
        std::memcpy(previous.memory.get() + previous.end, data, room);
        previous.end += room;
      }
    } else {
      Entry& last = entries_->back();
      std::memcpy(last.memory.get() + last.end, data, bytes);
      last.end += bytes;
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  bytes_ += bytes;
  own_bytes_ += bytes;
  return true;
}

bool WriteQueue::append_referred(const uint8_t* data, size_t bytes, BytesOwner& owner, uint32_t token) {
  try {
    if (!entries_) entries_ = std::make_unique<std::deque<Entry>>();
    Entry entry;
    entry.data = data;
    entry.end = bytes;
    entry.owner = &owner;
    entry.token = token;
    if (owner.is_sealed(token)) entry.seal = std::make_unique<ByteSeal>(data, bytes);
    entries_->push_back(std::move(entry));
  } catch (const std::bad_alloc&) {
    return false;
  }
  bytes_ += bytes;
  if (!owner.is_shared()) own_bytes_ += bytes;
  return true;
}

WriteQueue::Result WriteQueue::flush(int fd, size_t bytes_max) {
  Result result{Flush::kEmpty, 0, 0, 0};
  while (bytes_ > 0 && result.sent < bytes_max) {
    iovec parts[kPartsMax];
    size_t count = 0;
    size_t offered = 0;
    for (const Entry& entry : *entries_) {
      const size_t bytes = std::min(entry.end - entry.begin, bytes_max - result.sent - offered);
      if (count == kPartsMax || bytes == 0) break;
      // Right before the write: between two writes JavaScript may have done anything to memory of its own.
      result.state = judge(entry, bytes);
      // What comes before is as it should be, but the packet that it belongs to will never be whole.
      if (result.state != Flush::kEmpty) return result;
      parts[count++] = {const_cast<uint8_t*>(entry.data) + entry.begin, bytes};
      offered += bytes;
    }
    const ssize_t sent = send_vector(fd, parts, count);
    ++result.syscalls;
    if (sent < 0) {
      result.state = is_retryable(errno) ? Flush::kBlocked : Flush::kFailed;
      result.error = errno;
      return result;
    }
    result.sent += static_cast<size_t>(sent);
    take_written(static_cast<size_t>(sent));
    if (static_cast<size_t>(sent) < offered) {
      result.state = Flush::kBlocked;
      return result;
    }
  }
  if (bytes_ == 0) {
    entries_.reset();
  } else {
    result.state = Flush::kBlocked;
  }
  return result;
}

WriteQueue::Flush WriteQueue::judge(const Entry& entry, size_t bytes) {
  if (entry.owner == nullptr) return Flush::kEmpty;
  if (!entry.owner->is_intact(entry.token)) return Flush::kLost;
  if (entry.seal == nullptr || entry.seal->holds(entry.data, entry.begin, entry.begin + bytes)) return Flush::kEmpty;
  return Flush::kChanged;
}

void WriteQueue::take_written(size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    Entry& front = entries_->front();
    const size_t taken = std::min(bytes, front.end - front.begin);
    front.begin += taken;
    bytes -= taken;
    if (front.owner == nullptr || !front.owner->is_shared()) own_bytes_ -= taken;
    if (front.begin < front.end) continue;
    BytesOwner* const owner = front.owner;
    const uint32_t token = front.token;
    entries_->pop_front();
    if (owner != nullptr) owner->release(token);
  }
}

size_t WriteQueue::copy_referred(BytesOwner& owner, uint32_t token) {
  size_t copied = 0;
  if (!entries_) return copied;
  for (Entry& entry : *entries_) {
    if (entry.owner != &owner || entry.token != token) continue;
    const size_t bytes = entry.end - entry.begin;
    std::unique_ptr<uint8_t[]> memory(new (std::nothrow) uint8_t[bytes]);
    if (memory == nullptr) continue;
    std::memcpy(memory.get(), entry.data + entry.begin, bytes);
    entry.memory = std::move(memory);
    entry.data = entry.memory.get();
    entry.capacity = entry.end = bytes;
    entry.begin = 0;
    entry.owner = nullptr;
    entry.seal = nullptr;
    copied += bytes;
    if (owner.is_shared()) own_bytes_ += bytes;
    owner.release(token);
  }
  return copied;
}

void WriteQueue::clear() {
  bytes_ = own_bytes_ = 0;
  // Apart from the queue first: an owner may look at it.
  const std::unique_ptr<std::deque<Entry>> entries = std::move(entries_);
  if (!entries) return;
  for (const Entry& entry : *entries) {
    if (entry.owner != nullptr) entry.owner->release(entry.token);
  }
}

}  // namespace msgtrans
