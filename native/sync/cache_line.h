// How far apart memory has to lie so that threads do not take it from each other's caches.
#pragma once

#include <cstddef>

namespace msgtrans {

// What one thread reads together belongs into one of these; it is the unit of coherence on x86-64 and on the arm64
// servers we know of.
inline constexpr size_t kCacheLineBytes = 64;

// What different threads write lies this far apart. Twice a line: the L2 prefetcher of Intel's cores fetches lines in
// aligned pairs, so the neighbour of a written line is taken away along with it. (The standard's own constant says 64
// there, and changes with compiler flags, which a memory layout must not.)
inline constexpr size_t kSeparateBytes = 128;

static_assert(kSeparateBytes % kCacheLineBytes == 0);

}  // namespace msgtrans
