#include "shim/special_path.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "shim/descriptor.h"

namespace mayfly::shim {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 3> kStandard{
    {{"/dev/stdin", 0}, {"/dev/stdout", 1}, {"/dev/stderr", 2}}};

int number_behind(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return -1;
  path.remove_prefix(folder.size());
  int fd = -1;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), fd);
  return error == std::errc() && end == path.data() + path.size() ? fd : -1;
}

int number_in(std::string_view path) {
  for (const auto& [name, fd] : kStandard) {
    if (path == name) return fd;
  }
  for (const char* const folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (const int fd = number_behind(path, folder); fd >= 0) return fd;
  }
  return number_behind(path, "/proc/" + std::to_string(::getpid()) + "/fd/");
}

}  // namespace

int descriptor_of_path(const char* path) {
  if (path == nullptr || path[0] != '/' || (path[1] != 'd' && path[1] != 'p')) return -1;
  const std::string_view whole(path);
  if (!whole.starts_with("/dev/") && !whole.starts_with("/proc/")) return -1;
  if (largest_ours() < 0) return -1;
  const int fd = number_in(whole);
  return fd >= 0 && is_ours(fd) ? fd : -1;
}

int open_again(int fd, int flags) {
  const Held held = find(fd);
  const Library* const joined = held ? library() : nullptr;
  if (joined == nullptr) return -1;
  if (held->path.empty()) {
    // Its name is not known, so with the rights that it has.
    const int handle = call(joined->open_ticket, &held->ticket);
    return handle < 0 ? -1 : add(handle, held->flags | (flags & O_CLOEXEC), "");
  }
  return ::open(held->path.c_str(), flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW));
}

}  // namespace mayfly::shim
