// Refuses every allocation of the engine in turn, and shows that each refusal is an error: typed, of the one that asked,
// and survived by everybody else.
//
//   allocation [--scenario NAME] [--burst N] [--only SITE]
//
// Each scenario runs once as it is, to count its sites, then once for each site with that one refused, and then with
// bursts of N consecutive refusals from every few sites on. `--only` runs one burst and shows where it began. Every run is a process of its own, so an abort, an exception
// that nobody catches, a hang and (under LeakSanitizer) a leak are failures like any other. The last line is
// "allocation: N passed, N failed", a run each. Exits 0 when all hold, 1 when not, 2 on a parameter that it does not know.
#include "proofs/allocation_failure_scenarios.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "proofs/allocation_failure_sites.h"

// In the sanitizers' runtimes.
extern "C" __attribute__((weak)) void __sanitizer_symbolize_pc(void* pc, const char* format, char* out, size_t bytes);

namespace msgtrans {
namespace {

constexpr unsigned kPatienceSeconds = 60;
constexpr uint64_t kNoSite = UINT64_MAX / 2;
constexpr uint64_t kBurstStep = 5;

struct Totals {
  uint64_t passed = 0;
  uint64_t failed = 0;
};

void print_frames(const Refusals::Report& report) {
  for (int i = 2; i < report.frame_count; ++i) {
    char text[512] = "";
    if (__sanitizer_symbolize_pc != nullptr) {
      __sanitizer_symbolize_pc(static_cast<uint8_t*>(report.frames[i]) - 1, "%f %s:%l", text, sizeof(text));
    }
    std::printf("    %p %s\n", report.frames[i], text);
  }
}

// True when the run ended as it should.
bool run_once(const AllocationScenario& scenario, uint64_t first, uint64_t count, Refusals::Report& report) {
  report = {};
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) {
    std::snprintf(report.problem, sizeof(report.problem), "fork: %s", std::strerror(errno));
    return false;
  }
  if (child == 0) {
    ::alarm(kPatienceSeconds);
    Refusals::arm(report, first, count);
    scenario.run();
    Refusals::disarm();
    // Not _exit: the leak checker comes at the end.
    std::exit(report.problem[0] == '\0' ? 0 : 1);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (report.problem[0] == '\0') {
    if (WIFSIGNALED(status)) {
      std::snprintf(report.problem, sizeof(report.problem), "ended by signal %d", WTERMSIG(status));
    } else {
      std::snprintf(report.problem, sizeof(report.problem), "exit code %d, see above", WEXITSTATUS(status));
    }
  }
  return false;
}

void judge(const AllocationScenario& scenario, uint64_t first, uint64_t count, Refusals::Report& report, Totals& totals) {
  if (run_once(scenario, first, count, report)) {
    ++totals.passed;
    return;
  }
  ++totals.failed;
  std::printf("%s: %" PRIu64 " refused from site %" PRIu64 " on (%s): %s\n", scenario.name, count, first, report.kind,
              report.problem);
  print_frames(report);
}

void prove(const AllocationScenario& scenario, uint64_t burst, Refusals::Report& report, Totals& totals) {
  judge(scenario, kNoSite, 1, report, totals);
  const uint64_t sites = report.sites;
  // A refusal changes what comes after it, so the end is where nothing is left to refuse.
  uint64_t site = 0;
  for (bool happened = true; happened || site < sites; ++site) {
    judge(scenario, site, 1, report, totals);
    happened = report.happened;
  }
  for (uint64_t first = 0; first < sites; first += kBurstStep) judge(scenario, first, burst, report, totals);
  std::printf("%s: %" PRIu64 " sites\n", scenario.name, sites);
}

int run(int count, char** words) {
  uint64_t only = kNoSite;
  uint64_t burst = 7;
  const char* name = nullptr;
  for (int i = 1; i < count; i += 2) {
    const std::string_view word = words[i];
    if (i + 1 == count) return 2;
    if (word == "--scenario") {
      name = words[i + 1];
    } else if (word == "--only") {
      only = std::strtoull(words[i + 1], nullptr, 10);
    } else if (word == "--burst") {
      burst = std::strtoull(words[i + 1], nullptr, 10);
    } else {
      return 2;
    }
  }
  auto& report = *static_cast<Refusals::Report*>(::mmap(nullptr, sizeof(Refusals::Report), PROT_READ | PROT_WRITE,
                                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Totals totals;
  bool any = false;
  for (const AllocationScenario& scenario : allocation_scenarios()) {
    if (name != nullptr && std::strcmp(scenario.name, name) != 0) continue;
    any = true;
    if (only != kNoSite) {
      judge(scenario, only, burst, report, totals);
      std::printf("%s, site %" PRIu64 ": %s\n", scenario.name, only, report.happened ? report.kind : "not reached");
      print_frames(report);
    } else {
      prove(scenario, burst, report, totals);
    }
  }
  if (!any) return 2;
  std::printf("allocation: %" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace msgtrans

int main(int count, char** words) { return msgtrans::run(count, words); }
