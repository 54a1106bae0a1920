#include "session/link.h"

#include "session/reactor_port.h"

namespace msgtrans {

Link::~Link() {
  // Both sides are gone. Neither left anything, unless both went in the same moment.
  LinkRecord record;
  while (take_left(record)) dispose(record);
}

bool Link::take_published(LinkRecord& record) {
  {
    const std::lock_guard lock(mutex);
    if (ring.try_pop(record)) return true;
  }
  // Acquire: pairs with the release store in `LinkSender::close`.
  return producer_gone.load(std::memory_order_acquire) != 0 && take_left(record);
}

bool Link::take_left(LinkRecord& record) {
  const std::lock_guard lock(mutex);
  if (ring.try_pop(record)) return true;
  if (waiting.empty()) return false;
  record = waiting.front();
  waiting.pop_front();
  return true;
}

}  // namespace msgtrans
