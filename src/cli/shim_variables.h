// What a program must find in its environment to see the file system.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/child.h"

namespace mayfly {

constexpr const char* kDefaultPrefix = "/mayfly";

/// Of a file beside this program, installed or in a build tree; its absolute path.
Result<std::string, Failure> find_library(const std::string& name);

/// `session`: a session file that is there. `first`: a library that must come before the shim;
/// empty: none. What the user preloads comes behind.
Result<Variables, Failure> shim_variables(const std::string& session, const std::string& prefix,
                                          const std::string& first = "");

}  // namespace mayfly
