#include "cli/doctor/limits.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "cli/doctor/proc_file.h"

namespace mayfly {
namespace {

/// Each client over TCP takes a descriptor of the server; below this not even small jobs connect.
constexpr std::uint64_t kLeastOpenFiles = 64;
constexpr std::uint64_t kGoodOpenFiles = 1024;

}  // namespace

LockedMemoryFacts observe_locked_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  return {limit.rlim_cur, limit.rlim_max, has_capability(CAP_IPC_LOCK)};
}

OpenFilesFacts observe_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return {limit.rlim_cur, limit.rlim_max};
}

Check check_locked_memory(const LockedMemoryFacts& facts) {
  const std::string name = "locked memory";
  const std::uint64_t needed = kDefaultPoolBytes + kRingBytes;
  const std::string limit =
      facts.limit_bytes == RLIM_INFINITY ? "unlimited" : format_bytes(facts.limit_bytes);
  if (facts.limit_bytes >= needed) return {name, Verdict::ok, limit};
  if (facts.may_lock_all) {
    return {name, Verdict::ok, limit + ", but CAP_IPC_LOCK lifts the limit"};
  }
  const bool can_raise = facts.hard_bytes >= needed;
  return {name, Verdict::fallback,
          fmt::format("{}; a server's pool needs {}", limit, format_bytes(needed)),
          fmt::format("buffers go unregistered, which costs some CPU; {} ulimit -l {}.",
                      can_raise ? "run" : "have the administrator allow", needed / kKiB)};
}

Check check_open_files(const OpenFilesFacts& facts) {
  const std::string name = "open files";
  const std::string found = fmt::format("{} per process", facts.limit);
  if (facts.limit >= kGoodOpenFiles) return {name, Verdict::ok, found};
  const std::string raise =
      facts.hard >= kGoodOpenFiles
          ? fmt::format("run ulimit -n {}.", kGoodOpenFiles)
          : fmt::format("have the administrator allow ulimit -n {}.", kGoodOpenFiles);
  if (facts.limit < kLeastOpenFiles) return {name, Verdict::problem, found, raise};
  return {name, Verdict::fallback, found,
          fmt::format("fewer than {} clients can reach a server over TCP; {}", facts.limit, raise)};
}

}  // namespace mayfly
