// A loop is one arm of one case of a suite, written in C++ because the thing measured is C++: it builds what it
// measures once, and then runs so many operations as it is told, timing them itself.
//
// A loop registers itself under `suite/case/arm` with MSGTRANS_LOOP; `suites/<suite>.ts` names it, says with which
// parameters, and against what. `binding/loops_addon.cc` hands the registry to JavaScript.
//
// Thread: JavaScript's makes, runs and destroys a loop. A loop that needs more threads starts them inside `run` and
// joins them before it returns (`run_threads` in loops/threads.h), or in its constructor and joins them in its
// destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace msgtrans::loops {

// What a case asks of its arms; the numbers come from the suite's file.
class Parameters {
 public:
  using Value = std::pair<std::string, double>;

  explicit Parameters(std::vector<Value> values) : values_(std::move(values)) {}

  // A whole number. Throws std::invalid_argument where the suite names none.
  [[nodiscard]] uint64_t at(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key != name) continue;
      if (value < 0 || value > 9007199254740991.0 || value != static_cast<double>(static_cast<uint64_t>(value))) {
        throw std::invalid_argument("parameter " + key + " must be a whole number, not " + std::to_string(value));
      }
      return static_cast<uint64_t>(value);
    }
    throw std::invalid_argument("the loop needs a parameter named " + std::string(name));
  }

 private:
  std::vector<Value> values_;
};

struct Measured {
  uint64_t nanoseconds = 0;
  // What was really done; a loop may round up to whole batches.
  uint64_t operations = 0;
  // Made of what the operations returned, so that no compiler can leave them out.
  uint64_t checksum = 0;
  // Operations whose result was wrong. Any makes the run fail.
  uint64_t faults = 0;
  // Threads that each did their share of the operations: the time of one operation is nanoseconds × threads ÷
  // operations. 1 where threads only pass on to each other what counts once (a queue, a ping-pong).
  uint32_t threads = 1;
  // Processor time of the threads that did the work; 0 where a loop does not tell.
  uint64_t cpu_nanoseconds = 0;
};

// A further figure of the last run under a name of the harness's metrics, for instance {"pool_hit_rate", 0.9995}.
using Figure = std::pair<const char*, double>;

class Loop {
 public:
  Loop() = default;
  virtual ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // At least `operations` operations (never 0). Called many times, for milliseconds each.
  virtual Measured run(uint64_t operations) = 0;
  // From the next run on so many threads (1 or more) share the work, over the same memory as before: what more threads
  // bring is then not mixed with what another layout would. Throws where a loop has a number of threads of its own.
  virtual void use_threads(uint32_t count) {
    throw std::logic_error("this loop keeps its number of threads; " + std::to_string(count) + " were asked for");
  }
  [[nodiscard]] virtual std::vector<Figure> figures() const { return {}; }

 protected:
  // The bound of every number of threads: more than any machine measured here has processors.
  static constexpr uint64_t kThreadsMax = 256;
  static uint32_t threads_within_bounds(uint64_t count) {
    if (count == 0 || count > kThreadsMax) throw std::invalid_argument("threads: 1 to 256");
    return static_cast<uint32_t>(count);
  }
};

// A loop, or why this machine or build cannot have it ("one NUMA node", "libtbb-dev is not installed").
class Made {
 public:
  Made(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}  // NOLINT: factories return either
  template <typename Derived>
  Made(std::unique_ptr<Derived> loop) : loop_(std::move(loop)) {}  // NOLINT
  static Made not_measurable(std::string reason) {
    Made made(std::unique_ptr<Loop>{});
    made.reason_ = std::move(reason);
    return made;
  }

  [[nodiscard]] std::unique_ptr<Loop> take() { return std::move(loop_); }
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  std::unique_ptr<Loop> loop_;
  std::string reason_;
};

using Factory = Made (*)(const Parameters&);

// One node of the registry, which is a list through statics: no allocation and no destructor at process end.
class Registration {
 public:
  Registration(const char* loop_name, Factory factory) : name(loop_name), make(factory), next(first()) {
    first() = this;
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  const char* const name;
  const Factory make;
  const Registration* const next;

  static const Registration*& first() {
    static const Registration* head = nullptr;
    return head;
  }
  static const Registration* find(std::string_view wanted) {
    for (const Registration* each = first(); each != nullptr; each = each->next) {
      if (wanted == each->name) return each;
    }
    return nullptr;
  }
};

// Keeps the compiler from proving that a value is not needed.
template <typename Value>
inline void keep(const Value& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace msgtrans::loops

#define MSGTRANS_LOOP_JOIN_(a, b) a##b
#define MSGTRANS_LOOP_NAME_(number) MSGTRANS_LOOP_JOIN_(loop_registration_, number)
// MSGTRANS_LOOP("suite/case/arm", factory): at namespace scope, in an unnamed namespace. `factory` is a function or
// a lambda without captures.
#define MSGTRANS_LOOP(name, ...) \
  const ::msgtrans::loops::Registration MSGTRANS_LOOP_NAME_(__COUNTER__)((name), __VA_ARGS__)
