// Finds users of slices that they have given back. Two means, both for tests and debugging:
// - poisoning: a free slice is filled with 0xDB, and looked through when it is taken again;
// - under AddressSanitizer, free slices are unaddressable for native code.
//
// Thread: the owner of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace msgtrans {

inline constexpr uint8_t kPoisonByte = 0xDB;

enum class Poisoning : uint8_t {
  kOff,
  kCount,  // violations are counted
  kAbort,  // the first one ends the process
};

class SliceGuard {
 public:
#ifdef __SANITIZE_ADDRESS__
  static constexpr bool kAddressSanitized = true;
#else
  static constexpr bool kAddressSanitized = false;
#endif

  explicit SliceGuard(Poisoning poisoning) : poisoning_(poisoning) {}

  // Whether the calls below do anything at all.
  [[nodiscard]] bool active() const { return kAddressSanitized || poisoning_ != Poisoning::kOff; }
  [[nodiscard]] uint64_t violations() const { return violations_; }

  void mark_free(uint8_t* data, size_t bytes) const {
    if (poisoning_ != Poisoning::kOff) std::memset(data, kPoisonByte, bytes);
    forbid(data, bytes);
  }

  void mark_taken(uint8_t* data, size_t bytes) {
    allow(data, bytes);
    if (poisoning_ == Poisoning::kOff) return;
    // Each byte is like the one before it, and the first is right.
    if (data[0] == kPoisonByte && std::memcmp(data, data + 1, bytes - 1) == 0) return;
    ++violations_;
    if (poisoning_ != Poisoning::kAbort) return;
    size_t offset = 0;
    while (data[offset] == kPoisonByte) ++offset;
    std::fprintf(stderr, "msgtrans: a slice was written to after it was given back: byte %zu of %zu at %p is 0x%02x\n",
                 offset, bytes, static_cast<void*>(data), data[offset]);
    std::abort();
  }

  static void forbid([[maybe_unused]] const uint8_t* data, [[maybe_unused]] size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(data, bytes);
#endif
  }
  static void allow([[maybe_unused]] const uint8_t* data, [[maybe_unused]] size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(data, bytes);
#endif
  }

 private:
  Poisoning poisoning_;
  uint64_t violations_ = 0;
};

}  // namespace msgtrans
