// The maps that `lock-free-map` compares, all with one face: u64 keys to u64 values, random keys, so that a hash that
// leaves integers as they are is as good as any.
//
// Each has a `Thread`, made once on every thread that uses the map: what some of them want to know about their threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

// MSGTRANS_WITHOUT_RIVALS: as if no package were installed, to try on any machine what stands in for them.
#if __has_include(<tbb/concurrent_hash_map.h>) && !defined(MSGTRANS_WITHOUT_RIVALS)
#include <tbb/concurrent_hash_map.h>
#define MSGTRANS_HAS_TBB 1
#endif

#if __has_include(<libcuckoo/cuckoohash_map.hh>) && !defined(MSGTRANS_WITHOUT_RIVALS)
#include <libcuckoo/cuckoohash_map.hh>
#define MSGTRANS_HAS_LIBCUCKOO 1
#endif

namespace msgtrans::loops {

struct NoThread {};

// `unordered_map` behind a mutex; readers share it where the mutex can be shared.
template <typename Mutex, typename ReadLock>
class MapBehindMutex {
 public:
  using Thread = NoThread;
  explicit MapBehindMutex(uint64_t expected) { map_.reserve(expected); }

  bool find(uint64_t key, uint64_t& value) {
    const ReadLock lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    value = found->second;
    return true;
  }
  bool insert(uint64_t key, uint64_t value) {
    const std::lock_guard lock(mutex_);
    return map_.emplace(key, value).second;
  }
  bool erase(uint64_t key) {
    const std::lock_guard lock(mutex_);
    return map_.erase(key) != 0;
  }

 private:
  Mutex mutex_;
  std::unordered_map<uint64_t, uint64_t> map_;
};

using MapBehindPlainMutex = MapBehindMutex<std::mutex, std::lock_guard<std::mutex>>;
using MapBehindSharedMutex = MapBehindMutex<std::shared_mutex, std::shared_lock<std::shared_mutex>>;

#ifdef MSGTRANS_HAS_TBB
class TbbMap {
 public:
  using Thread = NoThread;
  explicit TbbMap(uint64_t expected) : map_(expected) {}

  bool find(uint64_t key, uint64_t& value) {
    Map::const_accessor found;
    if (!map_.find(found, key)) return false;
    value = found->second;
    return true;
  }
  bool insert(uint64_t key, uint64_t value) { return map_.insert({key, value}); }
  bool erase(uint64_t key) { return map_.erase(key); }

 private:
  using Map = tbb::concurrent_hash_map<uint64_t, uint64_t>;
  Map map_;
};
#endif

#ifdef MSGTRANS_HAS_LIBCUCKOO
class LibcuckooMap {
 public:
  using Thread = NoThread;
  explicit LibcuckooMap(uint64_t expected) : map_(expected) {}

  bool find(uint64_t key, uint64_t& value) { return map_.find(key, value); }
  bool insert(uint64_t key, uint64_t value) { return map_.insert(key, value); }
  bool erase(uint64_t key) { return map_.erase(key); }

 private:
  libcuckoo::cuckoohash_map<uint64_t, uint64_t> map_;
};
#endif

}  // namespace msgtrans::loops
