#include "session/shared_listener.h"

#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <unordered_map>
#include <utility>

#include "io/stream_socket.h"

namespace msgtrans {

namespace {

// Listeners that others may join. An entry goes after its listener's address is free again.
struct Announced {
  std::mutex mutex;
  std::condition_variable is_gone;
  std::unordered_map<std::string, std::weak_ptr<SharedListener>> by_url;
};

Announced& announced() {
  // Never destroyed: Workers may end after the main thread's globals.
  static Announced& instance = *new Announced();
  return instance;
}

}  // namespace

SharedListener::SharedListener(UniqueFd fd, const SocketAddress& address) : fd_(std::move(fd)), address_(address) {}

SharedListener::~SharedListener() {
  if (address_.family() == AF_UNIX) ::unlink(reinterpret_cast<const sockaddr_un*>(address_.get())->sun_path);
  fd_.reset();
  if (!is_announced_) return;
  const std::lock_guard lock(announced().mutex);
  // Its own entry is the one that has expired: the end of another is waited for before anything else happens here.
  std::erase_if(announced().by_url, [](const auto& entry) { return entry.second.expired(); });
  announced().is_gone.notify_all();
}

void SharedListener::join(Member member) {
  const std::lock_guard lock(mutex_);
  members_.push_back(std::move(member));
}

void SharedListener::leave(const ReactorPort& port) {
  const std::lock_guard lock(mutex_);
  std::erase_if(members_, [&](const Member& member) { return member.port.get() == &port; });
}

SharedListener::Member SharedListener::choose(const ReactorPort& self, uint64_t random) const {
  const std::lock_guard lock(mutex_);
  const size_t count = members_.size();
  if (count == 0) return {};
  const Member& first = members_[random % count];
  const Member& second = members_[(random >> 32) % count];
  const Member& lighter = second.port->session_load() < first.port->session_load() ? second : first;
  // Equal loads stay where they are: handing over costs a wake-up.
  if (lighter.port.get() == &self) return lighter;
  const auto own = std::find_if(members_.begin(), members_.end(),
                                [&](const Member& member) { return member.port.get() == &self; });
  return own != members_.end() && own->port->session_load() <= lighter.port->session_load() ? *own : lighter;
}

SharedListener::Opened SharedListener::open(const SocketAddress& address, int backlog, bool share) {
  const auto open_own = [&]() -> Opened {
    OpenedSocket opened = open_listener(address, backlog);
    if (!opened.fd.valid()) return {opened.error, nullptr};
    const SocketAddress local = SocketAddress::local_of(opened.fd.get());
    return {0, std::make_shared<SharedListener>(std::move(opened.fd), local)};
  };
  if (!share) return open_own();
  std::unique_lock lock(announced().mutex);
  for (;;) {
    const auto found = announced().by_url.find(address.url());
    if (found == announced().by_url.end()) break;
    if (std::shared_ptr<SharedListener> listener = found->second.lock()) return {0, std::move(listener)};
    // Its last member has just left, and its address is not free before its end is through.
    announced().is_gone.wait(lock);
  }
  Opened opened = open_own();
  if (opened.error != 0) return opened;
  announced().by_url[opened.listener->address().url()] = opened.listener;
  // Not before: the end of one that is announced takes the mutex that we hold.
  opened.listener->is_announced_ = true;
  return opened;
}

}  // namespace msgtrans
