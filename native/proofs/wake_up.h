// What a sleeping consumer blocks on in a model, in the place of an eventfd. A consumer that sleeps with nobody left to
// wake it is a deadlock, which Relacy reports.
#pragma once

#include "proofs/relacy_atomics.h"

namespace msgtrans::proofs {

class WakeUp {
 public:
  WakeUp() { semaphore_.init(false, 0, INT32_MAX, debug_info(Where::current())); }
  ~WakeUp() { semaphore_.deinit(debug_info(Where::current())); }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  void write(Where where = Where::current()) {
    unsigned before = 0;
    semaphore_.post(1, before, debug_info(where));
  }
  void block(Where where = Where::current()) { semaphore_.wait(false, false, debug_info(where)); }

 private:
  rl::semaphore<WakeUp> semaphore_;
};

}  // namespace msgtrans::proofs
