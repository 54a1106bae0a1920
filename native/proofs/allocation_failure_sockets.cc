// Start-up, and one reactor with sockets: what a client that knows nothing of it sees, and what its host does.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "io/stream_socket.h"
#include "proofs/allocation_failure_host.h"
#include "proofs/allocation_failure_scenarios.h"
#include "proofs/allocation_failure_sites.h"
#include "session/reactor_group.h"

namespace msgtrans {

namespace {

constexpr uint32_t kLargePayload = 300'000;
constexpr uint32_t kDedicatedPayload = 1'500'000;
constexpr uint32_t kLoanPayload = 3'000'000;

bool is_typed(CloseCode code) { return code == CloseCode::kOutOfMemory || code == CloseCode::kBufferBudget; }

// The other end, which asks for memory on its own account.
class Client {
 public:
  explicit Client(const SocketAddress& address) {
    const Exempt exempt;
    fd_ = std::move(open_connection(address).fd);
    MSGTRANS_EXPECT(fd_.valid());
    scrap_.resize(256 * 1024);
  }

  bool is_reading = true;
  bool has_ended = false;
  uint64_t received = 0;

  void send(uint32_t payload_bytes, size_t bytes_max = SIZE_MAX) {
    const Exempt exempt;
    const size_t begin = unsent_.size();
    unsent_.resize(begin + kHeaderBytes + payload_bytes);
    write_packet(unsent_.data() + begin, ++sent_, payload_bytes);
    pump(bytes_max);
  }
  void pump(size_t bytes_max = SIZE_MAX) {
    const Exempt exempt;
    if (!unsent_.empty() && !has_ended) {
      const ssize_t taken = send_bytes(fd_.get(), unsent_.data(), std::min(bytes_max, unsent_.size()));
      if (taken > 0) unsent_.erase(unsent_.begin(), unsent_.begin() + taken);
      if (taken < 0 && !is_retryable(errno)) has_ended = true;
    }
    while (is_reading && !has_ended) {
      const ssize_t got = receive_bytes(fd_.get(), scrap_.data(), scrap_.size());
      if (got == 0 || (got < 0 && !is_retryable(errno))) has_ended = true;
      if (got <= 0) return;
      received += static_cast<uint64_t>(got);
    }
  }

 private:
  UniqueFd fd_;
  uint32_t sent_ = 0;
  std::vector<uint8_t> unsent_;
  std::vector<uint8_t> scrap_;
};

// Memory that is sent from where it lies.
class ProofLender final : public BytesOwner {
 public:
  bool is_intact(uint32_t) override { return true; }
  bool is_sealed(uint32_t token) const override { return token % 2 == 1; }
  void release(uint32_t) override { ++released; }
  bool is_shared() const override { return false; }

  uint32_t released = 0;
};

class MessagePath {
 public:
  MessagePath() : reactor_(3) {
    loan_.resize(kHeaderBytes + kLoanPayload);
    write_packet(loan_.data(), 1, kLoanPayload);
  }

  void run() {
    Refusals::resume();
    if (!listen()) return;
    Client client(address_);
    run_until({&client}, [&] { return host().end_count + turned_away() >= 1; });
    Client bystander(address_);
    run_until({&client, &bystander}, [&] { return host().end_count + turned_away() >= 2; });
    exchange(client);
    fill(client);
    lend(client);
    connect_to_ourselves();
    close(client);
    // Who was not hit goes on, and whoever comes now is served.
    Refusals::disarm();
    Client probe(address_);
    const uint64_t before = probe.received;
    probe.send(100);
    MSGTRANS_EXPECT(run_until({&probe}, [&] { return probe.received == before + kHeaderBytes + 100; }));
    if (!bystander.has_ended) {
      bystander.send(100);
      run_until({&bystander}, [&] { return bystander.received > 0 || bystander.has_ended; });
    }
    MSGTRANS_EXPECT(!bystander.has_ended || Refusals::happened());
    reactor_.engine->check_invariants();
    reactor_.engine->close_all(CloseCode::kTransportClosed, false);
    run_until({&bystander, &probe}, [&] { return reactor_.engine->directory().open_count() == 0; });
    judge_closes();
  }

  [[nodiscard]] bool valid() const { return reactor_.valid(); }

 private:
  ProofHost& host() { return reactor_.host; }
  [[nodiscard]] uint32_t turned_away() { return host().events[kEventAcceptFailed] + host().closed_count(); }

  template <typename Done>
  bool run_until(std::initializer_list<Client*> clients, Done&& done) {
    const uint64_t end = monotonic_ns() + kPatienceNs;
    while (!done()) {
      if (monotonic_ns() > end) {
        Refusals::note_problem("nothing happens any more", __FILE__, __LINE__);
        return false;
      }
      reactor_.step(1);
      for (Client* const client : clients) client->pump();
    }
    return true;
  }

  bool listen() {
    host().echo = true;
    SessionEngine::Opened opened;
    for (int attempt = 0; attempt < 16; ++attempt) {
      opened = reactor_.engine->listen(*SocketAddress::tcp("127.0.0.1", 0), 16);
      if (opened.error == 0) break;
      MSGTRANS_EXPECT(Refusals::happened() && is_refusal(opened.error));
    }
    MSGTRANS_EXPECT(opened.error == 0);
    address_ = opened.address;
    listener_ = opened.id;
    return opened.error == 0;
  }

