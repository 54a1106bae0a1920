// The version that the programs print in their hello; a test compares it with package.json.
#pragma once

namespace msgtrans {

inline constexpr char kProgramVersion[] = "0.1.0";

}  // namespace msgtrans
