// What every lock-free structure of this layer takes as its last template parameter: the atomics of the standard
// library here, those of the model checker (Relacy) in proofs/relacy_atomics.h. So what is proven is what runs.
//
// A policy offers
//   Atomic<T>                         the members of std::atomic, with the order spelled at each call
//   Plain<T>                          memory that one thread touches at a time, as the algorithm claims; the checker
//                                     reports two threads that touch it without an order between them
//   pause()                           said in each turn of a loop that waits for another thread
//   light_barrier(), heavy_barrier()  an asymmetric pair of full fences, for epoch reclamation
//
// Asymmetric fences (Dice, Huang, Yang, "Asymmetric Dekker Synchronization", 2001; Linux membarrier(2)): of two threads
// that each write, fence and read what the other wrote, at least one sees the other's write. The light side is a
// compiler barrier and costs nothing; the heavy side makes the kernel run a full barrier on every CPU that runs a
// thread of this process (a few microseconds), which stands in for the one that the light side left out. Where the
// kernel refuses, both sides are fences.
#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "base/assert.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

namespace msgtrans {

namespace asymmetric_fence {

inline long call_membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0); }

#ifdef __SANITIZE_THREAD__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Decided while the program or addon is loaded, before a second thread can call either side: both must always agree.
// The registration belongs to the address space, so threads that start later are covered.
inline const bool by_kernel =
    !kSanitized && call_membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;

// ThreadSanitizer derives no order from a fence, and GCC says so. That loses nothing: the structures hand memory over
// by acquire and release on their atomics, which it does see; the fences only keep a store before a later load.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
inline void full_fence() {
  // Full fence: pairs with the other side's, the light with the heavy.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace asymmetric_fence

struct StdAtomics {
  template <typename T>
  using Atomic = std::atomic<T>;

  template <typename T>
  class Plain {
   public:
    Plain() = default;
    explicit Plain(T value) : value_(value) {}
    T get() const { return value_; }
    void set(T value) { value_ = value; }

   private:
    T value_{};
  };

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb" ::: "memory");
#endif
  }

  // Between a thread's own store and its later load of what the heavy side writes.
  static void light_barrier() {
    if (asymmetric_fence::by_kernel) [[likely]] {
      // Compiler barrier: pairs with the kernel's barrier on this CPU, which heavy_barrier() asks for.
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      asymmetric_fence::full_fence();
    }
  }

  // Between a thread's store and its later loads of what the light sides write.
  static void heavy_barrier() {
    if (asymmetric_fence::by_kernel) [[likely]] {
      MSGTRANS_ASSERT(asymmetric_fence::call_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0);
    } else {
      asymmetric_fence::full_fence();
    }
  }
};

}  // namespace msgtrans
