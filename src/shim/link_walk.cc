#include "shim/link_walk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "shim/mount.h"

namespace mayfly::shim {
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

}  // namespace

WalkEnd walk_links(const std::string& whole) {
  // The prefix itself is no directory of the kernel's.
  const std::string prefix = mount_prefix();
  std::string done = prefix;
  std::string rest = whole.substr(std::min(prefix.size(), whole.size()));
  int links = 0;
  while (!rest.empty()) {
    if (!step(done, rest, links)) return {};
    if (done.compare(0, prefix.size(), prefix) == 0) continue;
    const std::string now = done + rest;
    Whereabouts found = find_path(now, prefix);
    if (!found.is_below) return {now.empty() ? "/" : now, true};
    done = prefix;
    rest = std::move(found.path);
  }
  return {done, false};
}

}  // namespace mayfly::shim
