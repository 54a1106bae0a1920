#include "session/reactor_group.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>


namespace msgtrans {

bool ReactorGroup::add_thread(const ThreadReactorOptions& options) {
  try {
    threads_.reserve(threads_.size() + 1);
    std::unique_ptr<ThreadReactor> thread = ThreadReactor::start(options);
    if (thread == nullptr) return false;
    threads_.push_back(std::move(thread));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

SessionEngine::Opened ReactorGroup::listen(const SocketAddress& address, int backlog, bool share) {
  const uint32_t id = home_.next_origin();
  int error = 0;
  try {
    const SharedListener::Opened opened = SharedListener::open(address, backlog, share);
    if (opened.error != 0) return {opened.error, 0, {}};
    error = join_all(opened.listener, id);
    if (error == 0) return {0, id, opened.listener->address()};
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  }
  close_listener(id);
  return {error, 0, {}};
}

int ReactorGroup::join_all(const std::shared_ptr<SharedListener>& listener, uint32_t id) {
  if (threads_.empty()) return home_.join_listener(listener, id);
  listeners_.insert(id);
  int error = 0;
  for (const auto& thread : threads_) {
    const bool is_asked = home_.call(thread->number(), [&](SessionEngine& engine) {
      if (const int refused = engine.join_listener(listener, id); refused != 0) error = refused;
    });
    if (!is_asked) error = ENOMEM;
  }
  return error;
}

void ReactorGroup::close_listener(uint32_t id) {
  home_.close_listener(id);
  listeners_.erase(id);
  // Waited for: the address is free when this returns.
  for (const auto& thread : threads_) {
    if (home_.call(thread->number(), [id](SessionEngine& engine) { engine.close_listener(id); })) continue;
    // No memory to wait with; it closes all the same, a little later.
    home_.post(thread->number(), {LinkKind::kCloseListener, 0, 0, id, 0, 0});
    home_.flush();
  }
}

SessionEngine::Opened ReactorGroup::connect(const SocketAddress& address) {
  if (threads_.empty()) return home_.connect(address);
  const auto lightest = std::min_element(threads_.begin(), threads_.end(), [](const auto& one, const auto& other) {
    return one->port()->session_load() < other->port()->session_load();
  });
  const uint32_t id = home_.next_origin();
  int error = 0;
  try {
    const bool is_asked = home_.call((*lightest)->number(),
                                     [&](SessionEngine& engine) { error = engine.begin_connect(address, id); });
    if (!is_asked) error = ENOMEM;
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  }
  if (error != 0) return {error, 0, {}};
  return {0, id, {}};
}

void ReactorGroup::cancel_connect(uint32_t id) {
  home_.cancel_connect(id);
  post_to_all({LinkKind::kCancelConnect, 0, 0, id, 0, 0});
}

void ReactorGroup::close_all(CloseCode code, bool flush) {
  home_.close_all(code, flush);
  post_to_all({LinkKind::kCloseAll, 0, 0, static_cast<uint32_t>(code), flush ? 1u : 0u, 0});
}

void ReactorGroup::set_route_all(bool route_all) {
  home_.set_route_all(route_all);
  post_to_all({LinkKind::kRouteAll, 0, 0, route_all ? 1u : 0u, 0, 0});
}

size_t ReactorGroup::warm_up() {
  size_t bytes = home_.warm_up();
  for (const auto& thread : threads_) {
    home_.call(thread->number(), [&bytes](SessionEngine& engine) { bytes += engine.warm_up(); });
  }
  return bytes;
}

bool ReactorGroup::is_alive() const {
  return std::any_of(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->is_alive(); });
}

uint32_t ReactorGroup::sessions_open() const {
  uint32_t sessions = home_.directory().open_count();
  for (const auto& thread : threads_) sessions += thread->engine().directory().open_count();
  return sessions;
}

uint64_t ReactorGroup::queued_bytes() const {
  uint64_t bytes = 0;
  for (const auto& thread : threads_) bytes += thread->engine().queued_bytes();
  return bytes;
}

void ReactorGroup::post_to_all(const LinkRecord& record) {
  for (const auto& thread : threads_) home_.post(thread->number(), record);
  home_.flush();
}

}  // namespace msgtrans
