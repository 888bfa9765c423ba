#include "cli/doctor/shared_memory.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/errc.h"
#include "base/units.h"
#include "cli/doctor/limits.h"
#include "cli/doctor/proc_file.h"

namespace mayfly {
namespace {

constexpr int kMarker = 42;
/// Written by the sibling after the fork, so that reading one's own copy is no success.
int marker = 0;

/// The sibling: sets the marker, says so through `ready`, and waits to be killed.
[[noreturn]] void offer_marker(int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#ifdef PR_SET_PTRACER
  // UCX does the same, so that Yama's "only descendants" does not keep ranks apart.
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
#endif
  marker = kMarker;
  const char byte = 0;
  if (::write(ready, &byte, 1) != 1) ::_exit(1);
  for (;;) ::pause();
}

/// errno of reading the marker of `sibling`, in a process that is not its parent, as ranks are not.
int read_marker(pid_t sibling) {
  int copy = 0;
  const iovec local{&copy, sizeof copy};
  const iovec remote{&marker, sizeof marker};
  const ssize_t bytes = ::process_vm_readv(sibling, &local, 1, &remote, 1, 0);
  if (bytes < 0) return errno;
  return bytes == ssize_t{sizeof copy} && copy == kMarker ? 0 : EIO;
}

int read_marker_in_child(pid_t sibling) {
  const pid_t reader = ::fork();
  if (reader < 0) return errno;
  if (reader == 0) ::_exit(read_marker(sibling));
  int status = 0;
  ::waitpid(reader, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int try_copy() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return errno;
  const pid_t sibling = ::fork();
  if (sibling == 0) {
    ::close(ends[0]);
    offer_marker(ends[1]);
  }
  ::close(ends[1]);
  int error = sibling < 0 ? errno : EIO;
  if (sibling > 0) {
    char byte = 0;
    if (::read(ends[0], &byte, 1) == 1) error = read_marker_in_child(sibling);
    ::kill(sibling, SIGKILL);
    ::waitpid(sibling, nullptr, 0);
  }
  ::close(ends[0]);
  return error;
}

}  // namespace

SharedMemoryFacts observe_shared_memory() {
  SharedMemoryFacts facts;
  struct statvfs system {};
  if (::statvfs("/dev/shm", &system) == 0) {
    facts.free_bytes = std::uint64_t{system.f_bavail} * system.f_frsize;
  }
  facts.copy_error = try_copy();
  facts.ptrace_scope = first_line_of("/proc/sys/kernel/yama/ptrace_scope");
  return facts;
}

std::vector<Check> check_shared_memory(const SharedMemoryFacts& facts) {
  // A server's pool, and as much again for what UCX and MPI take for their queues.
  constexpr std::uint64_t kNeeded = 2 * kDefaultPoolBytes;
  std::vector<Check> checks;
  const std::string room = "/dev/shm: " + format_bytes(facts.free_bytes) + " free";
  if (facts.free_bytes >= kNeeded) {
    checks.push_back({"shared memory", Verdict::ok, room});
  } else {
    checks.push_back({"shared memory", Verdict::fallback, room,
                      fmt::format("UCX has to find other memory than /dev/shm for the pool; give "
                                  "it {} per server (containers: --shm-size).",
                                  format_bytes(kNeeded))});
  }
  if (facts.copy_error == 0) {
    checks.push_back({"copy by CMA", Verdict::ok, "process_vm_readv works between processes"});
    return checks;
  }
  std::string found = "process_vm_readv is refused: " + describe(errc_from(facts.copy_error));
  if (!facts.ptrace_scope.empty()) {
    found += fmt::format(" (kernel.yama.ptrace_scope is {})", facts.ptrace_scope);
  }
  checks.push_back({"copy by CMA", Verdict::fallback, found,
                    "UCX copies through shared memory; set kernel.yama.ptrace_scope to 0 or 1, or "
                    "let the container do process_vm_readv."});
  return checks;
}

}  // namespace mayfly
