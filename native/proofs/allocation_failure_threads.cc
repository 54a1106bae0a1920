// Sessions between two engines of one process, and a reactor on a thread of its own.
#include <cerrno>
#include <optional>
#include <string>

#include "io/stream_socket.h"
#include "proofs/allocation_failure_host.h"
#include "proofs/allocation_failure_scenarios.h"
#include "proofs/allocation_failure_sites.h"
#include "session/reactor_group.h"

namespace msgtrans {

namespace {

template <typename Done>
bool run_until(std::initializer_list<ProofReactor*> reactors, Done&& done) {
  const uint64_t end = monotonic_ns() + kPatienceNs;
  while (!done()) {
    if (monotonic_ns() > end) {
      Refusals::note_problem("nothing happens any more", __FILE__, __LINE__);
      return false;
    }
    for (ProofReactor* const reactor : reactors) reactor->step();
  }
  return true;
}

class InProcessPath {
 public:
  InProcessPath() : one_(4), other_(5) {}
  [[nodiscard]] bool valid() const { return one_.valid() && other_.valid(); }

  void run() {
    Refusals::resume();
    if (!listen()) return;
    const uint32_t connect = connect_some(3);
    send_both_ways(connect);
    hold(connect);
    overrun(connect);
    close(connect);
    Refusals::disarm();
    // A new session works, and the old ones end when one side goes.
    const uint32_t again = connect_some(1);
    ProofEnd* const end = one_.host.newest(again);
    MSGTRANS_EXPECT(end != nullptr);
    if (end != nullptr) {
      other_.host.echo = true;
      MSGTRANS_EXPECT(one_.host.send(*end, 100));
      run_until({&one_, &other_}, [&] { return end->received == 1; });
    }
    one_.engine->check_invariants();
    other_.engine->check_invariants();
    other_.engine->abandon();
    run_until({&one_}, [&] { return one_.engine->directory().open_count() == 0; });
    for (uint32_t i = 0; i < one_.host.end_count; ++i) MSGTRANS_EXPECT(one_.host.ends[i].is_closed);
  }

 private:
  bool listen() {
    for (int attempt = 0; attempt < 16; ++attempt) {
      const SessionEngine::OpenedName opened = other_.engine->listen_in_process("");
      if (opened.error == 0) {
        listener_ = opened.id;
        const Exempt exempt;
        name_ = opened.name;
        return true;
      }
      MSGTRANS_EXPECT(Refusals::happened() && is_refusal(opened.error));
    }
    return false;
  }

  uint32_t connect_some(uint32_t count) {
    const uint32_t failed = one_.host.events[kEventConnectFailed];
    const uint32_t connected = one_.host.events[kEventConnected];
    const SessionEngine::OpenedName opened = one_.engine->connect_in_process(name_, count);
    if (opened.error != 0) {
      MSGTRANS_EXPECT(Refusals::happened() && is_refusal(opened.error));
      return 0;
    }
    run_until({&one_, &other_}, [&] {
      return one_.host.events[kEventConnectFailed] + one_.host.events[kEventConnected] - failed - connected == count;
    });
    MSGTRANS_EXPECT(one_.host.events[kEventConnectFailed] == failed || Refusals::happened());
    return opened.id;
  }

  bool quiet(const ProofEnd& end) {
    const SlotState& slot = one_.engine->directory().state(end.slot);
    const SlotState* const peer = SlotTable::find_state(slot.peer_word);
    // Relaxed: a figure.
    return end.is_closed || peer->settled_bytes.load(std::memory_order_relaxed) == slot.queued_bytes;
  }

