// Refuses every allocation of the engine in turn, and shows that each refusal is an error: typed, of the one that asked,
// and survived by everybody else.
//
//   allocation [--scenario NAME] [--burst N] [--jobs N] [--only SITE]
//
// Each scenario runs once as it is, to count its sites, then once for each site with that one refused, and then with
// bursts of N consecutive refusals from every few sites on; `--jobs` divides the runs of a scenario among so many
// processes. `--only` runs one burst and shows where it began. Every run is a process of its own, so an abort, an exception
// that nobody catches, a hang and (under LeakSanitizer) a leak are failures like any other. The last line is
// "allocation: N passed, N failed", a run each. Exits 0 when all hold, 1 when not, 2 on a parameter that it does not know.
#include "proofs/allocation_failure_scenarios.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "proofs/allocation_failure_sites.h"

// In the sanitizers' runtimes.
extern "C" __attribute__((weak)) void __sanitizer_symbolize_pc(void* pc, const char* format, char* out, size_t bytes);

namespace msgtrans {
namespace {

constexpr unsigned kPatienceSeconds = 60;
constexpr uint64_t kNoSite = UINT64_MAX / 2;
constexpr uint64_t kBurstStep = 5;
constexpr uint64_t kJobsMax = 64;

struct Totals {
  uint64_t passed = 0;
  uint64_t failed = 0;
};

// Lies in memory that a run, its parent and the parent of that all see.
struct Job {
  Refusals::Report report;
  Totals totals;
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

void judge(const AllocationScenario& scenario, uint64_t first, uint64_t count, Job& job) {
  const Refusals::Report& report = job.report;
  if (run_once(scenario, first, count, job.report)) {
    ++job.totals.passed;
    return;
  }
  ++job.totals.failed;
  std::printf("%s: %" PRIu64 " refused from site %" PRIu64 " on (%s): %s\n", scenario.name, count, first, report.kind,
              report.problem);
  print_frames(report);
}

// Every `stride`th run of the scenario, of which `sites` were counted, from the `part`th on.
void prove_part(const AllocationScenario& scenario, uint64_t burst, uint64_t sites, uint64_t part, uint64_t stride, Job& job) {
  // A refusal changes what comes after it, so the end is where nothing is left to refuse.
  uint64_t site = part;
  for (bool happened = true; happened || site < sites; site += stride) {
    judge(scenario, site, 1, job);
    happened = job.report.happened;
  }
  for (uint64_t first = part * kBurstStep; first < sites; first += stride * kBurstStep) judge(scenario, first, burst, job);
}

// False when a part ended without having judged all its runs.
bool prove(const AllocationScenario& scenario, uint64_t burst, std::span<Job> jobs) {
  judge(scenario, kNoSite, 1, jobs[0]);
  const uint64_t sites = jobs[0].report.sites;
  std::printf("%s: %" PRIu64 " sites\n", scenario.name, sites);
  std::fflush(stdout);
  std::vector<pid_t> children;
  bool is_whole = true;
  for (size_t part = 1; part < jobs.size(); ++part) {
    const pid_t child = ::fork();
    if (child < 0) {
      std::printf("fork: %s\n", std::strerror(errno));
      is_whole = false;
      break;
    }
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    prove_part(scenario, burst, sites, part, jobs.size(), jobs[part]);
    std::fflush(stdout);
    // The leak checker looks at the runs; this process has only started some.
    ::_exit(0);
  }
  prove_part(scenario, burst, sites, 0, jobs.size(), jobs[0]);
  // Also after a part that could not be started: the next scenario writes to the same jobs.
  for (const pid_t child : children) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    is_whole = is_whole && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  if (!is_whole) std::printf("%s: a part of the runs ended before its time\n", scenario.name);
  return is_whole;
}

int run(int count, char** words) {
  uint64_t only = kNoSite;
  uint64_t burst = 7;
  uint64_t job_count = 1;
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
    } else if (word == "--jobs") {
      job_count = std::strtoull(words[i + 1], nullptr, 10);
    } else {
      return 2;
    }
  }
  if (job_count == 0) return 2;
  job_count = std::min(job_count, kJobsMax);
  void* shared = ::mmap(nullptr, job_count * sizeof(Job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::printf("mmap: %s\n", std::strerror(errno));
    return 1;
  }
  const std::span<Job> jobs(new (shared) Job[job_count], job_count);
  bool is_whole = true;
  bool any = false;
  for (const AllocationScenario& scenario : allocation_scenarios()) {
    if (name != nullptr && std::strcmp(scenario.name, name) != 0) continue;
    any = true;
    if (only != kNoSite) {
      const Refusals::Report& report = jobs[0].report;
      judge(scenario, only, burst, jobs[0]);
      std::printf("%s, site %" PRIu64 ": %s\n", scenario.name, only, report.happened ? report.kind : "not reached");
      print_frames(report);
    } else {
      is_whole = prove(scenario, burst, jobs) && is_whole;
    }
  }
  if (!any) return 2;
  Totals totals;
  for (const Job& job : jobs) {
    totals.passed += job.totals.passed;
    totals.failed += job.totals.failed;
  }
  // What did not run has not held.
  totals.failed += is_whole ? 0 : 1;
  std::printf("allocation: %" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace msgtrans

int main(int count, char** words) { return msgtrans::run(count, words); }
