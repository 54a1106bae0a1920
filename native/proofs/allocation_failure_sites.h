// For the proof of allocation failure: counts the places at which the engine asks the allocator or the kernel for
// something that may be refused, and refuses some of them.
//
// A site is one passage through operator new in any form, through malloc where the engine calls it, or through one of the
// system calls and thread starts that allocate. The program is linked with `--wrap` for the latter, so only what the
// engine itself calls is seen, not what the libraries do on their own account.
//
// Threads: any; sites of all threads are counted together, except of a thread inside an `Exempt`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msgtrans {

class Refusals {
 public:
  static constexpr size_t kFramesMax = 24;
  // What became of a run; lies in memory that the parent of the run sees, too.
  struct Report {
    uint64_t sites = 0;       // passed while armed
    bool happened = false;    // something was refused
    const char* kind = "";    // what, the first
    void* frames[kFramesMax] = {};
    int frame_count = 0;
    char problem[240] = "";   // the first thing that was not as it has to be
  };

  // From here on the sites first .. first + count - 1 are refused.
  static void arm(Report& report, uint64_t first, uint64_t count);
  // Sites are passed freely again, and not counted.
  static void disarm();
  // The same after a pause, where counting stopped.
  static void resume();
  static void note_problem(const char* what, const char* file, int line);
  [[nodiscard]] static bool happened();

  // Runs what an exempt thread has the engine do.
  template <typename Act>
  static void unexempted(Act&& act) {
    const uint32_t depth = exchange_depth(0);
    act();
    exchange_depth(depth);
  }

  // True: the caller has to refuse.
  static bool strikes(const char* kind);

 private:
  static uint32_t exchange_depth(uint32_t depth);
};

// What the proof itself asks for is not the engine's.
class Exempt {
 public:
  Exempt();
  ~Exempt();
  Exempt(const Exempt&) = delete;
  Exempt& operator=(const Exempt&) = delete;
};

}  // namespace msgtrans

// Notes the condition as the run's problem when it does not hold.
#define MSGTRANS_EXPECT(condition) ((condition) ? void() : ::msgtrans::Refusals::note_problem(#condition, __FILE__, __LINE__))
