#include "session/link_sender.h"

#include <algorithm>
#include <new>
#include <utility>

namespace msgtrans {

LinkSender::Outgoing* LinkSender::outgoing(uint32_t to) {
  // Acquire: pairs with the exchange in `LinkReceiver::close`; the consumer has left the ring to us. Whoever knows the
  // next reactor with that number learned of it after this one had set the flag.
  if (ways_[to] && ways_[to]->link->consumer_gone.load(std::memory_order_acquire) != 0) give_up(to);
  if (ways_[to]) return ways_[to].get();
  if (is_closed_) return nullptr;
  ways_[to] = make_outgoing(to);
  if (ways_[to]) made_.push_back(to);
  return ways_[to].get();
}

// Null when nobody has that number, or memory is refused.
std::unique_ptr<LinkSender::Outgoing> LinkSender::make_outgoing(uint32_t to) const {
  const std::shared_ptr<ReactorPort> port = ReactorPorts::find(to);
  if (port == nullptr) return nullptr;
  try {
    auto way = std::make_unique<Outgoing>();
    way->link = std::make_shared<Link>(self_, port, segments_);
    return port->add_link(way->link) ? std::move(way) : nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void LinkSender::post(uint32_t to, const LinkRecord& record, uint32_t bytes) {
  Outgoing* const way = outgoing(to);
  if (way == nullptr) return observer_.on_undeliverable(to, record);
  way->bytes_posted += bytes;
  Link& link = *way->link;
  if (!link.waiting.empty() || !link.ring.stage(record)) link.waiting.push_back(record);
  if (way->touched) return;
  way->touched = true;
  touched_.push_back(to);
}

bool LinkSender::is_refused(uint32_t to) {
  return outgoing(to) == nullptr && !is_closed_ && ReactorPorts::find(to) != nullptr;
}

void LinkSender::flush() {
  if (is_held_) return;
  // Giving a link up may post to others.
  while (!touched_.empty()) {
    const uint32_t to = touched_.back();
    touched_.pop_back();
    ways_[to]->touched = false;
    publish(to, *ways_[to]);
  }
}

void LinkSender::flush_to(uint32_t to) {
  if (!ways_[to] || !ways_[to]->touched) return;
  std::erase(touched_, to);
  ways_[to]->touched = false;
  publish(to, *ways_[to]);
}

void LinkSender::publish(uint32_t to, Outgoing& way) {
  Link& link = *way.link;
  for (int attempt = 0; attempt < 2; ++attempt) {
    while (!link.waiting.empty() && link.ring.stage(link.waiting.front())) link.waiting.pop_front();
    link.ring.publish();
    if (link.waiting.empty()) break;
    // Acq_rel: pairs with the exchange in `LinkReceiver`: if it is the later one, the consumer sees the flag after it
    // made room; if ours is, it acquires that room for the second attempt.
    link.producer_waits.exchange(1, std::memory_order_acq_rel);
  }
  link.to->ring(self_->number());
  // Acq_rel read-modify-write: pairs with the exchange in `LinkReceiver::close`. If that is the later one, it acquires
  // our publication, and the consumer's last look finds it; if ours is, the flag is set and we look ourselves.
  if (link.consumer_gone.fetch_or(0, std::memory_order_acq_rel) != 0) give_up(to);
}

void LinkSender::give_up(uint32_t to) {
  const std::unique_ptr<Outgoing> way = std::move(ways_[to]);
  std::erase(made_, to);
  if (way->touched) std::erase(touched_, to);
  // What was staged since the last publication is found, too.
  way->link->ring.publish();
  LinkRecord record;
  while (way->link->take_left(record)) observer_.on_undeliverable(to, record);
}

void LinkSender::on_room(uint32_t to) {
  if (!ways_[to]) return;
  Outgoing& way = *ways_[to];
  // Relaxed: the doorbell that brought us here has acquired it.
  if (!way.link->waiting.empty() || way.link->consumer_gone.load(std::memory_order_relaxed) != 0) publish(to, way);
}

uint64_t LinkSender::bytes_under_way(uint32_t to) const {
  const Outgoing* const way = ways_[to].get();
  // Relaxed: a figure that is a little old errs on the side of more being under way.
  return way == nullptr ? 0 : way->bytes_posted - way->link->bytes_settled.load(std::memory_order_relaxed);
}

uint64_t LinkSender::bytes_under_way() const {
  uint64_t bytes = 0;
  for (const uint32_t to : made_) bytes += bytes_under_way(to);
  return bytes;
}

void LinkSender::close() {
  // A link that is given up may make the observer post to others, so there may be more to flush and to end.
  for (flush(); !made_.empty(); flush()) {
    const uint32_t to = made_.back();
    const std::shared_ptr<Link> link = ways_[to]->link;
    publish(to, *ways_[to]);
    if (!ways_[to] || ways_[to]->link != link) continue;
    // Release: pairs with the acquire load in `LinkReceiver`; nothing is published after it, and what waits is the
    // consumer's.
    link->producer_gone.store(1, std::memory_order_release);
    link->to->ring(self_->number());
    // Acq_rel read-modify-write: as in `publish`. If the consumer's is the later one, it sees the flag above.
    if (link->consumer_gone.fetch_or(0, std::memory_order_acq_rel) != 0) {
      give_up(to);
      continue;
    }
    ways_[to] = nullptr;
    std::erase(made_, to);
  }
  is_closed_ = true;
}

}  // namespace msgtrans
