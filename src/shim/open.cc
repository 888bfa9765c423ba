// open(2) and its like.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <string>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"
#include "shim/special_path.h"

using namespace mayfly::shim;

namespace {

constexpr int kMakes = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);

/// A descriptor that only names a file is one that reads here.
int library_flags(int flags) {
  flags &= ~O_CLOEXEC;
  return (flags & O_PATH) == 0 ? flags : (flags & (O_DIRECTORY | O_NOFOLLOW)) | O_RDONLY;
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  if (const int named = descriptor_of_path(path); named >= 0) return open_again(named, flags);
  const Place place(directory, path);
  if (!place.is_ours()) {
    return if_private(MAYFLY_REAL(openat)(directory, place.outside(), flags, mode));
  }
  const int handle = place.call(&Library::openat, library_flags(flags), mode);
  if (handle >= 0) return add(handle, flags, place.plain());
  const std::string there = place.way_out();
  return there.empty() ? -1 : MAYFLY_REAL(openat)(AT_FDCWD, there.c_str(), flags, mode);
}

}  // namespace

#define MAYFLY_TAKE_MODE(flags)             \
  mode_t mode = 0;                          \
  if (((flags)&kMakes) != 0) {              \
    va_list arguments;                      \
    va_start(arguments, flags);             \
    mode = va_arg(arguments, unsigned int); \
    va_end(arguments);                      \
  }

MAYFLY_EXPORT int open(const char* path, int flags, ...) {
  MAYFLY_TAKE_MODE(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
MAYFLY_SAME(open64, open);

MAYFLY_EXPORT int openat(int directory, const char* path, int flags, ...) {
  MAYFLY_TAKE_MODE(flags)
  return open_at(directory, path, flags, mode);
}
MAYFLY_SAME(openat64, openat);

MAYFLY_EXPORT int creat(const char* path, mode_t mode) {
  return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
MAYFLY_SAME(creat64, creat);

// What calls with _FORTIFY_SOURCE become.
MAYFLY_EXPORT int __open_2(const char* path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}
MAYFLY_SAME(__open64_2, __open_2);

MAYFLY_EXPORT int __openat_2(int directory, const char* path, int flags) {
  return open_at(directory, path, flags, 0);
}
MAYFLY_SAME(__openat64_2, __openat_2);
