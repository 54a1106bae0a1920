#include "session/reactor_port.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <new>
#include <utility>

#include "session/link.h"

namespace msgtrans {

namespace {

struct Ports {
  std::mutex mutex;
  std::array<std::shared_ptr<ReactorPort>, kReactorsMax> by_number;
};

Ports& ports() {
  // Never destroyed: reactors of Workers may end after the main thread's globals.
  static Ports& instance = *new Ports();
  return instance;
}

}  // namespace

ReactorPort::ReactorPort(uint32_t number, bool answers_calls)
    : number_(number), answers_calls_(answers_calls), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void ReactorPort::ring(uint32_t from) {
  if (!doorbell_.ring(from)) return;
  const uint64_t one = 1;
  // Non-blocking: it can only fail when 2⁶⁴ - 2 wake-ups are unread, and then the reactor is awake.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof(one));
}

bool ReactorPort::add_link(std::shared_ptr<Link> link) {
  const uint32_t from = link->from->number();
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    try {
      new_links_.push_back(std::move(link));
    } catch (const std::bad_alloc&) {
      return false;
    }
    // Release: pairs with the acquire load in `take_new_links`.
    has_new_links_.store(1, std::memory_order_release);
  }
  ring(from);
  return true;
}

std::vector<std::shared_ptr<Link>> ReactorPort::take_new_links() {
  // Acquire: pairs with the release store in `add_link`; spares the lock of every other visit.
  if (has_new_links_.load(std::memory_order_acquire) == 0) return {};
  const std::lock_guard lock(mutex_);
  // Relaxed: under the lock that the writer holds, too.
  has_new_links_.store(0, std::memory_order_relaxed);
  return std::exchange(new_links_, {});
}

std::vector<std::shared_ptr<Link>> ReactorPort::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  return std::exchange(new_links_, {});
}

void ReactorPorts::add(std::shared_ptr<ReactorPort> port) {
  const std::lock_guard lock(ports().mutex);
  const uint32_t number = port->number();
  ports().by_number[number] = std::move(port);
}

void ReactorPorts::remove(uint32_t number) {
  const std::lock_guard lock(ports().mutex);
  ports().by_number[number] = nullptr;
}

std::shared_ptr<ReactorPort> ReactorPorts::find(uint32_t number) {
  const std::lock_guard lock(ports().mutex);
  return ports().by_number[number];
}

}  // namespace msgtrans
