// Copies within the kernel, which would go past us: by a buffer here.
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "shim/descriptor.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

ssize_t read_from(int fd, off_t* at, char* buffer, std::size_t bytes) {
  return at == nullptr ? ::read(fd, buffer, bytes) : ::pread(fd, buffer, bytes, *at);
}

ssize_t write_to(int fd, off_t* at, const char* buffer, std::size_t bytes) {
  return at == nullptr ? ::write(fd, buffer, bytes) : ::pwrite(fd, buffer, bytes, *at);
}

/// All of it, unless there is an error; what was written of it.
std::size_t write_all(int fd, off_t* at, const char* buffer, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t written = write_to(fd, at, buffer + done, bytes - done);
    if (written <= 0) break;
    if (at != nullptr) *at += written;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

/// What was read and could not be written is still to be read.
void give_back(int from, off_t* from_at, std::size_t bytes) {
  const int error = errno;
  const auto back = -static_cast<off_t>(bytes);
  from_at == nullptr ? static_cast<void>(::lseek(from, back, SEEK_CUR))
                     : static_cast<void>(*from_at += back);
  errno = error;
}

ssize_t copy(int from, off_t* from_at, int to, off_t* to_at, std::size_t bytes) {
  std::vector<char> buffer(std::min(bytes, kPiece));
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        read_from(from, from_at, buffer.data(), std::min(bytes - done, buffer.size()));
    if (got == 0) break;
    if (got < 0) return done == 0 ? -1 : static_cast<ssize_t>(done);
    const auto count = static_cast<std::size_t>(got);
    if (from_at != nullptr) *from_at += got;
    const std::size_t written = write_all(to, to_at, buffer.data(), count);
    done += written;
    if (written == count) continue;
    give_back(from, from_at, count - written);
    return done == 0 ? -1 : static_cast<ssize_t>(done);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

MAYFLY_EXPORT ssize_t sendfile(int to, int from, off_t* offset, std::size_t bytes) noexcept {
  if (!is_ours(to) && !is_ours(from)) return MAYFLY_REAL(sendfile)(to, from, offset, bytes);
  return copy(from, offset, to, nullptr, bytes);
}
MAYFLY_SAME(sendfile64, sendfile);

MAYFLY_EXPORT ssize_t copy_file_range(int from, off_t* from_at, int to, off_t* to_at,
                                      std::size_t bytes, unsigned flags) {
  if (!is_ours(to) && !is_ours(from)) {
    return MAYFLY_REAL(copy_file_range)(from, from_at, to, to_at, bytes, flags);
  }
  if (flags != 0) {
    errno = EINVAL;
    return -1;
  }
  return copy(from, from_at, to, to_at, bytes);
}

MAYFLY_EXPORT ssize_t splice(int from, off_t* from_at, int to, off_t* to_at, std::size_t bytes,
                             unsigned flags) {
  if (!is_ours(to) && !is_ours(from)) {
    return MAYFLY_REAL(splice)(from, from_at, to, to_at, bytes, flags);
  }
  // A pipe may hold less than is asked for, and a second read of it would wait.
  std::vector<char> buffer(std::min(bytes, std::size_t{1} << 16));
  const ssize_t got = read_from(from, from_at, buffer.data(), buffer.size());
  if (got <= 0) return got;
  const auto count = static_cast<std::size_t>(got);
  if (from_at != nullptr) *from_at += got;
  const std::size_t written = write_all(to, to_at, buffer.data(), count);
  if (written < count && is_ours(from)) give_back(from, from_at, count - written);
  return written == 0 ? -1 : static_cast<ssize_t>(written);
}
