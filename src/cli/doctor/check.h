// Check: one thing that the doctor looked at.
#pragma once

#include <cstdint>
#include <string>

namespace mayfly {

enum class Verdict : std::uint8_t {
  ok,
  fallback,  ///< MayflyFS runs, but does something in a lesser way
  problem,   ///< MayflyFS does not run
};

struct Check {
  std::string name;
  Verdict verdict = Verdict::ok;
  std::string found;
  /// fallback: what is used instead and how to get the better. problem: what to change.
  std::string advice = {};
};

}  // namespace mayfly
