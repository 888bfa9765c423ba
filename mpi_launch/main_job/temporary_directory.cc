#include "mpi_launch/main_job/temporary_directory.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace mayfly {
namespace {

Failure unusable(const std::string& path, int error) {
  return {errc_from(error), "No temporary directory could be made as " + path + " (" +
                                describe(errc_from(error)) + "): see $TMPDIR."};
}

/// Starts the child that removes `path` when `pipe_read` comes to its end.
Result<pid_t, Failure> start_sweeper(const std::string& path, int pipe_read) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_read, STDIN_FILENO);
  // Output that stays open would keep the launcher waiting for it.
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  // Batch systems end a job by a signal to each of its processes; this one still has work then.
  std::string script = "trap '' TERM INT HUP; cat >/dev/null; rm -rf -- \"$1\"";
  std::array<std::string, 5> words = {"sh", "-c", script, "sweeper", path};
  std::array<char*, 6> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  std::array<char*, 2> environment = {const_cast<char*>("PATH=/usr/bin:/bin"), nullptr};
  pid_t child = -1;
  const int error =
      ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return unusable(path, error);
  return child;
}

}  // namespace

Result<TemporaryDirectory, Failure> TemporaryDirectory::make() {
  const char* parent = std::getenv("TMPDIR");
  std::string path = std::string(parent != nullptr && *parent != '\0' ? parent : "/tmp") +
                     "/mayfly-mainjob-XXXXXX";
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return unusable(path, errno);
  if (::mkdtemp(path.data()) == nullptr) {
    const int error = errno;
    for (const int end : pipe_ends) ::close(end);
    return unusable(path, error);
  }
  const auto sweeper = start_sweeper(path, pipe_ends[0]);
  ::close(pipe_ends[0]);
  if (!sweeper) {
    ::rmdir(path.c_str());
    ::close(pipe_ends[1]);
    return sweeper.error();
  }
  return TemporaryDirectory(std::move(path), *sweeper, pipe_ends[1]);
}

TemporaryDirectory::TemporaryDirectory(std::string path, pid_t sweeper, int pipe_end)
    : path_(std::move(path)), sweeper_(sweeper), pipe_end_(pipe_end) {}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      sweeper_(other.sweeper_),
      pipe_end_(std::exchange(other.pipe_end_, -1)) {}

TemporaryDirectory::~TemporaryDirectory() {
  if (pipe_end_ < 0) return;
  ::close(pipe_end_);
  while (::waitpid(sweeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace mayfly
