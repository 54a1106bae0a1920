// The atomics policy that a model runs a lock-free structure with: Relacy (Vyukov's race detector for the C++ memory
// model) in place of the standard library. Relacy executes the threads of a model as fibers, picks at random who goes
// on at every access, gives relaxed and acquire loads any value that the model still allows, and reports data races on
// plain memory, lost updates that the model asserts against, deadlocks, leaks and accesses to freed memory.
//
// What it does not see: more than the last three values of an atomic, and whether the compiler or the machine honours
// the model. ThreadSanitizer and the stress tests run what was compiled.
//
// Included first in every model: Relacy redefines words of the language as macros, which are taken back here, so every
// header of the standard library that anything below uses has to come before it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Relacy replaces the global allocation functions by inline ones. Unless they are emitted as symbols, code of the
// standard library goes on with its own, and memory is freed by another allocator than it came from.
#define MSGTRANS_EMITTED __attribute__((used, noinline))
MSGTRANS_EMITTED void* operator new(std::size_t);
MSGTRANS_EMITTED void* operator new[](std::size_t);
MSGTRANS_EMITTED void operator delete(void*) noexcept;
MSGTRANS_EMITTED void operator delete[](void*) noexcept;
#undef MSGTRANS_EMITTED

#include <relacy/relacy.hpp>

#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef VAR

namespace msgtrans::proofs {

using Where = std::source_location;

inline rl::debug_info debug_info(const Where& where) {
  return {where.function_name(), where.file_name(), static_cast<unsigned>(where.line())};
}

constexpr rl::memory_order memory_order_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed: return rl::mo_relaxed;
    case std::memory_order_consume: return rl::mo_consume;
    case std::memory_order_acquire: return rl::mo_acquire;
    case std::memory_order_release: return rl::mo_release;
    case std::memory_order_acq_rel: return rl::mo_acq_rel;
    default: return rl::mo_seq_cst;
  }
}

// A mutant passes what its weakened order is called in general: acq_rel for a seq_cst of any kind.
constexpr rl::memory_order memory_order_of_load(std::memory_order order) {
  return order == std::memory_order_acq_rel ? rl::mo_acquire : memory_order_of(order);
}
constexpr rl::memory_order memory_order_of_store(std::memory_order order) {
  return order == std::memory_order_acq_rel ? rl::mo_release : memory_order_of(order);
}

struct RelacyAtomics {
  template <typename T>
  class Atomic {
   public:
    // Like std::atomic's since C++20, which begins with a value.
    Atomic() : atomic_(T{}) {}
    Atomic(T value) : atomic_(value) {}  // NOLINT: implicit, as in std::atomic

    T load(std::memory_order order, Where where = Where::current()) const {
      return atomic_.load(memory_order_of_load(order), debug_info(where));
    }
    void store(T value, std::memory_order order, Where where = Where::current()) {
      atomic_.store(value, memory_order_of_store(order), debug_info(where));
    }
    T exchange(T value, std::memory_order order, Where where = Where::current()) {
      return atomic_.exchange(value, memory_order_of(order), debug_info(where));
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure,
                               Where where = Where::current()) {
      return compare_exchange(rl::bool_t<true>(), expected, desired, success, failure, where);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure,
                                 Where where = Where::current()) {
      return compare_exchange(rl::bool_t<false>(), expected, desired, success, failure, where);
    }
    T fetch_add(T value, std::memory_order order, Where where = Where::current()) {
      return atomic_.fetch_add(value, memory_order_of(order), debug_info(where));
    }
    T fetch_sub(T value, std::memory_order order, Where where = Where::current()) {
      return atomic_.fetch_sub(value, memory_order_of(order), debug_info(where));
    }
    T fetch_and(T value, std::memory_order order, Where where = Where::current()) {
      return atomic_.fetch_and(value, memory_order_of(order), debug_info(where));
    }
    T fetch_or(T value, std::memory_order order, Where where = Where::current()) {
      return atomic_.fetch_or(value, memory_order_of(order), debug_info(where));
    }

   private:
    // Relacy knows the rule from before C++17, that a failure may not be ordered more strongly than a success. So the
    // failure is a relaxed load there, and a fence makes it what it is: for an acquire that is the same or a little
    // more, which can let a mutant live and never kills one.
    template <bool kSpurious>
    bool compare_exchange(rl::bool_t<kSpurious> kind, T& expected, T desired, std::memory_order success,
                          std::memory_order failure, const Where& where) {
      const bool swapped = atomic_.compare_exchange(kind, expected, desired, memory_order_of(success), rl::mo_relaxed,
                                                    debug_info(where));
      if (!swapped && failure != std::memory_order_relaxed) {
        // Acquire fence: pairs with the release of whoever stored the value that was found.
        rl::atomic_thread_fence(failure == std::memory_order_seq_cst ? rl::mo_seq_cst : rl::mo_acquire,
                                debug_info(where));
      }
      return swapped;
    }

    rl::atomic<T> atomic_;
  };

  template <typename T>
  class Plain {
   public:
    Plain() : variable_(T{}) {}
    explicit Plain(T value) : variable_(value) {}
    T get(Where where = Where::current()) const { return variable_(debug_info(where)); }
    void set(T value, Where where = Where::current()) { variable_(debug_info(where)) = value; }

   private:
    // Relacy's loads record who read, and are not const.
    mutable rl::var<T> variable_;
  };

  // Tells the scheduler to prefer another thread: a loop that waits for one must not use up the schedule.
  static void pause(Where where = Where::current()) { rl::yield(1, debug_info(where)); }

  // Both sides as full fences, which is what the asymmetric pair amounts to between a light and a heavy side. It is
  // more than the pair gives between two light sides; no algorithm here builds on that.
  static void light_barrier(Where where = Where::current()) {
    // Full fence: pairs with that of heavy_barrier().
    rl::atomic_thread_fence(rl::mo_seq_cst, debug_info(where));
  }
  static void heavy_barrier(Where where = Where::current()) {
    // Full fence: pairs with that of light_barrier().
    rl::atomic_thread_fence(rl::mo_seq_cst, debug_info(where));
  }
};

// What a model asserts; a false one is a failure with the whole history of the schedule.
inline void require(bool condition, const char* what, Where where = Where::current()) {
  if (!condition) rl::ctx().fail_test(what, rl::test_result_user_assert_failed, debug_info(where));
}

}  // namespace msgtrans::proofs
