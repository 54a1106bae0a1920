#include "programs/process_guard.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace msgtrans {

UniqueFd guard_process() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  if (::isatty(0) == 1) {
    sigaddset(&ending, SIGINT);
  } else {
    // Ctrl-C reaches the whole process group; the harness then decides how its processes end.
    ::sigaction(SIGINT, &ignore, nullptr);
  }
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  return UniqueFd(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
}

size_t descriptor_limit() {
  rlimit files{};
  return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 1024;
}

std::string describe_errno(int error_number) {
  return std::string(::strerror(error_number)) + " (errno " + std::to_string(error_number) + ")";
}

}  // namespace msgtrans
