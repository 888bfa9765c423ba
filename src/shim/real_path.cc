// realpath(3).
#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

#include "shim/link_walk.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// Empty and errno if it does not lead to anything.
std::string resolve(const Place& place) {
  const WalkEnd end = walk_links(place.whole());
  if (!end.is_outside) return end.path;
  char outside[PATH_MAX];
  return MAYFLY_REAL(realpath)(end.path.c_str(), outside) == nullptr ? "" : outside;
}

}  // namespace

MAYFLY_EXPORT char* realpath(const char* path, char* resolved) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) return MAYFLY_REAL(realpath)(place.outside(), resolved);
  const std::string found = resolve(place);
  if (found.empty()) return nullptr;
  if (found.size() >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return nullptr;
  }
  return resolved == nullptr ? ::strdup(found.c_str()) : std::strcpy(resolved, found.c_str());
}

MAYFLY_EXPORT char* __realpath_chk(const char* path, char* resolved, std::size_t /*room*/) {
  return ::realpath(path, resolved);
}

MAYFLY_EXPORT char* canonicalize_file_name(const char* path) noexcept {
  return ::realpath(path, nullptr);
}
