// What every bench program does besides its measuring.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly {

/// Says what is wrong, after the program's name, and ends the process with exit code 1. Processes
/// that it has started end by themselves when it is gone.
[[noreturn]] void give_up(const char* what);
/// Gives up on an error.
void require(const Status& status);
/// The value, or the end of the program with what was to be done.
template <class T>
T must(Result<T> result, const char* what) {
  if (!result) give_up((std::string(what) + ": " + describe(result.error())).c_str());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Seconds of the steady clock.
double now();
/// This thread and what it starts from now on.
void pin_to(int core);
/// Of at least one value.
double median(std::vector<double> values);

}  // namespace mayfly
