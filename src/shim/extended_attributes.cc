// Extended attributes, by path, by link and by descriptor.
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// library.function(path, arguments...): libmayfly has these by absolute path only, which a path of
/// these calls always is, for they take no directory.
template <class Function, class Real, class... Arguments>
auto at_path(const Place& place, Function Library::*function, Real* real, Arguments... arguments) {
  using Value = decltype((std::declval<Library>().*function)("", arguments...));
  const Library* const joined = library();
  if (joined == nullptr) return static_cast<Value>(-1);
  const Value result = call(joined->*function, place.within(), arguments...);
  if (result != -1) return result;
  const std::string there = place.way_out();
  return there.empty() ? result : real(there.c_str(), arguments...);
}

}  // namespace

// name, parameters, arguments: by path, following links or not.
#define MAYFLY_BY_PATH(type, name, parameters, ...)                                         \
  MAYFLY_EXPORT type name parameters noexcept {                                             \
    const Place place(AT_FDCWD, path);                                                      \
    return place.is_ours() ? at_path(place, &Library::name, MAYFLY_REAL(name), __VA_ARGS__) \
                           : MAYFLY_REAL(name)(place.outside(), __VA_ARGS__);               \
  }
#define MAYFLY_BY_DESCRIPTOR(type, name, parameters, ...)                                      \
  MAYFLY_EXPORT type name parameters noexcept {                                                \
    const Held held = find(fd);                                                                \
    return held ? held.call(&Library::name, __VA_ARGS__) : MAYFLY_REAL(name)(fd, __VA_ARGS__); \
  }

// clang-format off
MAYFLY_BY_PATH(int, setxattr, (const char* path, const char* name, const void* value,
                               std::size_t bytes, int flags), name, value, bytes, flags)
MAYFLY_BY_PATH(int, lsetxattr, (const char* path, const char* name, const void* value,
                                std::size_t bytes, int flags), name, value, bytes, flags)
MAYFLY_BY_DESCRIPTOR(int, fsetxattr, (int fd, const char* name, const void* value,
                                      std::size_t bytes, int flags), name, value, bytes, flags)
MAYFLY_BY_PATH(ssize_t, getxattr, (const char* path, const char* name, void* value,
                                   std::size_t bytes), name, value, bytes)
MAYFLY_BY_PATH(ssize_t, lgetxattr, (const char* path, const char* name, void* value,
                                    std::size_t bytes), name, value, bytes)
MAYFLY_BY_DESCRIPTOR(ssize_t, fgetxattr, (int fd, const char* name, void* value,
                                          std::size_t bytes), name, value, bytes)
MAYFLY_BY_PATH(ssize_t, listxattr, (const char* path, char* names, std::size_t bytes), names, bytes)
MAYFLY_BY_PATH(ssize_t, llistxattr, (const char* path, char* names, std::size_t bytes),
               names, bytes)
MAYFLY_BY_DESCRIPTOR(ssize_t, flistxattr, (int fd, char* names, std::size_t bytes), names, bytes)
MAYFLY_BY_PATH(int, removexattr, (const char* path, const char* name), name)
MAYFLY_BY_PATH(int, lremovexattr, (const char* path, const char* name), name)
MAYFLY_BY_DESCRIPTOR(int, fremovexattr, (int fd, const char* name), name)
// clang-format on
