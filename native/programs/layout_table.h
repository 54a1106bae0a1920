// What the generated TypeScript files hold: constants that both languages need, taken from the C++ headers.
#pragma once

#include <cstdint>
#include <span>

namespace msgtrans {

struct LayoutConstant {
  const char* name;  // As TypeScript knows it: HEADER_BYTES for kHeaderBytes.
  uint64_t value;    // At most 2^53 - 1.
};

// One generated file.
struct LayoutFile {
  const char* which;   // The argument of layout_constants that prints it.
  const char* target;  // Where it belongs, from the root of the repository.
  const char* source;  // The headers it comes from, for its first line.
  std::span<const LayoutConstant> constants;
};

// Defined in wire_layout.cc.
extern const LayoutFile kWireLayout;
extern const LayoutFile kEngineLayout;

}  // namespace msgtrans
