// A list of what is to be copied where: a line "SRC DST" for each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly {

using SourceAndDestination = std::pair<std::string, std::string>;

/// Words are separated by blanks; within "..." blanks count, and \" and \\ stand for themselves.
/// Empty lines and those that begin with # do not count. Fails with the line that is wrong.
Result<std::vector<SourceAndDestination>, Failure> parse_stage_list(const std::string& text,
                                                                    const std::string& name);

}  // namespace mayfly
