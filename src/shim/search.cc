// glob(3), ftw(3) and nftw(3), which the C library does with calls of its own.
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shim/place.h"
#include "shim/real.h"
#include "shim/working_directory.h"

using namespace mayfly::shim;

namespace {

using Visit = int (*)(const char*, const struct stat*, int, FTW*);

void* open_directory(const char* path) { return ::opendir(path); }
dirent* read_directory(void* stream) { return ::readdir(static_cast<DIR*>(stream)); }
void close_directory(void* stream) { ::closedir(static_cast<DIR*>(stream)); }

/// One nftw(3).
class TreeWalk {
 public:
  TreeWalk(Visit visit, int flags) : visit_(visit), flags_(flags) {}

  int walk(const std::string& path, int level, int base) {
    struct stat status {};
    const int kind = look(path, status);
    if (kind < 0) return -1;
    if (level == 0) device_ = status.st_dev;
    if ((flags_ & FTW_MOUNT) != 0 && status.st_dev != device_) return 0;
    if (kind != FTW_D) return report(path, status, kind, level, base);
    // Through links a directory can come up again below itself.
    if ((flags_ & FTW_PHYS) == 0 && !seen_.emplace(status.st_dev, status.st_ino).second) return 0;
    return walk_directory(path, status, level, base);
  }

 private:
  /// What kind of entry it is; -1 and errno if it cannot be told and the walk is to end.
  int look(const std::string& path, struct stat& status) const {
    const bool follows = (flags_ & FTW_PHYS) == 0;
    if (follows && ::stat(path.c_str(), &status) == 0) {
      return S_ISDIR(status.st_mode) ? FTW_D : FTW_F;
    }
    if (::lstat(path.c_str(), &status) != 0) {
      return errno == EACCES ? FTW_NS : -1;
    }
    if (S_ISLNK(status.st_mode)) return follows ? FTW_SLN : FTW_SL;
    return S_ISDIR(status.st_mode) ? FTW_D : FTW_F;
  }

  int report(const std::string& path, const struct stat& status, int kind, int level, int base) {
    FTW at{base, level};
    return visit_(path.c_str(), &status, kind, &at);
  }

  int walk_directory(const std::string& path, const struct stat& status, int level, int base) {
    std::vector<std::string> names;
    if (!list(path, names)) return report(path, status, FTW_DNR, level, base);
    const bool is_last = (flags_ & FTW_DEPTH) != 0;
    const int first = is_last ? 0 : report(path, status, FTW_D, level, base);
    const bool may_choose = (flags_ & FTW_ACTIONRETVAL) != 0;
    if (may_choose && first == FTW_SKIP_SUBTREE) return 0;
    if (first != 0) return first;
    const std::string prefix = path.ends_with('/') ? path : path + "/";
    for (const std::string& name : names) {
      const int result = walk(prefix + name, level + 1, static_cast<int>(prefix.size()));
      if (may_choose && result == FTW_SKIP_SIBLINGS) break;
      if (result != 0) return result;
    }
    return is_last ? report(path, status, FTW_DP, level, base) : 0;
  }

  static bool list(const std::string& path, std::vector<std::string>& names) {
    DIR* const stream = ::opendir(path.c_str());
    if (stream == nullptr) return false;
    while (const dirent* const entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(stream);
    return true;
  }

  Visit visit_;
  int flags_;
  dev_t device_ = 0;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

using PlainVisit = int (*)(const char*, const struct stat*, int);

thread_local PlainVisit plain_visit = nullptr;

int visit_plainly(const char* path, const struct stat* status, int kind, FTW* /*at*/) {
  return plain_visit(path, status, kind);
}

}  // namespace

MAYFLY_EXPORT int glob(const char* pattern, int flags, int (*on_error)(const char*, int),
                       glob_t* found) {
  const bool is_ours = Place(AT_FDCWD, pattern).is_ours();
  if (!is_ours || (flags & GLOB_ALTDIRFUNC) != 0) {
    return MAYFLY_REAL(glob)(pattern, flags, on_error, found);
  }
  found->gl_opendir = open_directory;
  found->gl_readdir = read_directory;
  found->gl_closedir = close_directory;
  found->gl_stat = ::stat;
  found->gl_lstat = ::lstat;
  const int result = MAYFLY_REAL(glob)(pattern, flags | GLOB_ALTDIRFUNC, on_error, found);
  if ((flags & GLOB_ALTDIRFUNC) == 0) found->gl_flags &= ~GLOB_ALTDIRFUNC;
  return result;
}
MAYFLY_SAME(glob64, glob);

MAYFLY_EXPORT int nftw(const char* path, Visit visit, int descriptors, int flags) {
  if (!Place(AT_FDCWD, path).is_ours()) return MAYFLY_REAL(nftw)(path, visit, descriptors, flags);
  if ((flags & FTW_CHDIR) != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  const std::string top = path;
  const std::size_t slash = top.rfind('/');
  TreeWalk walk(visit, flags);
  return walk.walk(top, 0, slash == std::string::npos ? 0 : static_cast<int>(slash + 1));
}
MAYFLY_SAME(nftw64, nftw);

MAYFLY_EXPORT int ftw(const char* path, PlainVisit visit, int descriptors) {
  if (!Place(AT_FDCWD, path).is_ours()) return MAYFLY_REAL(ftw)(path, visit, descriptors);
  const PlainVisit before = std::exchange(plain_visit, visit);
  const int result = ::nftw(path, visit_plainly, descriptors, 0);
  plain_visit = before;
  return result;
}
MAYFLY_SAME(ftw64, ftw);
