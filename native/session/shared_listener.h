// One listening socket of the process, and the reactors that accept from it.
//
// The socket is in the epoll set of every member, so a member that stopped or computes strands nobody. Whoever accepts
// hands the connection to the less loaded of two members chosen at random ("power of two choices", Mitzenmacher 1996).
// SO_REUSEPORT sockets for each would strand what the kernel has hashed to one that closes.
//
// Thread: any; the members change under a mutex, which each accept takes once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "io/socket_address.h"
#include "session/reactor_port.h"

namespace msgtrans {

class SharedListener {
 public:
  struct Member {
    std::shared_ptr<ReactorPort> port;
    uint32_t listener;  // its id there
  };

  SharedListener(UniqueFd fd, const SocketAddress& address);
  // Removes the file of a unix socket.
  ~SharedListener();
  SharedListener(const SharedListener&) = delete;
  SharedListener& operator=(const SharedListener&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const SocketAddress& address() const { return address_; }

  void join(Member member);
  void leave(const ReactorPort& port);
  // The member that gets the next connection, accepted by `self`. `random` is any number. Empty when nobody is left.
  Member choose(const ReactorPort& self, uint64_t random) const;

  struct Opened {
    int error = 0;  // errno, 0 for success
    std::shared_ptr<SharedListener> listener;
  };
  // `share`: the listener of that address which was opened to be shared, if there is one, or else a new one that others
  // find. Of several threads that ask for a new address at once one opens it.
  static Opened open(const SocketAddress& address, int backlog, bool share);

 private:
  UniqueFd fd_;
  SocketAddress address_;
  bool is_announced_ = false;
  mutable std::mutex mutex_;
  std::vector<Member> members_;
};

}  // namespace msgtrans
