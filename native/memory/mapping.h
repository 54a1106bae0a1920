// Anonymous memory straight from the kernel, with one owner. Untouched pages cost nothing, so a mapping may be
// sized for the worst case.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msgtrans {

class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Maps `bytes`, rounded up to pages, zero-filled. An empty mapping means the kernel refused.
  static Mapping create(size_t bytes);
  // The same, beginning at a multiple of `alignment`, which is a power of two.
  static Mapping create_aligned(size_t bytes, size_t alignment);

  [[nodiscard]] bool valid() const { return data_ != nullptr; }
  [[nodiscard]] uint8_t* data() const { return data_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace msgtrans
