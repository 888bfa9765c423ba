// A walk over a tree of the session, several directories at once.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

namespace mayfly {

/// Calls visit(path, status) for `top` and for everything below it, each once, in no order, one
/// call at a time. Links are not followed. False: something could not be read, which was said.
bool walk_session(const std::string& top,
                  const std::function<void(const std::string&, const struct stat&)>& visit);

}  // namespace mayfly
