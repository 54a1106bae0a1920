// instruction_counts: does the work of one hot path, for callgrind to count (`npm run instructions`).
//
//   instruction_counts --list       the paths, a line each
//   instruction_counts --compiler   who compiled it, which need not be who is installed now
//   instruction_counts NAME         prints {"path":…,"operations":…,"checksum":…}; exit code 1 when a result was wrong
//
// What is counted is `msgtrans_counted` and what it calls: `--toggle-collect=msgtrans_counted` needs no header of
// valgrind's, so the program builds and runs without it.

#include <array>
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <string_view>

#include "loops/counted/counted_path.h"
#include "loops/loop.h"

// Its name is what callgrind looks for: not mangled, not inlined, and it returns itself instead of jumping into the path.
extern "C" [[gnu::noinline]] void msgtrans_counted(msgtrans::loops::CountedPath& path,
                                                   msgtrans::loops::Counted& counted) {
  counted = path.run();
  msgtrans::loops::keep(counted.checksum);
}

namespace msgtrans::loops {
namespace {

std::array<std::span<const NamedPath>, 4> all_paths() {
  return {packet_paths(), directory_paths(), map_paths(), pool_paths()};
}

bool flushed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

int list() {
  for (const std::span<const NamedPath> paths : all_paths()) {
    for (const NamedPath& path : paths) std::printf("%s\n", path.name);
  }
  return flushed() ? 0 : 1;
}

int print_compiler() {
#ifdef __clang__
  std::printf("%s\n", __VERSION__);
#else
  std::printf("GCC %s\n", __VERSION__);
#endif
  return flushed() ? 0 : 1;
}

int count(const NamedPath& named) {
  const std::unique_ptr<CountedPath> path = named.make();
  path->prepare();
  const Counted first = path->run();
  path->prepare();
  Counted counted;
  msgtrans_counted(*path, counted);
  if (first.faults + counted.faults != 0) {
    std::fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " operations went wrong\n", named.name,
                 first.faults + counted.faults, 2 * path->operations());
    return 1;
  }
  std::printf("{\"path\":\"%s\",\"operations\":%" PRIu64 ",\"checksum\":\"%016" PRIx64 "\"}\n", named.name,
              path->operations(), counted.checksum);
  return flushed() ? 0 : 1;
}

int run(std::string_view word) {
  if (word == "--list") return list();
  if (word == "--compiler") return print_compiler();
  for (const std::span<const NamedPath> paths : all_paths()) {
    for (const NamedPath& path : paths) {
      if (word == path.name) return count(path);
    }
  }
  std::fprintf(stderr, "usage: instruction_counts --list | --compiler | NAME\n");
  return 2;
}

}  // namespace
}  // namespace msgtrans::loops

int main(int argument_count, char** arguments) {
  try {
    return msgtrans::loops::run(argument_count == 2 ? arguments[1] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