  void send_both_ways(uint32_t connect) {
    ProofEnd* const end = one_.host.newest(connect);
    if (end == nullptr) return;
    other_.host.echo = true;
    for (const uint32_t bytes : {10u, 2'000u, 60'000u, 100'000u, 1'200'000u}) {
      for (int i = 0; i < 3; ++i) (void)one_.host.send(*end, bytes);
      run_until({&one_, &other_}, [&] { return end->is_closed || end->received == end->sent; });
    }
    other_.host.echo = false;
  }

  // The other end's consumer is behind; a drain is asked for meanwhile.
  void hold(uint32_t connect) {
    ProofEnd* const end = one_.host.newest(connect);
    if (end == nullptr) return;
    const SlotState& slot = one_.engine->directory().state(end->slot);
    const uint32_t word = slot.peer_word;
    const uint32_t generation = slot.peer_generation;
    other_.engine->set_paused(word, generation, true);
    for (int i = 0; i < 4; ++i) (void)one_.host.send(*end, 1'000);
    one_.engine->want_drain(one_.engine->directory().word(end->slot), end->generation);
    for (int i = 0; i < 4; ++i) {
      one_.step();
      other_.step();
    }
    const uint32_t drains = one_.host.events[kEventDrain];
    other_.engine->set_paused(word, generation, false);
    run_until({&one_, &other_}, [&] { return end->is_closed || one_.host.events[kEventDrain] > drains; });
  }

  // More than there are segments, while the other side does nothing.
  void overrun(uint32_t connect) {
    ProofEnd* const end = one_.host.newest(connect);
    if (end == nullptr) return;
    for (int i = 0; i < 120 && one_.host.send(*end, 30'000); ++i) one_.engine->flush();
    for (int i = 0; i < 1'000 && one_.host.send(*end, 20); ++i) one_.engine->flush();
    run_until({&one_, &other_}, [&] { return quiet(*end); });
    ProofEnd* const peer = other_.host.newest(listener_);
    if (!end->is_closed) MSGTRANS_EXPECT(peer != nullptr);
  }

  void close(uint32_t connect) {
    ProofEnd* const end = one_.host.newest(connect);
    if (end == nullptr) return;
    one_.engine->close_session(one_.engine->directory().word(end->slot), end->generation, CloseCode::kOrderly, true);
    run_until({&one_, &other_}, [&] { return end->is_closed; });
  }

  ProofReactor one_;
  ProofReactor other_;
  uint32_t listener_ = 0;
  std::string name_;
};

ThreadReactorOptions thread_options() {
  ThreadReactorOptions options;
  options.engine.reactor = 7;
  options.engine.process_wide = true;
  options.engine.home = 6;
  options.engine.session_capacity = 16;
  options.engine.pool.tier_counts = {32, 8, 20, 0};
  return options;
}

}  // namespace

void in_process_path() {
  Refusals::disarm();
  InProcessPath path;
  MSGTRANS_EXPECT(path.valid());
  if (path.valid()) path.run();
}

void own_thread_path() {
  Refusals::disarm();
  ProofReactor home(6);
  ReactorGroup group(*home.engine);
  MSGTRANS_EXPECT(home.valid() && group.add_thread(thread_options()));
  home.host.echo = true;
  Refusals::resume();
  SessionEngine::Opened opened;
  for (int attempt = 0; attempt < 16; ++attempt) {
    opened = group.listen(*SocketAddress::tcp("127.0.0.1", 0), 16, true);
    if (opened.error == 0) break;
    MSGTRANS_EXPECT(Refusals::happened() && is_refusal(opened.error));
  }
  MSGTRANS_EXPECT(opened.error == 0);
  if (opened.error != 0) return;
  ProofHost& host = home.host;
  const auto settled = [&](uint32_t id) {
    return host.newest(id) != nullptr || host.closed_count() > 0 || host.events[kEventConnectFailed] > 0;
  };
  const SessionEngine::Opened connect = group.connect(opened.address);
  MSGTRANS_EXPECT(connect.error == 0 || (Refusals::happened() && is_refusal(connect.error)));
  if (connect.error == 0) {
    run_until({&home}, [&] { return settled(connect.id); });
    // The accepted end echoes, and so does ours: a message goes round until we stop.
    if (ProofEnd* const end = host.newest(connect.id); end != nullptr) {
      (void)host.send(*end, 1'000);
      (void)host.send(*end, 100'000);
      run_until({&home}, [&] { return end->is_closed || end->received >= 6 || host.closed_count() > 0; });
    }
  }
  Refusals::disarm();
  host.echo = false;
  group.close_all(CloseCode::kOrderly, false);
  run_until({&home}, [&] { return group.sessions_open() == 0; });
  group.close_listener(opened.id);
  group.join_threads();
}

}  // namespace msgtrans
