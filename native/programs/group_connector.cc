#include "programs/group_connector.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>

#include "base/monotonic_clock.h"
#include "io/stream_socket.h"
#include "programs/process_guard.h"

namespace msgtrans {
namespace {

constexpr uint32_t kInFlightMax = 256;
constexpr uint64_t kProgressNsMax = 10'000'000'000;
constexpr int kEventsMax = 64;

// The listener's queue is bounded by somaxconn: what does not fit is dropped and comes again a second later.
uint32_t connects_in_flight_max() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/sys/net/core/somaxconn", "re"),
                                                             &std::fclose);
  unsigned somaxconn = 128;
  if (file != nullptr && std::fscanf(file.get(), "%u", &somaxconn) != 1) somaxconn = 128;
  return std::clamp<uint32_t>(somaxconn / 2, 1, kInFlightMax);
}

class GroupConnector {
 public:
  explicit GroupConnector(SessionGroup& group) : group_(group), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  std::optional<ControlError> run() {
    if (!epoll_.valid()) return failure(errno);
    const uint32_t in_flight_max = connects_in_flight_max();
    const size_t wanted = group_.sessions.size();
    last_progress_ns_ = monotonic_ns();
    while (connected_ < wanted) {
      while (started_ < wanted && in_flight_ < in_flight_max && !queue_full_) {
        if (const int error = start_next()) return failure(error);
      }
      if (const int error = collect()) return failure(error);
      if (monotonic_ns() - last_progress_ns_ > kProgressNsMax) return failure(ETIMEDOUT);
    }
    return std::nullopt;
  }

 private:
  int start_next() {
    OpenedSocket opened = open_session(group_, started_);
    // A unix listener whose queue is full has no "in progress": it is asked again once it had time to accept.
    queue_full_ = opened.error == EAGAIN && group_.address.family() == AF_UNIX;
    if (queue_full_) return 0;
    if (!opened.fd.valid()) return opened.error;
    const int fd = opened.fd.get();
    group_.sessions[started_].fd = std::move(opened.fd);
    ++started_;
    if (opened.error == 0) {
      note_connected();
      return 0;
    }
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.fd = fd;
    ++in_flight_;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
  }

  int collect() {
    if (in_flight_ == 0) {
      if (!queue_full_) return 0;
      constexpr timespec kPause{0, 1'000'000};
      ::nanosleep(&kPause, nullptr);
      queue_full_ = false;
      return 0;
    }
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(epoll_.get(), events, kEventsMax, 100);
    for (int index = 0; index < count; ++index) {
      const int fd = events[index].data.fd;
      if (const int error = pending_error(fd)) return error;
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
      --in_flight_;
      note_connected();
    }
    return 0;
  }

  void note_connected() {
    ++connected_;
    last_progress_ns_ = monotonic_ns();
  }

  ControlError failure(int error) const {
    return {"ERR_GENERATOR_CONNECT_FAILED", "connected " + std::to_string(connected_) + " of " +
                                                std::to_string(group_.sessions.size()) +
                                                " sessions of group " + group_.name + " to " +
                                                group_.address.url() + ", then: " + describe_errno(error)};
  }

  SessionGroup& group_;
  UniqueFd epoll_;
  size_t started_ = 0;
  size_t connected_ = 0;
  uint32_t in_flight_ = 0;
  bool queue_full_ = false;
  uint64_t last_progress_ns_ = 0;
};

}  // namespace

OpenedSocket open_session(const SessionGroup& group, size_t session_index) {
  if (group.sources.empty()) return open_connection(group.address);
  return open_connection_from(group.sources[session_index % group.sources.size()], group.address);
}

std::optional<ControlError> connect_all(SessionGroup& group) {
  return GroupConnector(group).run();
}

}  // namespace msgtrans
