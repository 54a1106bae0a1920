// A hot path whose instructions are counted: a fixed piece of work, the same in every process.
//
// What a count may not depend on is left out: no clock, no second thread, no number of chance that is not seeded, nothing
// that goes by an address. Only `run` is counted; `prepare` and a first `run` go before it, so that what happens once in a
// process (first touch of pages, lazily made objects) is not in the count.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace msgtrans::loops {

struct Counted {
  // Made of what the operations returned: two builds with the same checksum did the same work.
  uint64_t checksum = 0;
  // Operations whose result was wrong.
  uint64_t faults = 0;
};

class CountedPath {
 public:
  CountedPath() = default;
  virtual ~CountedPath() = default;
  CountedPath(const CountedPath&) = delete;
  CountedPath& operator=(const CountedPath&) = delete;

  // In one `run`.
  [[nodiscard]] virtual uint64_t operations() const = 0;
  // Before each `run`: puts back what a run uses up.
  virtual void prepare() {}
  virtual Counted run() = 0;
};

struct NamedPath {
  const char* name;
  std::unique_ptr<CountedPath> (*make)();
};

template <typename Path>
std::unique_ptr<CountedPath> make_path() {
  return std::make_unique<Path>();
}

// By file, in the order of the list.
std::span<const NamedPath> packet_paths();
std::span<const NamedPath> directory_paths();
std::span<const NamedPath> map_paths();
std::span<const NamedPath> pool_paths();

}  // namespace msgtrans::loops
