// Sets of the kernel's small numbers (CPUs, memory nodes) in its own list notation: "0-3,8".
//
// Fixed size, no allocation: the bit of number n is bit n % 64 of word n / 64, which on the 64-bit machines this runs
// on is the layout of the kernel's own masks, so `words()` goes to system calls as it is.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace msgtrans {

template <uint32_t kCapacity>
class NumberSet {
  static_assert(kCapacity % 64 == 0);
  static_assert(sizeof(unsigned long) == sizeof(uint64_t), "the kernel's masks are arrays of unsigned long");

 public:
  static constexpr uint32_t kNumbersMax = kCapacity;
  static constexpr size_t kBytes = kCapacity / 8;

  constexpr NumberSet() = default;
  constexpr NumberSet(std::initializer_list<uint32_t> numbers) {
    for (const uint32_t number : numbers) add(number);
  }

  // What the kernel prints: numbers and rising ranges between commas, one line end at most; nothing is the empty set.
  // Empty result: another text, or a number this set has no place for.
  static std::optional<NumberSet> parse(std::string_view list) {
    NumberSet set;
    if (list.ends_with('\n')) list.remove_suffix(1);
    if (list.empty()) return set;
    while (true) {
      const std::optional<uint32_t> low = take_number(list);
      if (!low) return std::nullopt;
      uint32_t high = *low;
      if (list.starts_with('-')) {
        list.remove_prefix(1);
        const std::optional<uint32_t> end = take_number(list);
        if (!end || *end < *low) return std::nullopt;
        high = *end;
      }
      for (uint32_t number = *low; number <= high; ++number) set.add(number);
      if (list.empty()) return set;
      if (!list.starts_with(',')) return std::nullopt;
      list.remove_prefix(1);
    }
  }

  // The shortest list: runs of two and more become ranges, as the kernel prints them.
  [[nodiscard]] std::string to_string() const {
    std::string list;
    for (uint32_t low = next_from(0); low < kCapacity; low = next_from(low)) {
      uint32_t high = low;
      while (high + 1 < kCapacity && contains(high + 1)) ++high;
      if (!list.empty()) list += ',';
      list += std::to_string(low);
      if (high != low) list += '-' + std::to_string(high);
      low = high + 1;
    }
    return list;
  }

  // Numbers from `kNumbersMax` on are in no set; adding one is ignored. (Through `words()`: g++ 12 folds the bodies of
  // two capacities into one and would then warn that the larger array does not fit into the smaller set.)
  constexpr void add(uint32_t number) {
    if (number < kCapacity) words()[number / 64] |= uint64_t{1} << (number % 64);
  }
  constexpr void remove(uint32_t number) {
    if (number < kCapacity) words()[number / 64] &= ~(uint64_t{1} << (number % 64));
  }
  [[nodiscard]] constexpr bool contains(uint32_t number) const {
    return number < kCapacity && ((words_[number / 64] >> (number % 64)) & 1) != 0;
  }
  [[nodiscard]] constexpr uint32_t count() const {
    uint32_t count = 0;
    for (const uint64_t word : words_) count += static_cast<uint32_t>(std::popcount(word));
    return count;
  }
  [[nodiscard]] constexpr bool empty() const { return next_from(0) == kCapacity; }
  // The smallest member that is not below `number`, or `kNumbersMax` when there is none.
  [[nodiscard]] constexpr uint32_t next_from(uint32_t number) const {
    while (number < kCapacity) {
      const uint64_t rest = words_[number / 64] >> (number % 64);
      if (rest != 0) return number + static_cast<uint32_t>(std::countr_zero(rest));
      number = (number / 64 + 1) * 64;
    }
    return kCapacity;
  }
  [[nodiscard]] constexpr uint32_t lowest() const { return next_from(0); }
  [[nodiscard]] std::vector<uint32_t> numbers() const {
    std::vector<uint32_t> numbers;
    for (uint32_t number = next_from(0); number < kCapacity; number = next_from(number + 1)) numbers.push_back(number);
    return numbers;
  }
  [[nodiscard]] constexpr bool is_subset_of(const NumberSet& other) const { return (*this - other).empty(); }

  [[nodiscard]] constexpr const uint64_t* words() const { return words_.data(); }
  [[nodiscard]] constexpr uint64_t* words() { return words_.data(); }

  friend constexpr NumberSet operator&(NumberSet left, const NumberSet& right) {
    for (size_t index = 0; index < left.words_.size(); ++index) left.words_[index] &= right.words_[index];
    return left;
  }
  friend constexpr NumberSet operator|(NumberSet left, const NumberSet& right) {
    for (size_t index = 0; index < left.words_.size(); ++index) left.words_[index] |= right.words_[index];
    return left;
  }
  friend constexpr NumberSet operator-(NumberSet left, const NumberSet& right) {
    for (size_t index = 0; index < left.words_.size(); ++index) left.words_[index] &= ~right.words_[index];
    return left;
  }
  friend constexpr bool operator==(const NumberSet&, const NumberSet&) = default;

 private:
  // Takes the digits at the start of `text`. Empty: there are none, or the number is too large.
  static std::optional<uint32_t> take_number(std::string_view& text) {
    uint32_t number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc() || number >= kCapacity) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(result.ptr - text.data()));
    return number;
  }

  std::array<uint64_t, kCapacity / 64> words_{};
};

// The most CPUs (x86-64: CONFIG_NR_CPUS with MAXSMP) and nodes (CONFIG_NODES_SHIFT 10) that a Linux kernel is built
// for.
using CpuSet = NumberSet<8192>;
using NodeSet = NumberSet<1024>;

}  // namespace msgtrans
