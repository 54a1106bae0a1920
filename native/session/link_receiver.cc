#include "session/link_receiver.h"

#include <utility>

namespace msgtrans {

bool LinkReceiver::receive() {
  take_mail();
  bool any = false;
  for (size_t left = ready_.size(); left > 0 && handler_.has_room(); --left) {
    const uint32_t from = ready_.front();
    if (!receive_from(sources_[from], any)) break;  // it goes on where it stopped, before the others have their turn again
    ready_.pop_front();
    sources_[from].ready = false;
    if (has_more(sources_[from])) mark_ready(from);
  }
  return any;
}

void LinkReceiver::take_mail() {
  self_->doorbell().take([this](uint32_t from) {
    handler_.on_rung(from);
    mark_ready(from);
  });
  for (std::shared_ptr<Link>& link : self_->take_new_links()) {
    const uint32_t from = link->from->number();
    append(sources_[from], std::move(link));
    mark_ready(from);
  }
}

void LinkReceiver::append(Source& source, std::shared_ptr<Link> link) {
  Link* const appended = link.get();
  (source.first == nullptr ? source.first : source.last->next) = std::move(link);
  source.last = appended;
}

void LinkReceiver::drop_first(Source& source) {
  // Apart first: the link goes with its last owner.
  std::shared_ptr<Link> next = std::move(source.first->next);
  source.first = std::move(next);
}

void LinkReceiver::mark_ready(uint32_t from) {
  if (sources_[from].first == nullptr || sources_[from].ready) return;
  sources_[from].ready = true;
  ready_.push_back(from);
}

bool LinkReceiver::receive_from(Source& source, bool& any) {
  for (int count = 0; count < kRecordsPerTurn && source.first != nullptr; ++count) {
    if (!handler_.has_room()) return false;
    Link& link = *source.first;
    if (!link.reading.is_announced) {
      link.reading.is_announced = true;
      handler_.on_link(source.first);
    }
    if (!next_record(link)) {
      // The next one's memory is another: not in the same delivery.
      if (is_over(link)) drop_first(source);
      return true;
    }
    any = true;
    if (handler_.on_record(link, link.reading.current, link.reading.cursor) == Outcome::kAgain) return false;
    link.reading.has_current = false;
  }
  return true;
}

bool LinkReceiver::has_more(const Source& source) {
  if (source.first == nullptr) return false;
  const Link& link = *source.first;
  if (!link.reading.is_announced || link.ring.size() > 0) return true;
  // Acquire: as in `next_record`. What waits is still to come, or it is over and gives way to the next.
  return link.producer_gone.load(std::memory_order_acquire) != 0;
}

bool LinkReceiver::next_record(Link& link) {
  Link::Reading& reading = link.reading;
  if (reading.has_current) return true;
  if (!link.ring.try_pop(reading.current)) {
    // Acquire: pairs with the release store in `LinkSender::close`; nothing is published after it.
    if (link.producer_gone.load(std::memory_order_acquire) == 0 || !link.take_left(reading.current)) return false;
  } else if (link.producer_waits.exchange(0, std::memory_order_acq_rel) != 0) {
    // Acq_rel: pairs with the exchange in `LinkSender::publish`; releases the room that there is now.
    link.from->ring(self_->number());
  }
  reading.cursor = 0;
  reading.has_current = true;
  return true;
}

bool LinkReceiver::is_over(Link& link) {
  // Acquire: as in `next_record`; the ring and what waits are as they will be.
  if (link.producer_gone.load(std::memory_order_acquire) == 0 || link.ring.size() > 0) return false;
  const std::lock_guard lock(link.mutex);
  return link.waiting.empty();
}

void LinkReceiver::close(const std::function<void(const LinkRecord&)>& returned) {
  Source all;
  for (Source& source : sources_) {
    while (source.first != nullptr) {
      std::shared_ptr<Link> link = source.first;
      drop_first(source);
      append(all, std::move(link));
    }
    source.ready = false;
  }
  while (!ready_.empty()) ready_.pop_front();
  for (std::shared_ptr<Link>& link : self_->close()) append(all, std::move(link));
  for (Link* link = all.first.get(); link != nullptr; link = link->next.get()) {
    // Acq_rel: pairs with the read-modify-writes in `LinkSender`; either the producer sees it, or we see its records.
    link->consumer_gone.exchange(1, std::memory_order_acq_rel);
  }
  const auto take = [&returned](const Link& link, const LinkRecord& record) {
    // A segment goes back to its owner, who writes it again. It is told below that we are gone.
    if (record.kind == LinkKind::kRuns) return link.segments->give_back(record.a);
    returned(record);
  };
  for (; all.first != nullptr; drop_first(all)) {
    Link& link = *all.first;
    if (std::exchange(link.reading.has_current, false)) take(link, link.reading.current);
    LinkRecord record;
    while (link.take_published(record)) take(link, record);
    // A producer that has nothing more to say learns of it, too: what it sent is no longer under way.
    link.from->ring(self_->number());
  }
}

}  // namespace msgtrans
