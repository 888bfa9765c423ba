#include "cli/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace mayfly {
namespace {

/// Does not come back: the program, or its errno to whoever started it.
[[noreturn]] void become(const std::vector<std::string>& words, const Child::Options& options,
                         int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (options.has_own_group) ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& [name, value] : options.variables) ::setenv(name.c_str(), value.c_str(), 1);
  if (options.input >= 0) ::dup2(options.input, 0);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  const ssize_t told = ::write(errors, &error, sizeof error);
  ::_exit(told == sizeof error ? 127 : 126);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& words, const Options& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errc_from(errno);
  const pid_t pid = ::fork();
  if (pid == 0) become(words, options, ends[1]);
  const int failed = errno;
  ::close(ends[1]);
  int error = 0;
  const bool is_known = pid > 0 && ::read(ends[0], &error, sizeof error) == sizeof error;
  ::close(ends[0]);
  if (pid < 0) return errc_from(failed);
  if (!is_known) return Child(pid, watch_process(pid));
  ::waitpid(pid, nullptr, 0);
  return errc_from(error);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Child::~Child() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Child::has_ended() const {
  siginfo_t end{};
  return pid_ < 0 ||
         (::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          end.si_pid == pid_);
}

void Child::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

int Child::wait() {
  int status = 0;
  while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

int watch_process(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace mayfly
