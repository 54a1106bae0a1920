// What a pool says about itself. Counts since it was made unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msgtrans {

struct BufferPoolCounters {
  uint64_t hits = 0;    // served from a tier
  uint64_t misses = 0;  // the fitting tier was empty, or there is none: a mapping of its own
  uint64_t refused = 0;  // a byte budget was reached, or the kernel refused
  size_t dedicated_bytes = 0;  // now, in mappings of their own
  uint32_t slices_lent = 0;    // now, mappings of their own included
  uint32_t slices_shared = 0;  // now, those of them that other threads hold or have just given back

  uint32_t slices_in_service = 0;  // now, lent or free
  size_t tier_bytes = 0;           // now, of those and of what drains
  uint32_t slices_retired = 0;     // now, in slabs that drain
  uint32_t slices_reserve = 0;     // now, address space into which the tiers may yet grow
  uint64_t slices_grown = 0;
  uint64_t slices_shrunk = 0;
  uint64_t growths_refused = 0;
  uint64_t slabs_retired = 0;
  uint32_t fragmentation_permille = 0;  // now: free bytes in partly used slabs / all their bytes
  uint64_t foreign_returns = 0;         // slices that came home from other threads
  size_t warm_bytes = 0;                // now, in pages that were touched ahead of use
  uint64_t huge_pages_accepted = 0;     // ranges for which the kernel took the advice
  uint64_t huge_pages_refused = 0;
  uint64_t poison_violations = 0;  // slices that were written to after they were given back
};

}  // namespace msgtrans
