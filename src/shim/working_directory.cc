#include "shim/working_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "shim/mount.h"
#include "shim/place.h"
#include "shim/real.h"

namespace mayfly::shim {
namespace {

constexpr const char* kVariable = "MAYFLY_CWD";

constinit std::atomic<bool> is_ours_now{false};

std::string& current() {
  static std::string& only = *new std::string;
  return only;
}

void set(std::string directory) {
  const std::lock_guard lock(making_lock());
  current() = std::move(directory);
  is_ours_now = !current().empty();
}

/// 0, or -1 and errno.
int check_directory(const Place& place) {
  struct stat status {};
  if (place.call(&Library::fstatat, &status, 0) != 0) return -1;
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return -1;
  }
  return place.call(&Library::faccessat, X_OK, AT_EACCESS);
}

}  // namespace

std::string working_directory() {
  if (!is_ours_now.load(std::memory_order_relaxed) || Inside::is_so()) return "";
  const std::lock_guard lock(making_lock());
  return current();
}

void take_up_working_directory() {
  const char* const handed = std::getenv(kVariable);
  if (handed == nullptr) return;
  set(handed);
  ::unsetenv(kVariable);
}

std::vector<char*> environment_for_exec(char* const environment[], std::string& storage) {
  std::vector<char*> all;
  const std::size_t length = std::strlen(kVariable);
  for (char* const* variable = environment; variable != nullptr && *variable != nullptr;
       ++variable) {
    const bool is_it =
        std::strncmp(*variable, kVariable, length) == 0 && (*variable)[length] == '=';
    if (!is_it) all.push_back(*variable);
  }
  const std::string directory = working_directory();
  if (!directory.empty()) {
    storage = std::string(kVariable) + "=" + directory;
    all.push_back(storage.data());
  }
  all.push_back(nullptr);
  return all;
}

}  // namespace mayfly::shim

using namespace mayfly::shim;

MAYFLY_EXPORT int chdir(const char* path) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) {
    const int result = MAYFLY_REAL(chdir)(place.outside());
    if (result == 0) set("");
    return result;
  }
  const std::string whole = place.plain();
  if (check_directory(place) == 0) {
    set(whole);
    return 0;
  }
  const std::string there = place.way_out();
  return there.empty() ? -1 : ::chdir(there.c_str());
}

MAYFLY_EXPORT int fchdir(int fd) noexcept {
  const Held held = find(fd);
  if (!held) {
    const int result = MAYFLY_REAL(fchdir)(fd);
    if (result == 0) set("");
    return result;
  }
  struct stat status {};
  if (held.call(&Library::fstat, &status) != 0) return -1;
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return -1;
  }
  if (held->path.empty()) {
    // Inherited through exec: only its ticket came along.
    errno = EOPNOTSUPP;
    return -1;
  }
  set(held->path);
  return 0;
}

MAYFLY_EXPORT char* getcwd(char* buffer, std::size_t size) noexcept {
  const std::string directory = working_directory();
  if (directory.empty()) return MAYFLY_REAL(getcwd)(buffer, size);
  const std::size_t needed = directory.size() + 1;
  if (buffer != nullptr && size == 0) {
    errno = EINVAL;
    return nullptr;
  }
  if (size != 0 && size < needed) {
    errno = ERANGE;
    return nullptr;
  }
  if (buffer == nullptr) buffer = static_cast<char*>(std::malloc(size == 0 ? needed : size));
  if (buffer != nullptr) std::memcpy(buffer, directory.c_str(), needed);
  return buffer;
}

MAYFLY_EXPORT char* __getcwd_chk(char* buffer, std::size_t size, std::size_t /*room*/) noexcept {
  return ::getcwd(buffer, size);
}

MAYFLY_EXPORT char* get_current_dir_name() noexcept {
  const std::string directory = working_directory();
  return directory.empty() ? MAYFLY_REAL(get_current_dir_name)() : ::strdup(directory.c_str());
}

MAYFLY_EXPORT char* getwd(char* buffer) {
  char whole[PATH_MAX];
  if (buffer == nullptr) {
    errno = EINVAL;
    return nullptr;
  }
  return ::getcwd(whole, sizeof whole) == nullptr ? nullptr : std::strcpy(buffer, whole);
}
