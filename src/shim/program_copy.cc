#include "shim/program_copy.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "shim/real.h"

namespace mayfly::shim {
namespace {

bool write_all(int fd, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t written = MAYFLY_REAL(write)(fd, bytes, static_cast<std::size_t>(count));
    if (written < 0) return false;
    bytes += written;
    count -= written;
  }
  return true;
}

bool copy(int from, int to) {
  std::array<char, 1 << 16> bytes;
  off_t at = 0;
  ssize_t got = 0;
  while ((got = ::pread(from, bytes.data(), bytes.size(), at)) > 0) {
    if (!write_all(to, bytes.data(), got)) return false;
    at += got;
  }
  return got == 0;
}

}  // namespace

int copy_program_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return -1;
  const int program = MAYFLY_REAL(memfd_create)("mayfly program", 0);
  if (program < 0) return -1;
  if (copy(fd, program)) {
    // No longer open for writing, or it would be busy.
    const std::string link = "/proc/self/fd/" + std::to_string(program);
    const int readable = MAYFLY_REAL(open)(link.c_str(), O_RDONLY);
    MAYFLY_REAL(close)(program);
    return readable;
  }
  const int error = errno;
  MAYFLY_REAL(close)(program);
  errno = error;
  return -1;
}

int copy_program(const char* path) {
  if (::eaccess(path, X_OK) != 0) return -1;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int program = copy_program_of(fd);
  const int error = errno;
  ::close(fd);
  errno = error;
  return program;
}

}  // namespace mayfly::shim
