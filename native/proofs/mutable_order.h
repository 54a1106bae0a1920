// Accesses whose order a mutant weakens. The runner of the mutants writes copies of the lock-free headers in which
// every `std::memory_order_X` is `mutable_order(SITE, std::memory_order_X)` and every barrier stands behind
// `barrier_stands(SITE)`; the site that --mutate names then gets another order. So one compilation serves all mutants
// of a model.
#pragma once

#include <atomic>
#include <string_view>

namespace msgtrans::proofs {

struct Mutation {
  int site = -1;
  std::memory_order order = std::memory_order_seq_cst;
};

// Set once by the model's main().
inline Mutation mutation;

inline std::memory_order mutable_order(int site, std::memory_order order) {
  return site == mutation.site ? mutation.order : order;
}

inline bool barrier_stands(int site) { return site != mutation.site; }

inline std::memory_order order_named(std::string_view name) {
  if (name == "acquire") return std::memory_order_acquire;
  if (name == "release") return std::memory_order_release;
  if (name == "acq_rel") return std::memory_order_acq_rel;
  return std::memory_order_relaxed;
}

}  // namespace msgtrans::proofs
