// Paths as users write them for a session's files.
#pragma once

#include <string>

namespace mayfly {

/// Where in the session `path` is: programs see the file system below a prefix (/mayfly), so a path
/// may begin with it, or count from the session's root.
std::string place_in_session(const std::string& path);

}  // namespace mayfly
