// How slices that were lent to other threads come home.
//
// Algorithm: R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986: a list whose head is
// exchanged by compare-and-swap. Only the push is Treiber's: the owner takes the whole list with one exchange, so no
// element is ever taken by comparing, and the ABA problem of his pop does not arise.
//
// Threads: share(), take_back() and take_all() by the owner of the pool alone; give_back() by any thread, once per holder;
// add_holder() by any thread that is one.
//
// A slice has a word: how many holders abroad have not given it back (bits 0-30), and whether it is queued in the
// list (bit 31). All of them together hold one ordinary reference of the pool, from the first share until the word
// is zero again:
//
//              share(n)                  give_back, others left
//   0 --------------------> (n, -) -----------------------------> (n-1, -)
//   ^                         ^  |
//   |                         |  | give_back, the last one: queued by the same CAS, then pushed
//   |  take_all: 0 holders    |  v
//   +--------------------- (0, queued) -- share(n) --> (n, queued) -- give_back --> ... --> (0, queued)
//                                                          |
//                                                          | take_all: holders are left
//                                                          v
//                                                        (n, -)
//
// A holder may make another (n -> n+1, queued or not), and the owner may take back what is held for its own part of the
// work (n -> n-1); if that was the last holder and the slice is not queued, it is home at once.
//
// Invariants: (1) a slice is in the list at most once: whoever sets the queued bit pushes it, a give_back that finds
// the bit set does not, and only the owner clears it, after it has read the slice's link. (2) The word leaves zero and
// comes back to it only by the owner's hand, so that the ordinary reference is the owner's business alone.
//
// Progress: give_back() is lock-free (a failed CAS means that another thread's succeeded), everything else is wait-free.
// Reclamation: none; nodes live as long as the pool, which must outlive every holder.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "memory/slice.h"
#include "sync/atomics_policy.h"
#include "sync/cache_line.h"

namespace msgtrans {

inline constexpr uint32_t kQueuedBit = 1u << 31;

template <typename Atomics = StdAtomics>
struct LendingNode {
  typename Atomics::template Atomic<uint32_t> word{0};
  // The slice below in the list. Written by who queued the slice, read by the owner before it clears the bit.
  typename Atomics::template Plain<SliceId> next{kNoSlice};
};

template <typename Atomics = StdAtomics>
class ReturnStack {
 public:
  using Node = LendingNode<Atomics>;

  // Owner. True when the slice was not abroad before: the caller takes the ordinary reference.
  static bool share(Node& node, uint32_t holders) {
    // Relaxed: the holders learn of the slice through a channel of their own, which orders this before what they do.
    const uint32_t before = node.word.fetch_add(holders, std::memory_order_relaxed);
    MSGTRANS_ASSERT((before & ~kQueuedBit) + holders < kQueuedBit);
    return before == 0;
  }

  // Any holder, which stays one: there is one more, who gives back for itself.
  static void add_holder(Node& node) {
    // Relaxed: whoever it is for learns of it through a channel of its own; the word cannot become zero meanwhile, and
    // a read-modify-write leaves the releases of those who gave back before in their sequence.
    const uint32_t before = node.word.fetch_add(1, std::memory_order_relaxed);
    MSGTRANS_ASSERT((before & ~kQueuedBit) > 0 && (before & ~kQueuedBit) + 1 < kQueuedBit);
  }

  // Any holder: whether there is no other. It stays so while the holder makes none, and the owner shares it no further.
  static bool is_sole(const Node& node) {
    // Acquire: pairs with the releases in drop_holder() and take_back(); those who gave back are done with the bytes.
    return (node.word.load(std::memory_order_acquire) & ~kQueuedBit) == 1;
  }

  // Owner, which counts as one of the holders: it is one no longer. True when nobody else is and the slice is not in the
  // list: the caller drops the ordinary reference.
  static bool take_back(Node& node) {
    // Acquire: pairs with the release CAS in drop_holder(), of the holders that gave back before. Release: pairs with the
    // acquire load in is_sole(); whoever is left is so after all that the owner knows to be over.
    const uint32_t before = node.word.fetch_sub(1, std::memory_order_acq_rel);
    MSGTRANS_ASSERT((before & ~kQueuedBit) > 0);
    return before == 1;
  }

