// splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): the loops' source of
// chance, seeded so that every run asks the same questions.
#pragma once

#include <cstdint>

namespace msgtrans::loops {

class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  // In [0, bound), by the high half of a product: without a division, and even enough for choosing keys.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

 private:
  uint64_t state_;
};

}  // namespace msgtrans::loops
