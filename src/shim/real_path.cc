// realpath(3).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

#include "shim/mount.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

constexpr int kMostLinks = 40;

/// The first component of `rest`, which loses it.
std::string take_component(std::string& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of('/'), rest.size());
  const std::size_t end = std::min(rest.find('/', begin), rest.size());
  std::string name = rest.substr(begin, end - begin);
  rest.erase(0, end);
  return name;
}

/// The next component of `rest` is done with; false and errno.
bool step(std::string& done, std::string& rest, int& links) {
  const std::string name = take_component(rest);
  if (name.empty() || name == ".") return true;
  if (name == "..") {
    done.erase(std::min(done.rfind('/'), done.size()));
    return true;
  }
  const std::string path = done + "/" + name;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return false;
  if (!S_ISLNK(status.st_mode)) {
    done = path;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode) || rest.empty();
  }
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  if (length < 0) return false;
  errno = ELOOP;
  if (++links > kMostLinks) return false;
  rest = std::string(target, static_cast<std::size_t>(length)) + rest;
  if (target[0] == '/') done.clear();
  return true;
}

/// Empty and errno if it does not lead to anything.
std::string resolve(const std::string& whole) {
  // The prefix itself is no directory of the kernel's.
  const std::string prefix = mount_prefix();
  std::string done = prefix;
  std::string rest = whole.substr(prefix.size());
  int links = 0;
  while (!rest.empty()) {
    if (!step(done, rest, links)) return "";
    const std::string now = done + rest;
    if (done.empty() && find_path(now, prefix).is_below) {
      done = prefix;
      rest = find_path(now, prefix).path;
    } else if (done.compare(0, prefix.size(), prefix) != 0) {
      char outside[PATH_MAX];
      const std::string path = now.empty() ? "/" : now;
      return MAYFLY_REAL(realpath)(path.c_str(), outside) == nullptr ? "" : outside;
    }
  }
  return done;
}

}  // namespace

MAYFLY_EXPORT char* realpath(const char* path, char* resolved) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) return MAYFLY_REAL(realpath)(place.outside(), resolved);
  const std::string found = resolve(place.whole());
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