  // Any holder. `node_of(id)` finds the node of a slice. True when this call queued the slice.
  template <typename NodeOf>
  bool give_back(SliceId id, const NodeOf& node_of) {
    Node& node = node_of(id);
    if (!drop_holder(node)) return false;
    push(id, node);
    return true;
  }

  // The same for many, with one access to the head for all of them.
  template <typename NodeOf>
  void give_back(const SliceId* ids, size_t count, const NodeOf& node_of) {
    SliceId top = kNoSlice;
    SliceId bottom = kNoSlice;
    for (size_t i = 0; i < count; ++i) {
      Node& node = node_of(ids[i]);
      if (!drop_holder(node)) continue;
      node.next.set(top);
      top = ids[i];
      if (bottom == kNoSlice) bottom = top;
    }
    if (top != kNoSlice) push(top, node_of(bottom));
  }

  // Owner. Calls `released(id)` for each slice that nobody abroad holds any longer, after which it may be shared again.
  // Returns how many those were.
  template <typename NodeOf, typename Released>
  uint32_t take_all(const NodeOf& node_of, const Released& released) {
    // Relaxed: a push that is missed now is found by the next call; the usual answer is "nothing" and writes nothing.
    if (head_.load(std::memory_order_relaxed) == kNoSlice) return 0;
    // Acquire: pairs with the release CAS in push() and every one below it in the list; publishes the links.
    SliceId id = head_.exchange(kNoSlice, std::memory_order_acquire);
    uint32_t count = 0;
    while (id != kNoSlice) {
      Node& node = node_of(id);
      // Before the bit is cleared: from then on the slice may be queued again, which writes the link.
      const SliceId next = node.next.get();
      // Acquire: pairs with the release CAS in drop_holder(); publishes that the holders are done with the bytes.
      // Release: pairs with the acquire CAS there; keeps the read of the link above in front of the next write to it.
      const uint32_t before = node.word.fetch_and(~kQueuedBit, std::memory_order_acq_rel);
      MSGTRANS_ASSERT(before & kQueuedBit);
      if (before == kQueuedBit) {
        released(id);
        ++count;
      }
      id = next;
    }
    return count;
  }

 private:
  // True when it was the last one and the slice was not queued: it is now, and the caller pushes it.
  static bool drop_holder(Node& node) {
    // Relaxed: the CAS decides.
    uint32_t word = node.word.load(std::memory_order_relaxed);
    uint32_t next;
    do {
      MSGTRANS_ASSERT((word & ~kQueuedBit) > 0);
      next = word == 1 ? kQueuedBit : word - 1;
      // Release: pairs with the acquire in take_all(); publishes that this holder is done with the bytes. The word
      // changes by read-modify-writes only, so the releases of all holders reach the owner through the last.
      // Acquire: pairs with the release there; orders the owner's read of the link before push() writes it again.
      // Relaxed on failure: the value is only tried again.
    } while (!node.word.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_relaxed));
    return word == 1;
  }

  // A chain whose links are set but for the last.
  void push(SliceId top, Node& bottom) {
    // Relaxed: the CAS below decides whether it still is the head.
    SliceId head = head_.load(std::memory_order_relaxed);
    do {
      bottom.next.set(head);
      // Release: pairs with the acquire exchange in take_all(); publishes the links from `top` on.
      // Relaxed on failure: the value is only linked to.
    } while (!head_.compare_exchange_weak(head, top, std::memory_order_release, std::memory_order_relaxed));
  }

  // Alone: pushed to by other threads, while the owner works on what lies around the stack.
  alignas(kSeparateBytes) typename Atomics::template Atomic<SliceId> head_{kNoSlice};
};

}  // namespace msgtrans
