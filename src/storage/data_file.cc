#include "storage/data_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace mayfly {
namespace {

/// A descriptor or a negative errno.
int open_unnamed(const std::string& directory, int flags) {
  const int descriptor = ::open(directory.c_str(), O_TMPFILE | flags, 0600);
  return descriptor >= 0 ? descriptor : -errno;
}

/// For file systems without O_TMPFILE: the name is gone before anything is written.
int open_unlinked(const std::string& directory, int flags) {
  std::string path = directory + "/mayfly-data-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), flags & ~O_RDWR);
  const int error = errno;
  // A file system without direct I/O makes the file and refuses to open it. With EEXIST there is
  // none of ours.
  if (descriptor >= 0 || error != EEXIST) ::unlink(path.c_str());
  return descriptor >= 0 ? descriptor : -error;
}

int open_either(const std::string& directory, int flags) {
  const int descriptor = open_unnamed(directory, flags);
  const bool unsupported =
      descriptor == -EOPNOTSUPP || descriptor == -EISDIR || descriptor == -ENOENT;
  return unsupported ? open_unlinked(directory, flags) : descriptor;
}

Failure unusable(const std::string& directory, int error) {
  const std::string start = "The scratch directory " + directory + " ";
  const Errc code = errc_from(error);
  switch (error) {
    case ENOENT:
      return {code, start + "does not exist: create it, or name another."};
    case ENOTDIR:
      return {code, start + "is not a directory: name one on a node-local drive."};
    case EACCES:
    case EPERM:
      return {code, start + "cannot be written by this user: change its mode, or name another."};
    case EROFS:
      return {code, start + "is on a read-only file system: name another."};
    case ENOSPC:
    case EDQUOT:
      return {code, start + "is on a file system that is full: free space, or name another."};
    default:
      return {code, start + "cannot be used: " + describe(code) + "."};
  }
}

}  // namespace

Result<DataFile, Failure> DataFile::open(const std::string& directory,
                                         std::uint64_t capacity_bytes) {
  const std::uint64_t capacity = round_down(capacity_bytes, kPageBytes);
  if (capacity == 0) {
    return Failure{Errc::invalid, "The capacity must be at least " + format_bytes(kPageBytes) +
                                      ", not " + format_bytes(capacity_bytes) + "."};
  }
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return unusable(directory, errno);
  if (!S_ISDIR(status.st_mode)) return unusable(directory, ENOTDIR);
  bool direct = true;
  int descriptor = open_either(directory, O_RDWR | O_CLOEXEC | O_DIRECT);
  if (descriptor == -EINVAL) {
    direct = false;
    descriptor = open_either(directory, O_RDWR | O_CLOEXEC);
  }
  if (descriptor < 0) return unusable(directory, -descriptor);
  return DataFile(descriptor, direct, capacity);
}

DataFile::DataFile(int descriptor, bool direct, std::uint64_t capacity)
    : descriptor_(descriptor),
      direct_(direct),
      capacity_(capacity),
      growing_(std::make_unique<Semaphore>(1)) {}

DataFile::DataFile(DataFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      direct_(other.direct_),
      size_(other.size_),
      capacity_(other.capacity_),
      growing_(std::move(other.growing_)) {}

DataFile::~DataFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Task<Status> DataFile::grow(Ring& ring, RingFile file, std::uint64_t seen, std::uint64_t needed) {
  Semaphore::Permit permit = co_await growing_->acquire();
  if (size_ > seen) co_return Status();
  const std::uint64_t left = capacity_ - size_;
  if (left == 0) co_return Errc::no_space;
  const std::uint64_t step = std::min(kStepBytes, left);
  const std::uint64_t least = std::min(round_up(needed, kPageBytes), left);
  Status status = co_await allocate(ring, file, std::max(step, least));
  // The last bytes of a nearly full file system are worth a second try.
  if (to_errc(status) == Errc::no_space && least < step) {
    status = co_await allocate(ring, file, least);
  }
  co_return status;
}

Task<Status> DataFile::allocate(Ring& ring, RingFile file, std::uint64_t bytes) {
  Status status = co_await ring.fallocate(file, 0, size_, bytes);
  if (to_errc(status) == Errc::not_supported) {
    // Only changes the inode; without fallocate space is taken by the writes themselves.
    const bool extended = ::ftruncate(descriptor_, static_cast<off_t>(size_ + bytes)) == 0;
    status = extended ? Status() : Status(errc_from(errno));
  }
  if (status) size_ += bytes;
  co_return status;
}

}  // namespace mayfly
