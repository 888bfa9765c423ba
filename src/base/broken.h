// broken: what a check of an invariant has found wrong, in a sentence.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "base/result.h"

namespace mayfly {

template <class... Arguments>
Failure broken(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return Failure{Errc::io_error, fmt::format(text, std::forward<Arguments>(arguments)...)};
}

}  // namespace mayfly