  void exchange(Client& client) {
    host().retain = true;
    uint64_t expected = client.received;
    const auto echoed = [&] { return client.received >= expected || client.has_ended; };
    for (int i = 0; i < 3; ++i) {
      client.send(50);
      expected += kHeaderBytes + 50;
    }
    run_until({&client}, echoed);
    // In three pieces.
    client.send(2'000, 900);
    run_until({&client}, [turns = 0]() mutable { return ++turns > 3; });
    client.pump();
    expected += kHeaderBytes + 2'000;
    run_until({&client}, echoed);
    for (const uint32_t bytes : {kLargePayload, kDedicatedPayload}) {
      client.send(bytes);
      expected += kHeaderBytes + bytes;
      run_until({&client}, echoed);
    }
    host().retain = false;
  }

  // More than the socket takes; then it drains.
  void fill(Client& client) {
    if (client.has_ended || host().end_count == 0 || host().ends[0].is_closed) return;
    ProofEnd* const end = &host().ends[0];
    client.is_reading = false;
    for (int i = 0; i < 200 && host().send(*end, 50'000); ++i) {
    }
    reactor_.engine->flush();
    reactor_.engine->want_drain(reactor_.engine->directory().word(end->slot), end->generation);
    reactor_.step();
    client.is_reading = true;
    const uint32_t drains = host().events[kEventDrain];
    run_until({&client}, [&] { return end->is_closed || host().events[kEventDrain] > drains; });
  }

  // More than the socket takes, of memory that is only lent; and a slice to fill and to give back.
  void lend(Client& client) {
    SessionEngine& engine = *reactor_.engine;
    const Slice slice = engine.make_send_buffer(100);
    if (slice.valid()) {
      engine.release_sent(slice.id);
    } else {
      MSGTRANS_EXPECT(Refusals::happened());
    }
    if (client.has_ended || host().end_count == 0 || host().ends[0].is_closed) return;
    const ProofEnd& end = host().ends[0];
    client.is_reading = false;
    uint32_t lent = 0;
    for (; lent < 4 && !end.is_closed; ++lent) {
      engine.directory().state(end.slot).queued_bytes += static_cast<uint32_t>(loan_.size());
      const iovec parts[] = {{loan_.data(), kHeaderBytes}, {loan_.data() + kHeaderBytes, loan_.size() - kHeaderBytes}};
      engine.send_referred(engine.directory().word(end.slot), end.generation, parts, 2, lender_, lent);
    }
    client.is_reading = true;
    run_until({&client}, [&] { return end.is_closed || lender_.released == lent; });
    MSGTRANS_EXPECT(lender_.released == lent);
  }

  void connect_to_ourselves() {
    const uint32_t failed = host().events[kEventConnectFailed];
    const SessionEngine::Opened opened = reactor_.engine->connect(address_);
    if (opened.error != 0) return MSGTRANS_EXPECT(Refusals::happened() && is_refusal(opened.error));
    run_until({}, [&] { return host().newest(opened.id) != nullptr || host().events[kEventConnectFailed] > failed ||
                               turned_away() > 0; });
    ProofEnd* const end = host().newest(opened.id);
    host().echo = false;
    if (end != nullptr) reactor_.engine->close_session(reactor_.engine->directory().word(end->slot), end->generation,
                                                       CloseCode::kOrderly, true);
    run_until({}, [&] { return end == nullptr || end->is_closed; });
    host().echo = true;
  }

  void close(Client& client) {
    ProofEnd& end = host().ends[0];
    if (client.has_ended || host().end_count == 0 || end.is_closed) return;
    reactor_.engine->close_session(reactor_.engine->directory().word(end.slot), end.generation, CloseCode::kOrderly, true);
    run_until({&client}, [&] { return end.is_closed; });
  }

  void judge_closes() {
    for (uint32_t i = 0; i < host().end_count; ++i) {
      const ProofEnd& end = host().ends[i];
      const bool expected = end.code == CloseCode::kOrderly || end.code == CloseCode::kTransportClosed;
      MSGTRANS_EXPECT(end.is_closed && (expected || (Refusals::happened() && is_typed(end.code))));
    }
  }

  ProofLender lender_;
  std::vector<uint8_t> loan_;
  ProofReactor reactor_;
  SocketAddress address_;
  uint32_t listener_ = 0;
};

}  // namespace

void start_up() {
  ProofReactor home(1);
  if (!home.valid()) return MSGTRANS_EXPECT(Refusals::happened());
  ReactorGroup group(*home.engine);
  ThreadReactorOptions options;
  options.engine.reactor = 2;
  options.engine.process_wide = true;
  options.engine.home = 1;
  options.engine.session_capacity = 3000;
  options.engine.pool.tier_counts = {32, 8, 20, 0};
  if (!group.add_thread(options)) {
    MSGTRANS_EXPECT(Refusals::happened());
    Refusals::disarm();
    MSGTRANS_EXPECT(group.add_thread(options));
  }
  const SessionEngine::Opened opened = group.listen(*SocketAddress::tcp("127.0.0.1", 0), 16, false);
  MSGTRANS_EXPECT(opened.error == 0 || (Refusals::happened() && is_refusal(opened.error)));
  group.close_listener(opened.id);
  group.warm_up();
  home.step();
  group.join_threads();
}

void message_path() {
  // Making it is another scenario's.
  Refusals::disarm();
  MessagePath path;
  MSGTRANS_EXPECT(path.valid());
  if (path.valid()) path.run();
}

}  // namespace msgtrans
