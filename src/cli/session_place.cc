#include "cli/session_place.h"

#include <cstdlib>

#include "cli/shim_variables.h"

namespace mayfly {

std::string place_in_session(const std::string& path) {
  const char* const chosen = std::getenv("MAYFLY_PREFIX");
  const std::string prefix = chosen == nullptr || *chosen == '\0' ? kDefaultPrefix : chosen;
  std::string place = path;
  const bool is_below = path.compare(0, prefix.size(), prefix) == 0 &&
                        (path.size() == prefix.size() || path[prefix.size()] == '/');
  if (is_below) place = path.substr(prefix.size());
  return place.empty() || place.front() != '/' ? "/" + place : place;
}

}  // namespace mayfly
