// The reactors of one transport: the inline one of its JavaScript thread, home, and those on threads of their own.
//
// With threads, sockets live there: listeners are accepted from by all of them, connections out go to the least loaded.
// Home keeps what has no socket: deliveries, and sessions in process.
//
// Thread: home's.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "session/session_engine.h"
#include "session/thread_reactor.h"

namespace msgtrans {

class ReactorGroup {
 public:
  explicit ReactorGroup(SessionEngine& home) : home_(home) {}
  // Stops and joins the threads. Home is still there; it gets no more deliveries of theirs.
  ~ReactorGroup() = default;
  ReactorGroup(const ReactorGroup&) = delete;
  ReactorGroup& operator=(const ReactorGroup&) = delete;

  // False when memory, a descriptor or a thread is refused; the reactors started before stay.
  bool add_thread(const ThreadReactorOptions& options);
  [[nodiscard]] const std::vector<std::unique_ptr<ThreadReactor>>& threads() const { return threads_; }

  // As those of SessionEngine, over all reactors. `share`: the address may be listened on by other transports of this
  // process, too, if they say the same; each connection goes to one of them.
  SessionEngine::Opened listen(const SocketAddress& address, int backlog, bool share);
  void close_listener(uint32_t id);
  SessionEngine::Opened connect(const SocketAddress& address);
  void cancel_connect(uint32_t id);
  void close_all(CloseCode code, bool flush);
  void set_route_all(bool route_all);

  // Touches the buffers of all reactors, each on its own thread. Returns the bytes touched.
  size_t warm_up();

  // Whether a thread has anything open that should keep the process alive.
  [[nodiscard]] bool is_alive() const;
  [[nodiscard]] uint32_t sessions_open() const;
  // Bytes in the write queues of the threads.
  [[nodiscard]] uint64_t queued_bytes() const;

  void join_threads() { threads_.clear(); }

 private:
  // 0 or an errno.
  int join_all(const std::shared_ptr<SharedListener>& listener, uint32_t id);
  void post_to_all(const LinkRecord& record);

  SessionEngine& home_;
  std::vector<std::unique_ptr<ThreadReactor>> threads_;
  std::unordered_set<uint32_t> listeners_;  // of the threads
};

}  // namespace msgtrans
