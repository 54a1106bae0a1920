// Runs a libFuzzer target without libFuzzer: every file of the corpus, then seeded mutations of them.
//
//   <fuzzer> [--seconds N] [--iterations N] [--seed N] [FILE or FOLDER]...
//
// Without --seconds and --iterations only the corpus is run. The seed is printed, and with --iterations a run
// repeats exactly. An input that makes the target fail is written to `crash-<fuzzer>-<seed>-<iteration>` when
// the process aborts, so that it can be added to the corpus.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

namespace {

using Input = std::vector<uint8_t>;

constexpr size_t kInputBytesMax = 8192;
constexpr int kMutationsMax = 8;

struct Options {
  uint64_t seconds = 0;
  uint64_t iterations = 0;
  std::optional<uint64_t> seed;
  std::vector<std::string> paths;
};

// What the signal handler needs: plain memory, written before each run.
const uint8_t* current_data = nullptr;
size_t current_size = 0;
char crash_file[256];

void write_crash_file() {
  const int fd = ::open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  const ssize_t written = ::write(fd, current_data, current_size);
  ::close(fd);
  constexpr char kNote[] = "the failing input is in ";
  if (written < 0 || ::write(2, kNote, sizeof kNote - 1) < 0 ||
      ::write(2, crash_file, strlen(crash_file)) < 0 || ::write(2, "\n", 1) < 0) {
    return;
  }
}

void on_fatal_signal(int signal_number) {
  write_crash_file();
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

void run_one(const Input& input) {
  // A copy of exactly this size: AddressSanitizer then sees the first byte read behind it.
  const Input exact(input);
  current_data = exact.data();
  current_size = exact.size();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool parse_options(int count, char** arguments, Options& options) {
  for (int index = 1; index < count; ++index) {
    const std::string_view argument = arguments[index];
    if (!argument.starts_with("--")) {
      options.paths.emplace_back(argument);
      continue;
    }
    const std::optional<uint64_t> value = index + 1 < count ? number_of(arguments[++index]) : std::nullopt;
    if (!value) return false;
    if (argument == "--seconds") {
      options.seconds = *value;
    } else if (argument == "--iterations") {
      options.iterations = *value;
    } else if (argument == "--seed") {
      options.seed = *value;
    } else {
      return false;
    }
  }
  return true;
}

Input read_input(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Input> read_corpus(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  // The order of a directory differs between machines; a seed must mean the same run everywhere.
  std::sort(files.begin(), files.end());
  std::vector<Input> corpus;
  for (const auto& file : files) corpus.push_back(read_input(file));
  return corpus;
}

void mutate(Input& input, const std::vector<Input>& corpus, std::mt19937_64& random) {
  constexpr uint8_t kTelling[] = {0,   1,   2,   0x7F, 0x80, 0xFF, '"', '\\', '{',
                                  '}', '[', ']', ',',  ':',  '-',  '.', 'e'};
  const auto place = [&](size_t size) { return static_cast<size_t>(random() % (size + 1)); };
  const auto at = [&](size_t offset) { return input.begin() + static_cast<std::ptrdiff_t>(offset); };
  const size_t position = place(input.size());
  switch (random() % 7) {
    case 0:
      if (position < input.size()) input[position] ^= static_cast<uint8_t>(1u << (random() % 8));
      break;
    case 1:
      if (position < input.size()) input[position] = kTelling[random() % sizeof kTelling];
      break;
    case 2:
      input.insert(at(position), static_cast<uint8_t>(random()));
      break;
    case 3:
      input.erase(at(position), at(position + place(std::min<size_t>(input.size() - position, 32))));
      break;
    case 4: {  // Repeats a stretch of itself.
      const size_t bytes = place(std::min<size_t>(input.size() - position, 64));
      const Input part(at(position), at(position + bytes));
      input.insert(at(place(input.size())), part.begin(), part.end());
      break;
    }
    case 5: {  // Takes the tail of another input.
      const Input& other = corpus[random() % corpus.size()];
      const size_t start = place(other.size());
      input.resize(position);
      input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(start), other.end());
      break;
    }
    default:
      input.resize(position);
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

uint64_t fresh_seed() {
  return (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
}

void fuzz(const Options& options, std::vector<Input> corpus, uint64_t seed, const std::string& name) {
  using Clock = std::chrono::steady_clock;
  if (corpus.empty()) corpus.emplace_back();
  std::mt19937_64 random(seed);
  const auto end = Clock::now() + std::chrono::seconds(options.seconds);
  uint64_t iteration = 0;
  while (options.iterations != 0 ? iteration < options.iterations : Clock::now() < end) {
    ++iteration;
    Input input = corpus[random() % corpus.size()];
    const uint64_t mutations = 1 + random() % kMutationsMax;
    for (uint64_t count = 0; count < mutations; ++count) mutate(input, corpus, random);
    std::snprintf(crash_file, sizeof crash_file, "crash-%s-%llu-%llu", name.c_str(),
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(iteration));
    run_one(input);
  }
  std::printf("%s: %llu mutated inputs passed\n", name.c_str(), static_cast<unsigned long long>(iteration));
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!parse_options(count, arguments, options)) {
    std::fprintf(stderr, "usage: %s [--seconds N] [--iterations N] [--seed N] [FILE or FOLDER]...\n",
                 arguments[0]);
    return 2;
  }
  for (const int signal_number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS})
    ::signal(signal_number, on_fatal_signal);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(write_crash_file);
#endif
  const std::string name = std::filesystem::path(arguments[0]).filename().string();
  const uint64_t seed = options.seed.value_or(fresh_seed());
  const std::vector<Input> corpus = read_corpus(options.paths);
  std::printf("%s: %zu corpus inputs, seed %llu\n", name.c_str(), corpus.size(),
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  std::snprintf(crash_file, sizeof crash_file, "crash-%s-corpus", name.c_str());
  for (const Input& input : corpus) run_one(input);
  if (options.seconds != 0 || options.iterations != 0) fuzz(options, corpus, seed, name);
  return 0;
}
