// Loops that go over the same material again and again: whole passes of it are timed together.
#pragma once

#include <cstdint>

#include "base/monotonic_clock.h"
#include "loops/loop.h"

namespace msgtrans::loops {

// At least `operations` in passes of `each` of them. `pass` adds its checksum and its faults to what it is given.
template <typename Pass>
Measured measure_passes(uint64_t each, uint64_t operations, Pass pass) {
  const uint64_t passes = (operations + each - 1) / each;
  Measured measured{.operations = passes * each};
  const uint64_t start = monotonic_ns();
  for (uint64_t index = 0; index < passes; ++index) pass(measured);
  measured.nanoseconds = monotonic_ns() - start;
  return measured;
}

}  // namespace msgtrans::loops
