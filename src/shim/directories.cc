// opendir(3), readdir(3) and their like.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "shim/descriptor.h"
#include "shim/directory_stream.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

using Filter = int (*)(const dirent*);
using Order = int (*)(const dirent**, const dirent**);

/// Takes over the handle.
DIR* open_stream(int handle, int fd) {
  if (handle < 0) return nullptr;
  DirectoryStream* const stream = DirectoryStream::open(handle, fd);
  if (stream != nullptr) return stream->as_dir();
  const int error = errno;
  call(library()->close, handle);
  errno = error;
  return nullptr;
}

DIR* open_stream(const Place& place) {
  const int handle = place.call(&Library::openat, O_RDONLY | O_DIRECTORY, mode_t{0});
  if (handle >= 0) return open_stream(handle, -1);
  const std::string there = place.way_out();
  return there.empty() ? nullptr : MAYFLY_REAL(opendir)(there.c_str());
}

void free_all(std::vector<dirent*>& entries) {
  for (dirent* const entry : entries) std::free(entry);
}

/// false and errno.
bool collect(DIR* stream, Filter filter, std::vector<dirent*>& entries) {
  errno = 0;
  while (dirent* const entry = ::readdir(stream)) {
    if (filter != nullptr && filter(entry) == 0) continue;
    void* const copy = std::malloc(entry->d_reclen);
    if (copy == nullptr) return false;
    entries.push_back(static_cast<dirent*>(std::memcpy(copy, entry, entry->d_reclen)));
    errno = 0;
  }
  return errno == 0;
}

int scan(DIR* stream, dirent*** list, Filter filter, Order order) {
  if (stream == nullptr) return -1;
  std::vector<dirent*> entries;
  bool is_whole = collect(stream, filter, entries);
  const int error = errno;
  ::closedir(stream);
  auto** const all =
      is_whole ? static_cast<dirent**>(std::malloc(sizeof(dirent*) * (entries.size() + 1)))
               : nullptr;
  if (all == nullptr) {
    free_all(entries);
    errno = is_whole ? ENOMEM : error;
    return -1;
  }
  std::copy(entries.begin(), entries.end(), all);
  if (order != nullptr) {
    ::qsort(all, entries.size(), sizeof(dirent*),
            reinterpret_cast<int (*)(const void*, const void*)>(order));
  }
  *list = all;
  return static_cast<int>(entries.size());
}

}  // namespace

MAYFLY_EXPORT DIR* opendir(const char* path) {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? open_stream(place) : MAYFLY_REAL(opendir)(place.outside());
}

MAYFLY_EXPORT DIR* fdopendir(int fd) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(fdopendir)(fd);
  const Library* const joined = library();
  if (joined == nullptr) return nullptr;
  return open_stream(call(joined->open_ticket, &held->ticket), fd);
}

MAYFLY_EXPORT dirent* readdir(DIR* stream) {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  return ours == nullptr ? MAYFLY_REAL(readdir)(stream) : ours->read();
}
MAYFLY_SAME(readdir64, readdir);

MAYFLY_EXPORT int mayfly_shim_readdir_r(DIR* stream, dirent* entry, dirent** result) {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  if (ours == nullptr) {
    using Function = int(DIR*, dirent*, dirent**);
    static constinit std::atomic<Function*> found{nullptr};
    return find_real(found, "readdir_r")(stream, entry, result);
  }
  const int before = std::exchange(errno, 0);
  const dirent* const next = ours->read();
  const int error = std::exchange(errno, before);
  if (next != nullptr) std::memcpy(entry, next, next->d_reclen);
  *result = next == nullptr ? nullptr : entry;
  return error;
}
// Deprecated by its header, and called by old programs.
MAYFLY_SAME(readdir_r, mayfly_shim_readdir_r);
MAYFLY_SAME(readdir64_r, mayfly_shim_readdir_r);

MAYFLY_EXPORT long telldir(DIR* stream) noexcept {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  return ours == nullptr ? MAYFLY_REAL(telldir)(stream) : ours->tell();
}

MAYFLY_EXPORT void seekdir(DIR* stream, long position) noexcept {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  ours == nullptr ? MAYFLY_REAL(seekdir)(stream, position) : ours->seek(position);
}

MAYFLY_EXPORT void rewinddir(DIR* stream) noexcept {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  ours == nullptr ? MAYFLY_REAL(rewinddir)(stream) : ours->seek(0);
}

MAYFLY_EXPORT int dirfd(DIR* stream) noexcept {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  return ours == nullptr ? MAYFLY_REAL(dirfd)(stream) : ours->descriptor();
}

MAYFLY_EXPORT int closedir(DIR* stream) {
  DirectoryStream* const ours = DirectoryStream::from(stream);
  return ours == nullptr ? MAYFLY_REAL(closedir)(stream) : ours->close();
}

MAYFLY_EXPORT int scandirat(int directory, const char* path, dirent*** list, Filter filter,
                            Order order) {
  const Place place(directory, path);
  return place.is_ours() ? scan(open_stream(place), list, filter, order)
                         : MAYFLY_REAL(scandirat)(directory, place.outside(), list, filter, order);
}
MAYFLY_SAME(scandirat64, scandirat);

MAYFLY_EXPORT int scandir(const char* path, dirent*** list, Filter filter, Order order) {
  return ::scandirat(AT_FDCWD, path, list, filter, order);
}
MAYFLY_SAME(scandir64, scandir);
