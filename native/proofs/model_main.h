// The main() of a model: runs every test suite named in it for a number of random schedules.
//
//   spsc_ring_model [--schedules N] [--mutate SITE ORDER]
//
// --mutate weakens one access of a model that was compiled with instrumented headers (mutable_order.h). Schedules are
// numbered from 1, and the number seeds the choices made in it, so a failure comes again at the same number. Exits 0
// when every schedule of every suite held, 1 when one did not (its history is printed), 2 on a parameter that it does
// not know.
#pragma once

#include "proofs/mutable_order.h"
#include "proofs/relacy_atomics.h"

namespace msgtrans::proofs {

// What Relacy prints, kept for the case that it matters. Allocates nothing: a stream that does would take memory from
// what Relacy watches.
class KeptOutput : public std::streambuf {
 public:
  KeptOutput() { setp(text_.data(), text_.data() + text_.size()); }
  [[nodiscard]] std::string_view text() const { return {pbase(), static_cast<size_t>(pptr() - pbase())}; }

 private:
  inline static std::array<char, 1 << 20> text_;
};

// "…[with Suite = {anonymous}::ElementsCrossOnce; …]" in GCC's words, "…[Suite = (anonymous namespace)::…]" in Clang's.
template <typename Suite>
constexpr std::string_view suite_name() {
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("Suite = ") + 8);
  name = name.substr(0, name.find_first_of(";]"));
  return name.substr(name.rfind(':') + 1);
}

template <typename Suite>
bool run_suite(uint64_t schedules) {
  KeptOutput kept;
  std::ostream output(&kept);
  rl::test_params params;
  params.iteration_count = static_cast<rl::iteration_t>(schedules);
  params.output_stream = &output;
  params.progress_stream = &output;
  params.search_type = rl::random_scheduler_type;
  const bool held = rl::simulate<Suite>(params);
  if (!held) std::cout << kept.text() << '\n';
  std::cout << (held ? "held: " : "broken: ") << suite_name<Suite>() << ", schedule " << params.stop_iteration << '\n'
            << std::flush;
  return held;
}

// Every suite gets `--schedules`; stops at the first that does not hold.
template <typename... Suites>
int model_main(int argc, char** argv) {
  uint64_t schedules = 100'000;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--schedules" && i + 1 < argc) {
      schedules = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--mutate" && i + 2 < argc) {
      mutation.site = std::atoi(argv[++i]);
      mutation.order = order_named(argv[++i]);
    } else {
      schedules = 0;
    }
  }
  if (schedules == 0) {
    std::cerr << "usage: " << argv[0] << " [--schedules N] [--mutate SITE relaxed|acquire|release|acq_rel|none]\n";
    return 2;
  }
  return (run_suite<Suites>(schedules) && ...) ? 0 : 1;
}

}  // namespace msgtrans::proofs
