#include "session/mem_names.h"

#include <mutex>
#include <unordered_map>

namespace msgtrans {

namespace {

struct Names {
  std::mutex mutex;
  std::unordered_map<std::string, MemListenerAddress> by_name;
  uint64_t made = 0;
};

Names& names() {
  // Never destroyed: Workers may end after the main thread's globals.
  static Names& instance = *new Names();
  return instance;
}

}  // namespace

bool MemNames::add(const std::string& name, MemListenerAddress address) {
  const std::lock_guard lock(names().mutex);
  return names().by_name.emplace(name, address).second;
}

void MemNames::remove(const std::string& name) {
  const std::lock_guard lock(names().mutex);
  names().by_name.erase(name);
}

std::optional<MemListenerAddress> MemNames::find(const std::string& name) {
  const std::lock_guard lock(names().mutex);
  const auto found = names().by_name.find(name);
  return found == names().by_name.end() ? std::nullopt : std::optional(found->second);
}

std::string MemNames::unused() {
  const std::lock_guard lock(names().mutex);
  std::string name;
  do {
    name = "listener-" + std::to_string(++names().made);
  } while (names().by_name.contains(name));
  return name;
}

}  // namespace msgtrans
