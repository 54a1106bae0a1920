#include "topology/kernel_text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>

namespace msgtrans {

namespace {

constexpr size_t kCgroupDepthMax = 64;

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// Takes what is before `separator`, and the separator; everything when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

// Takes the next word between blanks; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool list_contains(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    if (take_until(list, ',') == item) return true;
  }
  return false;
}

// The kernel writes blanks, tabs, line ends and backslashes of a path as \ and three octal digits.
std::optional<std::string> unescape_path(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    if (text.front() != '\\') {
      path += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned code = 0;
    if (text.size() < 4) return std::nullopt;
    const auto result = std::from_chars(text.data() + 1, text.data() + 4, code, 8);
    if (result.ec != std::errc() || result.ptr != text.data() + 4 || code == 0 || code > 0xFF) return std::nullopt;
    path += static_cast<char>(code);
    text.remove_prefix(4);
  }
  if (!path.starts_with('/')) return std::nullopt;
  return path;
}

// A cgroup that lies outside the namespace shows as "/../..".
bool climbs(std::string_view path) {
  while (!path.empty()) {
    if (take_until(path, '/') == "..") return true;
  }
  return false;
}

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text) { return number_of<int64_t>(without_line_end(text)); }

std::optional<uint64_t> parse_memory_total_bytes(std::string_view meminfo) {
  while (!meminfo.empty()) {
    std::string_view line = take_until(meminfo, '\n');
    std::string_view word = take_word(line);
    if (word == "Node") {
      if (!number_of<uint32_t>(take_word(line))) return std::nullopt;
      word = take_word(line);
    }
    if (word != "MemTotal:") continue;
    const std::optional<uint64_t> kilobytes = number_of<uint64_t>(take_word(line));
    if (!kilobytes || *kilobytes > std::numeric_limits<uint64_t>::max() / 1024) return std::nullopt;
    if (take_word(line) != "kB" || !take_word(line).empty()) return std::nullopt;
    return *kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<std::vector<uint32_t>> parse_distances(std::string_view text) {
  text = without_line_end(text);
  std::vector<uint32_t> distances;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    const std::optional<uint32_t> distance = number_of<uint32_t>(word);
    if (!distance) return std::nullopt;
    distances.push_back(*distance);
  }
  if (distances.empty()) return std::nullopt;
  return distances;
}

std::optional<CpuBandwidth> parse_cpu_max(std::string_view text) {
  text = without_line_end(text);
  const std::string_view quota = take_word(text);
  const std::optional<uint64_t> period = number_of<uint64_t>(take_word(text));
  if (!period || *period == 0 || !text.empty()) return std::nullopt;
  if (quota == "max") return CpuBandwidth{};
  const std::optional<uint64_t> microseconds = number_of<uint64_t>(quota);
  if (!microseconds || *microseconds == 0) return std::nullopt;
  return CpuBandwidth{static_cast<double>(*microseconds) / static_cast<double>(*period)};
}

std::optional<CgroupMembership> parse_cgroup_membership(std::string_view text) {
  CgroupMembership membership;
  while (!text.empty()) {
    std::string_view path = take_until(text, '\n');
    const std::optional<uint32_t> hierarchy = number_of<uint32_t>(take_until(path, ':'));
    const std::string_view controllers = take_until(path, ':');
    // What is left may hold colons of its own.
    if (!hierarchy || !path.starts_with('/')) return std::nullopt;
    if (*hierarchy == 0 && controllers.empty()) membership.unified = path;
    if (list_contains(controllers, "cpuset")) membership.cpuset = path;
    if (list_contains(controllers, "cpu")) membership.cpu = path;
  }
  return membership;
}

std::optional<CgroupMounts> parse_cgroup_mounts(std::string_view mountinfo) {
  CgroupMounts mounts;
  while (!mountinfo.empty()) {
    std::string_view line = take_until(mountinfo, '\n');
    // id, parent, device, root, mount point, options, any number of tags, "-", type, source, options of the type
    for (int skipped = 0; skipped < 3; ++skipped) (void)take_word(line);
    const std::string_view root = take_word(line);
    const std::string_view point = take_word(line);
    std::string_view tag = take_word(line);
    while (!tag.empty() && tag != "-") tag = take_word(line);
    const std::string_view type = take_word(line);
    if (type.empty()) return std::nullopt;
    if (type != "cgroup" && type != "cgroup2") continue;
    (void)take_word(line);
    const std::string_view options = take_word(line);
    const std::optional<std::string> plain_root = unescape_path(root);
    const std::optional<std::string> plain_point = unescape_path(point);
    if (!plain_root || !plain_point) return std::nullopt;
    const CgroupMount mount{*plain_root, *plain_point};
    // The first of several mounts of one hierarchy: all of them show the same cgroups.
    if (type == "cgroup2") {
      if (!mounts.unified) mounts.unified = mount;
      continue;
    }
    if (list_contains(options, "cpuset") && !mounts.cpuset) mounts.cpuset = mount;
    if (list_contains(options, "cpu") && !mounts.cpu) mounts.cpu = mount;
  }
  return mounts;
}

std::vector<std::string> cgroup_folders(const CgroupMount& mount, const std::string& path) {
  std::string below;
  const std::string root = mount.root == "/" ? "" : mount.root;
  if (!climbs(path) && path.starts_with(root + "/")) below = path.substr(root.size());
  while (below.ends_with('/')) below.pop_back();
  const std::string point = mount.point == "/" ? "" : mount.point;
  std::vector<std::string> folders;
  while (!below.empty() && folders.size() + 1 < kCgroupDepthMax) {
    folders.push_back(point + below);
    below.resize(below.rfind('/'));
    while (below.ends_with('/')) below.pop_back();
  }
  folders.push_back(point);
  return folders;
}

}  // namespace msgtrans
