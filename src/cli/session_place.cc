#include "cli/session_place.h"

#include <sys/stat.h>

#include <cstdlib>

#include "cli/shim_variables.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"

namespace mayfly {

namespace {

std::string prefix_of_programs() {
  const char* const chosen = std::getenv("MAYFLY_PREFIX");
  return chosen == nullptr || *chosen == '\0' ? kDefaultPrefix : chosen;
}

}  // namespace

std::string shown_in_session(const std::string& place) { return prefix_of_programs() + place; }

std::string place_in_session(const std::string& path) {
  const std::string prefix = prefix_of_programs();
  std::string place = path;
  const bool is_below = path.compare(0, prefix.size(), prefix) == 0 &&
                        (path.size() == prefix.size() || path[prefix.size()] == '/');
  if (is_below) place = path.substr(prefix.size());
  return place.empty() || place.front() != '/' ? "/" + place : place;
}

Result<PlaceToGo, Failure> PlaceToGo::of(const std::vector<std::string>& paths) {
  std::string to = place_in_session(paths.back());
  struct stat status {};
  const bool is_into = mayfly_stat(to.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (paths.size() > 2 && !is_into) {
    return Failure{Errc::not_a_directory,
                   paths.back() + " is no directory for several files to go into."};
  }
  return PlaceToGo(std::move(to), is_into);
}

std::string PlaceToGo::name_of(const std::string& from) const {
  return is_into_ ? join_path(to_, last_name(from)) : to_;
}

}  // namespace mayfly
