// liburcu's lock-free hash table in the flavour with membarrier: like ours, a reader enters by plain stores and nobody
// has to announce quiet moments. Written as its manual has it: nodes from the heap, freed by call_rcu.
#pragma once

#if __has_include(<urcu/rculfhash.h>) && !defined(MSGTRANS_WITHOUT_RIVALS)
#define MSGTRANS_HAS_LIBURCU 1

#define URCU_API_MAP
#define URCU_INLINE_SMALL_FUNCTIONS
// The library's own headers convert between signed and unsigned.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <urcu/urcu-memb.h>

#include <urcu/rculfhash.h>
#pragma GCC diagnostic pop

#include <cstdint>
#include <new>

namespace msgtrans::loops {

class LiburcuMap {
 public:
  // A thread must be known to the library before it reads.
  class Thread {
   public:
    Thread() { rcu_register_thread(); }
    ~Thread() { rcu_unregister_thread(); }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
  };

  explicit LiburcuMap(uint64_t expected) {
    uint64_t buckets = 64;
    while (buckets < expected) buckets *= 2;
    map_ = cds_lfht_new(buckets, 64, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, nullptr);
    if (map_ == nullptr) throw std::bad_alloc();
  }
  ~LiburcuMap() {
    {
      const Thread thread;
      cds_lfht_iter iterator;
      rcu_read_lock();
      cds_lfht_first(map_, &iterator);
      while (cds_lfht_node* node = cds_lfht_iter_get_node(&iterator)) {
        cds_lfht_next(map_, &iterator);
        if (cds_lfht_del(map_, node) == 0) call_rcu(&entry_of(node)->reclaim, free_entry);
      }
      rcu_read_unlock();
      rcu_barrier();
    }
    cds_lfht_destroy(map_, nullptr);
  }
  LiburcuMap(const LiburcuMap&) = delete;
  LiburcuMap& operator=(const LiburcuMap&) = delete;

  bool find(uint64_t key, uint64_t& value) {
    rcu_read_lock();
    cds_lfht_iter iterator;
    cds_lfht_lookup(map_, key, has_key, &key, &iterator);
    cds_lfht_node* const node = cds_lfht_iter_get_node(&iterator);
    if (node != nullptr) value = entry_of(node)->value;
    rcu_read_unlock();
    return node != nullptr;
  }
  bool insert(uint64_t key, uint64_t value) {
    auto* const entry = new Entry{.node = {}, .key = key, .value = value, .reclaim = {}};
    cds_lfht_node_init(&entry->node);
    rcu_read_lock();
    const bool inserted = cds_lfht_add_unique(map_, key, has_key, &key, &entry->node) == &entry->node;
    rcu_read_unlock();
    if (!inserted) delete entry;
    return inserted;
  }
  bool erase(uint64_t key) {
    rcu_read_lock();
    cds_lfht_iter iterator;
    cds_lfht_lookup(map_, key, has_key, &key, &iterator);
    cds_lfht_node* const node = cds_lfht_iter_get_node(&iterator);
    const bool erased = node != nullptr && cds_lfht_del(map_, node) == 0;
    rcu_read_unlock();
    if (erased) call_rcu(&entry_of(node)->reclaim, free_entry);
    return erased;
  }

 private:
  struct Entry {
    cds_lfht_node node;
    uint64_t key;
    uint64_t value;
    rcu_head reclaim;
  };

  static Entry* entry_of(cds_lfht_node* node) { return caa_container_of(node, Entry, node); }
  static void free_entry(rcu_head* head) { delete caa_container_of(head, Entry, reclaim); }
  static int has_key(cds_lfht_node* node, const void* key) {
    return entry_of(node)->key == *static_cast<const uint64_t*>(key) ? 1 : 0;
  }

  cds_lfht* map_;
};

}  // namespace msgtrans::loops
#endif
