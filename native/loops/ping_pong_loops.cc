// The limit of `mem-transport`'s round trip: two threads that wake each other with an eventfd and do nothing else.
// A message between sleeping threads cannot be cheaper than this.

#include <sys/eventfd.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

#include "base/unique_fd.h"
#include "loops/loop.h"
#include "loops/threads.h"

namespace msgtrans::loops {
namespace {

UniqueFd make_eventfd() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  if (!event.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
  return event;
}

class EventfdPingPong : public Loop {
 public:
  Measured run(uint64_t operations) override {
    uint64_t answered = 0;
    const uint64_t nanoseconds = run_threads(2, [&](uint32_t thread) {
      for (uint64_t index = 0; index < operations; ++index) {
        if (thread == 0) {
          wake(there_);
          answered += wait(back_);
        } else {
          wait(there_);
          wake(back_);
        }
      }
    });
    return {.nanoseconds = nanoseconds,
            .operations = operations,
            .checksum = answered,
            .faults = answered == operations ? 0u : 1u};
  }

 private:
  static void wake(const UniqueFd& event) {
    const uint64_t one = 1;
    if (::write(event.get(), &one, sizeof one) != sizeof one) throw std::runtime_error("eventfd: write failed");
  }
  static uint64_t wait(const UniqueFd& event) {
    uint64_t count = 0;
    if (::read(event.get(), &count, sizeof count) != sizeof count) throw std::runtime_error("eventfd: read failed");
    return count;
  }

  UniqueFd there_ = make_eventfd();
  UniqueFd back_ = make_eventfd();
};

MSGTRANS_LOOP("mem-transport/round-trip/limit",
              [](const Parameters&) -> Made { return std::make_unique<EventfdPingPong>(); });

}  // namespace
}  // namespace msgtrans::loops
