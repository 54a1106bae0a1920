#include "binding/shared_map.h"

#include <sys/random.h>

#include <map>
#include <mutex>
#include <utility>

#include "sync/epoch_thread.h"

namespace msgtrans {

namespace {

class MapTable {
 public:
  template <typename Map>
  double add(const std::shared_ptr<Map>& map) {
    const std::scoped_lock lock(mutex_);
    last_ += 1;
    maps_.emplace(last_, Entry{kind_of<Map>(), map});
    return last_;
  }

  template <typename Map>
  std::shared_ptr<Map> find(double handle) {
    const std::scoped_lock lock(mutex_);
    const auto found = maps_.find(handle);
    if (found == maps_.end() || found->second.kind != kind_of<Map>()) return nullptr;
    return std::static_pointer_cast<Map>(found->second.map.lock());
  }

  // The map is freed when the lock is given back: `last` was made before it.
  template <typename Map>
  void give_up(double handle, std::shared_ptr<Map>&& share) {
    std::shared_ptr<Map> last = std::move(share);
    const std::scoped_lock lock(mutex_);
    // Nobody gains a share but through find(), which needs the lock.
    if (last.use_count() == 1) {
      maps_.erase(handle);
    } else {
      last.reset();
    }
  }

  size_t size() {
    const std::scoped_lock lock(mutex_);
    return maps_.size();
  }

 private:
  struct Entry {
    int kind;
    std::weak_ptr<void> map;
  };

  template <typename Map>
  static constexpr int kind_of() {
    return std::is_same_v<Map, U64Map> ? 1 : 2;
  }

  std::mutex mutex_;
  std::map<double, Entry> maps_;
  double last_ = 0;
};

// Never destroyed: environments may end after the destructors of globals have run.
MapTable& map_table() {
  static auto* const table = new MapTable;
  return *table;
}

uint64_t random_seed() {
  uint64_t seed = 0;
  // For at most 256 bytes this neither blocks for long nor comes short once the system is up; where it is refused, an
  // address still differs from run to run.
  if (::getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) seed = reinterpret_cast<uintptr_t>(&seed);
  return seed;
}

}  // namespace

template <typename Map>
SharedMap<Map> make_shared_map(uint64_t capacity, size_t bytes_max) {
  MapMemory* const memory = MapMemory::create(bytes_max);
  if (memory == nullptr) return {};
  std::shared_ptr<Map> map = Map::create(process_epoch(), *memory, capacity, random_seed());
  if (map == nullptr) return {};
  const double handle = map_table().add(map);
  return {handle, std::move(map)};
}

template <typename Map>
SharedMap<Map> find_shared_map(double handle) {
  std::shared_ptr<Map> map = map_table().find<Map>(handle);
  if (map == nullptr) return {};
  return {handle, std::move(map)};
}

template <typename Map>
void give_up_shared_map(SharedMap<Map>& shared) {
  if (shared.map != nullptr) map_table().give_up(shared.handle, std::move(shared.map));
  shared.map = nullptr;
}

size_t shared_map_count() { return map_table().size(); }

template SharedMap<U64Map> make_shared_map(uint64_t, size_t);
template SharedMap<ByteMap> make_shared_map(uint64_t, size_t);
template SharedMap<U64Map> find_shared_map(double);
template SharedMap<ByteMap> find_shared_map(double);
template void give_up_shared_map(SharedMap<U64Map>&);
template void give_up_shared_map(SharedMap<ByteMap>&);

}  // namespace msgtrans
