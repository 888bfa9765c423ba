// Small files of /proc and /sys.
#pragma once

#include <string>

namespace mayfly {

/// The first line of `path`, without its end; empty if it cannot be read.
std::string first_line_of(const std::string& path);

/// Whether this process has the capability of the kernel's number `capability`.
bool has_capability(unsigned capability);

}  // namespace mayfly
