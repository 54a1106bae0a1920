// Session ids as JavaScript sees them: a safe integer of 53 bits.
//
//   52            32 31        24 23                    0
//   +---------------+------------+-----------------------+
//   | generation 21 | reactor 8  | slot 24               |
//   +---------------+------------+-----------------------+
//   \_ high word __/ \_________ slot word, 32 bits ______/
//
// Generations start at 1, so the id 0 names no session.
#pragma once

#include <cstdint>

namespace msgtrans {

inline constexpr uint32_t kSlotBits = 24;
inline constexpr uint32_t kReactorBits = 8;
inline constexpr uint32_t kGenerationBits = 21;
inline constexpr uint32_t kSlotsMax = 1u << kSlotBits;
inline constexpr uint32_t kSlotMask = kSlotsMax - 1;
inline constexpr uint32_t kReactorsMax = 1u << kReactorBits;
inline constexpr uint32_t kGenerationMax = (1u << kGenerationBits) - 1;
static_assert(kSlotBits + kReactorBits == 32, "slot and reactor share one word of a descriptor");
static_assert(kGenerationBits + 32 <= 53, "an id must be a safe integer in JavaScript");

constexpr uint32_t slot_word(uint32_t reactor, uint32_t slot) { return reactor << kSlotBits | slot; }

}  // namespace msgtrans
