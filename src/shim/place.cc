#include "shim/place.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "shim/link_walk.h"
#include "shim/mount.h"
#include "shim/real.h"
#include "shim/working_directory.h"

namespace mayfly::shim {
namespace {

/// Whether a relative path could lead to the mount from a directory elsewhere.
bool may_reach_mount(const char* path) {
  const char* const prefix = mount_prefix();
  return std::strstr(path, std::strrchr(prefix, '/') + 1) != nullptr;
}

}  // namespace

Place::Place(int directory, const char* path) : given_(path) {
  if (path == nullptr || Inside::is_so()) return;
  if (path[0] == '/') {
    look_at_absolute(path);
    return;
  }
  if (directory == AT_FDCWD) {
    const std::string ours = working_directory();
    if (!ours.empty()) {
      if (path[0] != '\0') look_from(ours);
    } else {
      look_from_outside(directory);
    }
    return;
  }
  held_ = find(directory);
  if (!held_) {
    look_from_outside(directory);
    return;
  }
  is_ours_ = true;
  if (!goes_up(path) || held_->path.empty()) return;
  // Out of the mount by its name as it was opened; within it the directory itself knows the way.
  look_from(held_->path);
  if (is_ours_) path_.clear();
}

void Place::look_at_absolute(const char* path) {
  const char* const prefix = mount_prefix();
  if (!may_be_below(path, prefix)) return;
  Whereabouts found = find_path(path, prefix);
  is_ours_ = found.is_below;
  path_ = std::move(found.path);
}

void Place::look_from_outside(int directory) {
  if (!may_reach_mount(given_)) return;
  char link[32] = "/proc/self/cwd";
  if (directory != AT_FDCWD) std::snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  char real[PATH_MAX];
  const ssize_t length = MAYFLY_REAL(readlink)(link, real, sizeof real);
  if (length <= 0) return;
  look_from({real, static_cast<std::size_t>(length)});
  // What does not lead to the mount is the kernel's as it was given.
  if (!is_ours_) path_.clear();
}

void Place::look_from(std::string_view directory) {
  std::string whole = joined(directory, given_);
  Whereabouts found = find_path(whole, mount_prefix());
  is_ours_ = found.is_below;
  path_ = found.path.empty() ? std::move(whole) : std::move(found.path);
}

int Place::directory() const { return path_.empty() ? held_.handle() : AT_FDCWD; }

std::string Place::way_out() const {
  const std::string from = errno == EREMOTE ? whole() : "";
  if (from.empty()) return "";
  const WalkEnd end = walk_links(from);
  if (end.is_outside) return end.path;
  errno = EREMOTE;
  return "";
}

std::string Place::whole() const {
  if (!path_.empty()) return mount_prefix() + (path_ == "/" ? "" : path_);
  if (held_ && !held_->path.empty()) return joined(held_->path, given_);
  return "";
}

std::string Place::plain() const { return without_dots(whole()); }

}  // namespace mayfly::shim
