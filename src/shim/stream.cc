// Streams on files of ours: fopen(3), fdopen(3), freopen(3). They are the C library's own, over
// functions of ours, with the descriptor where fileno(3) looks for it.
#include "shim/stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"
#include "shim/special_path.h"
#include "shim/standard_stream.h"

using namespace mayfly::shim;

namespace {

int descriptor_of(void* cookie) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(cookie));
}

ssize_t read_stream(void* cookie, char* buffer, std::size_t bytes) {
  return ::read(descriptor_of(cookie), buffer, bytes);
}

/// fopencookie(3) wants 0 for an error.
ssize_t write_stream(void* cookie, const char* buffer, std::size_t bytes) {
  const ssize_t written = ::write(descriptor_of(cookie), buffer, bytes);
  return written < 0 ? 0 : written;
}

int seek_stream(void* cookie, off64_t* offset, int whence) {
  const off_t position = ::lseek(descriptor_of(cookie), *offset, whence);
  if (position < 0) return -1;
  *offset = position;
  return 0;
}

int close_stream(void* cookie) {
  forget_stream(descriptor_of(cookie));
  return ::close(descriptor_of(cookie));
}

/// open(2)'s flags of fopen(3)'s mode; -1 and EINVAL.
int flags_of(const char* mode) {
  int flags = 0;
  switch (*mode++) {
    case 'r':
      break;
    case 'w':
      flags = O_WRONLY | O_CREAT | O_TRUNC;
      break;
    case 'a':
      flags = O_WRONLY | O_CREAT | O_APPEND;
      break;
    default:
      errno = EINVAL;
      return -1;
  }
  for (; *mode != '\0' && *mode != ','; ++mode) {
    if (*mode == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (*mode == 'e') flags |= O_CLOEXEC;
    if (*mode == 'x') flags |= O_EXCL;
  }
  return flags;
}

std::FILE* open_file(const char* path, const char* mode) {
  const int flags = flags_of(mode);
  const int fd = flags < 0 ? -1 : ::open(path, flags, 0666);
  if (fd < 0) return nullptr;
  std::FILE* const stream = stream_on(fd, mode);
  if (stream == nullptr) ::close(fd);
  return stream;
}

}  // namespace

namespace mayfly::shim {

std::FILE* stream_on(int fd, const char* mode) {
  const cookie_io_functions_t functions = {read_stream, write_stream, seek_stream, close_stream};
  // Only the letters that it knows.
  const bool is_both = std::strchr(mode, '+') != nullptr;
  const char known[3] = {mode[0], is_both ? '+' : '\0', '\0'};
  std::FILE* const stream =
      ::fopencookie(reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)), known, functions);
  if (stream != nullptr) stream->_fileno = fd;
  return stream;
}

}  // namespace mayfly::shim

MAYFLY_EXPORT std::FILE* fopen(const char* path, const char* mode) {
  const Place place(AT_FDCWD, path);
  const bool is_ours = place.is_ours() || descriptor_of_path(path) >= 0;
  return is_ours ? open_file(path, mode) : MAYFLY_REAL(fopen)(place.outside(), mode);
}
MAYFLY_SAME(fopen64, fopen);

MAYFLY_EXPORT std::FILE* fdopen(int fd, const char* mode) noexcept {
  if (!is_ours(fd)) return MAYFLY_REAL(fdopen)(fd, mode);
  return flags_of(mode) < 0 ? nullptr : stream_on(fd, mode);
}

// The stream keeps its address, so it cannot become one of ours by itself: its descriptor is
// replaced below it, which the standard streams follow, and only they are ever reopened so.
MAYFLY_EXPORT std::FILE* freopen(const char* path, const char* mode, std::FILE* stream) {
  const int old = ::fileno(stream);
  const Place place(AT_FDCWD, path);
  if (!place.is_ours() && !is_ours(old)) return MAYFLY_REAL(freopen)(place.outside(), mode, stream);
  if (path == nullptr || old < 0 || old > 2) {
    errno = EOPNOTSUPP;
    return nullptr;
  }
  std::fflush(stream);
  const int flags = flags_of(mode);
  const int fd = flags < 0 ? -1 : ::open(path, flags, 0666);
  if (fd < 0) return nullptr;
  const int replaced = ::dup2(fd, old);
  ::close(fd);
  std::FILE* const standard[] = {stdin, stdout, stderr};
  return replaced < 0 ? nullptr : standard[old];
}
MAYFLY_SAME(freopen64, freopen);
