// The engine's map with the face of those it is compared with (loops/map_arms.h), and the keys that all of them hold.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "loops/random_numbers.h"
#include "sync/epoch_thread.h"
#include "sync/lock_free_map.h"

namespace msgtrans::loops {

inline constexpr uint64_t kMapSeed = 0x1ee7'f4ee;

// Keys are the mixed numbers of entries: random over all 64 bits, and known again without a table.
inline uint64_t key_of(uint64_t entry) { return RandomNumbers(entry).next(); }
// 53 bits, as a session's id has.
inline uint64_t value_of_key(uint64_t key) { return key >> 11; }

class NativeMap {
 public:
  // The calling thread's participant in the epochs, looked up once and not once per call.
  struct Thread {
    Thread() {
      participant = this_thread_participant();
      if (participant == nullptr) throw std::bad_alloc();
    }
    // Read by one instruction, where an addon's other thread-local variables cost a call.
    [[gnu::tls_model("initial-exec")]] static inline thread_local ProcessEpoch::Participant* participant = nullptr;
  };

  explicit NativeMap(uint64_t expected) {
    MapMemory* const memory = MapMemory::create(SIZE_MAX);
    if (memory != nullptr) map_ = LockFreeMap<>::create(process_epoch(), *memory, expected, kMapSeed);
    if (map_ == nullptr) throw std::bad_alloc();
  }

  bool find(uint64_t key, uint64_t& value) { return map_->get(*Thread::participant, key, value); }
  bool insert(uint64_t key, uint64_t value) {
    return map_->insert(*Thread::participant, key, value).status == MapStatus::kInserted;
  }
  bool erase(uint64_t key) { return map_->remove(*Thread::participant, key).status == MapStatus::kRemoved; }

 private:
  std::unique_ptr<LockFreeMap<>> map_;
};

}  // namespace msgtrans::loops
