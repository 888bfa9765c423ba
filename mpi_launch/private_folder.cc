#include "mpi_launch/private_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace mayfly {
namespace {

constexpr int kAttempts = 100;

Failure refused(const std::string& path, Errc code, const std::string& why) {
  return {code, "The private scratch folder " + path + " " + why +
                    ": remove it, or name a directory with --scratch."};
}

Failure cannot_open(const std::string& path, int error) {
  if (error == ELOOP || error == ENOTDIR) {
    return refused(path, errc_from(error), "is not a directory but a file or a link");
  }
  if (error == EACCES) return refused(path, errc_from(error), "belongs to somebody else");
  return refused(path, errc_from(error), "cannot be opened (" + describe(errc_from(error)) + ")");
}

Result<void, Failure> check_owner(const std::string& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot_open(path, errno);
  if (status.st_uid != ::geteuid()) {
    return refused(path, Errc::access_denied, "belongs to somebody else");
  }
  if ((status.st_mode & 07777) != 0700) {
    return refused(path, Errc::access_denied, "is open to others (its mode is not 0700)");
  }
  return {};
}

/// Whether `path` still names what `descriptor` holds.
bool is_same(const std::string& path, int descriptor) {
  struct stat held {};
  struct stat named {};
  return ::fstat(descriptor, &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace

Result<PrivateFolder, Failure> PrivateFolder::open(const std::string& path) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return cannot_open(path, errno);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) continue;  // its last user has just removed it
    if (descriptor < 0) return cannot_open(path, errno);
    PrivateFolder folder(path, descriptor);
    if (::flock(descriptor, LOCK_SH) != 0) return cannot_open(path, errno);
    if (!is_same(path, descriptor)) continue;
    if (auto checked = check_owner(path, descriptor); !checked) return checked.error();
    return folder;
  }
  return refused(path, Errc::busy, "is made and removed by other processes all the time");
}

PrivateFolder::PrivateFolder(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PrivateFolder::~PrivateFolder() {
  if (descriptor_ < 0) return;
  // Others hold a shared lock, so only the last one gets the exclusive one. rmdir refuses a folder
  // that is not empty, and is_same one that is not ours.
  if (is_same(path_, descriptor_) && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 &&
      is_same(path_, descriptor_) && check_owner(path_, descriptor_)) {
    ::rmdir(path_.c_str());
  }
  ::close(descriptor_);
}

}  // namespace mayfly
