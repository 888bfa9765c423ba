// Processes: exec, vfork, spawn and the end. What a new program needs to know of the working
// directory goes along in its environment; descriptors go along by themselves.
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <string>
#include <vector>

#include "shim/descriptor.h"
#include "shim/library.h"
#include "shim/place.h"
#include "shim/program_copy.h"
#include "shim/real.h"
#include "shim/working_directory.h"

using namespace mayfly::shim;

namespace {

/// What the C library's exec functions take one by one, to the null pointer at its end.
std::vector<char*> collect(const char* first, va_list arguments) {
  std::vector<char*> all = {const_cast<char*>(first)};
  while (all.back() != nullptr) all.push_back(va_arg(arguments, char*));
  return all;
}

/// Another program is about to take this one's place.
void make_way() {
  share_descriptions();
  leave_library();
}

int execute(const char* path, char* const arguments[], char* const environment[]) {
  std::string storage;
  const std::vector<char*> variables = environment_for_exec(environment, storage);
  const Place place(AT_FDCWD, path);
  if (place.is_ours()) {
    const int program = copy_program(path);
    if (program < 0) return -1;
    make_way();
    MAYFLY_REAL(fexecve)(program, arguments, variables.data());
    const int error = errno;
    MAYFLY_REAL(close)(program);
    errno = error;
    return -1;
  }
  make_way();
  return MAYFLY_REAL(execve)(place.outside(), arguments, variables.data());
}

bool has_slash(const char* name) { return std::string_view(name).find('/') != std::string::npos; }

int execute_by_name(const char* name, char* const arguments[], char* const environment[]) {
  if (has_slash(name) && Place(AT_FDCWD, name).is_ours()) {
    return execute(name, arguments, environment);
  }
  std::string storage;
  const std::vector<char*> variables = environment_for_exec(environment, storage);
  make_way();
  return MAYFLY_REAL(execvpe)(name, arguments, variables.data());
}

}  // namespace

MAYFLY_EXPORT int execve(const char* path, char* const arguments[],
                         char* const environment[]) noexcept {
  return execute(path, arguments, environment);
}

MAYFLY_EXPORT int execv(const char* path, char* const arguments[]) noexcept {
  return execute(path, arguments, environ);
}

MAYFLY_EXPORT int execvp(const char* name, char* const arguments[]) noexcept {
  return execute_by_name(name, arguments, environ);
}

MAYFLY_EXPORT int execvpe(const char* name, char* const arguments[],
                          char* const environment[]) noexcept {
  return execute_by_name(name, arguments, environment);
}

MAYFLY_EXPORT int execl(const char* path, const char* first, ...) noexcept {
  va_list arguments;
  va_start(arguments, first);
  const std::vector<char*> all = collect(first, arguments);
  va_end(arguments);
  return execute(path, all.data(), environ);
}

MAYFLY_EXPORT int execlp(const char* name, const char* first, ...) noexcept {
  va_list arguments;
  va_start(arguments, first);
  const std::vector<char*> all = collect(first, arguments);
  va_end(arguments);
  return execute_by_name(name, all.data(), environ);
}

MAYFLY_EXPORT int execle(const char* path, const char* first, ...) noexcept {
  va_list arguments;
  va_start(arguments, first);
  const std::vector<char*> all = collect(first, arguments);
  char** const environment = va_arg(arguments, char**);
  va_end(arguments);
  return execute(path, all.data(), environment);
}

MAYFLY_EXPORT int fexecve(int fd, char* const arguments[], char* const environment[]) noexcept {
  std::string storage;
  const std::vector<char*> variables = environment_for_exec(environment, storage);
  const int program = is_ours(fd) ? copy_program_of(fd) : fd;
  if (program < 0) return -1;
  make_way();
  return MAYFLY_REAL(fexecve)(program, arguments, variables.data());
}

// A child that shares its parent's memory would change its parent's table.
MAYFLY_EXPORT pid_t vfork() noexcept { return ::fork(); }

MAYFLY_EXPORT void _exit(int status) {
  leave_library();
  MAYFLY_REAL(_exit)(status);
  __builtin_unreachable();
}
MAYFLY_SAME(_Exit, _exit);

MAYFLY_EXPORT int posix_spawn(pid_t* pid, const char* path,
                              const posix_spawn_file_actions_t* actions,
                              const posix_spawnattr_t* attributes, char* const arguments[],
                              char* const environment[]) {
  std::string storage;
  const std::vector<char*> variables = environment_for_exec(environment, storage);
  const Place place(AT_FDCWD, path);
  share_descriptions();
  if (!place.is_ours()) {
    return MAYFLY_REAL(posix_spawn)(pid, place.outside(), actions, attributes, arguments,
                                    variables.data());
  }
  const int program = copy_program(path);
  if (program < 0) return errno;
  const std::string link = "/proc/self/fd/" + std::to_string(program);
  const int error =
      MAYFLY_REAL(posix_spawn)(pid, link.c_str(), actions, attributes, arguments, variables.data());
  MAYFLY_REAL(close)(program);
  return error;
}

MAYFLY_EXPORT int posix_spawnp(pid_t* pid, const char* name,
                               const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const arguments[],
                               char* const environment[]) {
  if (has_slash(name)) {
    return ::posix_spawn(pid, name, actions, attributes, arguments, environment);
  }
  std::string storage;
  const std::vector<char*> variables = environment_for_exec(environment, storage);
  share_descriptions();
  return MAYFLY_REAL(posix_spawnp)(pid, name, actions, attributes, arguments, variables.data());
}

// The C library opens in the child, past us: a file of ours is opened here and handed on.
MAYFLY_EXPORT int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t* actions, int fd,
                                                   const char* path, int flags,
                                                   mode_t mode) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) {
    return MAYFLY_REAL(posix_spawn_file_actions_addopen)(actions, fd, place.outside(), flags, mode);
  }
  const int opened = ::open(path, flags | O_CLOEXEC, mode);
  if (opened < 0) return errno;
  return ::posix_spawn_file_actions_adddup2(actions, opened, fd);
}

namespace {

/// system(3) and popen(3) take the process's own environment.
class ExportedDirectory {
 public:
  ExportedDirectory() : directory_(working_directory()) {
    if (!directory_.empty()) ::setenv("MAYFLY_CWD", directory_.c_str(), 1);
  }
  ExportedDirectory(const ExportedDirectory&) = delete;
  ExportedDirectory& operator=(const ExportedDirectory&) = delete;
  ~ExportedDirectory() {
    if (!directory_.empty()) ::unsetenv("MAYFLY_CWD");
  }

 private:
  std::string directory_;
};

}  // namespace

MAYFLY_EXPORT int system(const char* command) {
  const ExportedDirectory exported;
  share_descriptions();
  return MAYFLY_REAL(system)(command);
}

MAYFLY_EXPORT std::FILE* popen(const char* command, const char* mode) {
  const ExportedDirectory exported;
  share_descriptions();
  return MAYFLY_REAL(popen)(command, mode);
}
