// The lock-free map from one thread: keys read, of which every other one is absent; an empty map filled, growing
// included; a full one emptied. An operation is one key.

#include <stdexcept>
#include <vector>

#include "loops/counted/counted_path.h"
#include "loops/native_map.h"

namespace msgtrans::loops {
namespace {

constexpr uint32_t kKeys = 16 * 1024;
// Growing is part of filling.
constexpr uint64_t kExpectedAtFirst = 1024;

// Made once: a key's own arithmetic would be much of what is counted.
std::vector<uint64_t> keys_of_entries() {
  std::vector<uint64_t> keys;
  for (uint64_t entry = 0; entry < kKeys; ++entry) keys.push_back(key_of(entry));
  return keys;
}

void fill(NativeMap& map, const std::vector<uint64_t>& keys) {
  for (const uint64_t key : keys) {
    if (!map.insert(key, value_of_key(key))) throw std::runtime_error("a fresh key could not be inserted");
  }
}

class MapPath : public CountedPath {
 public:
  [[nodiscard]] uint64_t operations() const override { return kKeys; }

 protected:
  [[nodiscard]] const std::vector<uint64_t>& keys() const { return keys_; }

 private:
  // Known to the map's epochs for as long as the path lives.
  const NativeMap::Thread thread_;
  const std::vector<uint64_t> keys_ = keys_of_entries();
};

class MapGet final : public MapPath {
 public:
  MapGet() : map_(kKeys) {
    std::vector<uint64_t> present;
    for (size_t index = 0; index < keys().size(); index += 2) present.push_back(keys()[index]);
    fill(map_, present);
    for (const uint64_t key : present) sum_ += value_of_key(key);
  }

  Counted run() override {
    uint64_t sum = 0;
    for (const uint64_t key : keys()) {
      uint64_t value = 0;
      map_.find(key, value);
      sum += value;
    }
    return {.checksum = sum, .faults = sum == sum_ ? 0u : kKeys};
  }

 private:
  NativeMap map_;
  uint64_t sum_ = 0;
};

class MapInsert final : public MapPath {
 public:
  void prepare() override { map_ = std::make_unique<NativeMap>(kExpectedAtFirst); }
  Counted run() override {
    uint64_t inserted = 0;
    for (const uint64_t key : keys()) inserted += map_->insert(key, value_of_key(key)) ? 1 : 0;
    return {.checksum = inserted, .faults = kKeys - inserted};
  }

 private:
  std::unique_ptr<NativeMap> map_;
};

class MapRemove final : public MapPath {
 public:
  void prepare() override {
    map_ = std::make_unique<NativeMap>(kKeys);
    fill(*map_, keys());
  }
  Counted run() override {
    uint64_t removed = 0;
    for (const uint64_t key : keys()) removed += map_->erase(key) ? 1 : 0;
    return {.checksum = removed, .faults = kKeys - removed};
  }

 private:
  std::unique_ptr<NativeMap> map_;
};

constexpr NamedPath kPaths[] = {
    {"map-get", make_path<MapGet>},
    {"map-insert", make_path<MapInsert>},
    {"map-remove", make_path<MapRemove>},
};

}  // namespace

std::span<const NamedPath> map_paths() { return kPaths; }

}  // namespace msgtrans::loops
