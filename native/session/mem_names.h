// Who listens under which name of `mem://`, for the whole process.
//
// Any thread; a mutex, since names are looked up once per connect and not per message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace msgtrans {

struct MemListenerAddress {
  uint32_t reactor;
  uint32_t listener;
};

class MemNames {
 public:
  // False when the name is taken.
  static bool add(const std::string& name, MemListenerAddress address);
  static void remove(const std::string& name);
  static std::optional<MemListenerAddress> find(const std::string& name);
  // A name that nobody has had before.
  static std::string unused();
};

}  // namespace msgtrans
