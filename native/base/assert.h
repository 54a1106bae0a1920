// Invariants that stay on in release builds: a broken one means memory may already be wrong, and ending the process
// is kinder than handing one session's bytes to another.
#pragma once

#include <cstdio>
#include <cstdlib>

#define MSGTRANS_ASSERT(condition)                                                                    \
  do {                                                                                                \
    if (!(condition)) [[unlikely]] {                                                                  \
      std::fprintf(stderr, "msgtrans: invariant broken: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                                   \
    }                                                                                                 \
  } while (false)
