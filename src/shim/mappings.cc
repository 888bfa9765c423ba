// mmap(2) of files of ours: what is mapped is a copy, read whole, for there is no page cache
// between processes. A shared mapping that may be written is refused.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "shim/descriptor.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// false and errno.
bool fill(const Held& held, char* memory, std::size_t bytes, off_t offset) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        held.call(&Library::pread, memory + done, bytes - done, offset + static_cast<off_t>(done));
    if (got < 0) return false;
    // Behind the end are zeros, where the kernel would raise SIGBUS beyond the last page.
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

void* refuse(int error) {
  errno = error;
  return MAP_FAILED;
}

}  // namespace

MAYFLY_EXPORT void* mmap(void* address, std::size_t bytes, int protection, int flags, int fd,
                         off_t offset) noexcept {
  const Held held = (flags & MAP_ANONYMOUS) != 0 ? Held() : find(fd);
  if (!held) return MAYFLY_REAL(mmap)(address, bytes, protection, flags, fd, offset);
  const int kind = flags & MAP_TYPE;
  if (kind != MAP_PRIVATE && (protection & PROT_WRITE) != 0) return refuse(ENODEV);
  if ((held->flags.load() & O_ACCMODE) == O_WRONLY) return refuse(EACCES);
  if (offset < 0 || offset % ::getpagesize() != 0) return refuse(EINVAL);
  const int placed = (flags & ~MAP_TYPE) | MAP_PRIVATE | MAP_ANONYMOUS;
  void* const memory =
      MAYFLY_REAL(mmap)(address, bytes, PROT_READ | PROT_WRITE, placed, -1, off_t{0});
  if (memory == MAP_FAILED) return memory;
  if (fill(held, static_cast<char*>(memory), bytes, offset) &&
      MAYFLY_REAL(mprotect)(memory, bytes, protection) == 0) {
    return memory;
  }
  const int error = errno;
  MAYFLY_REAL(munmap)(memory, bytes);
  return refuse(error);
}
MAYFLY_SAME(mmap64, mmap);
