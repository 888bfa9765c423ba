#include "transport/process_mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace mayfly {
namespace {

/// The beginning of a small file; empty if it cannot be read.
std::string read_file(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::array<char, 1024> text;
  const ssize_t size = ::read(fd, text.data(), text.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::uint64_t this_machine() {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : read_file("/proc/sys/kernel/random/boot_id")) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
  struct stat names {};
  if (::stat("/proc/self/ns/pid", &names) == 0) hash ^= names.st_ino * 0x9E3779B97F4A7C15ULL;
  return hash;
}

constexpr std::uint64_t kEnded = 0;
constexpr std::uint64_t kUnknown = UINT64_MAX;

/// The start of a process; kEnded if it has, kUnknown if it cannot be told now. Only a process that
/// is not there counts as dead: one that we have no descriptor left to look at may well live.
std::uint64_t start_of(std::uint64_t pid) {
  errno = 0;
  const std::string text = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
  if (text.empty()) return errno == ENOENT || errno == ESRCH ? kEnded : kUnknown;
  // The name, which may hold anything, ends with the last parenthesis.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return kUnknown;
  char state = '?';
  unsigned long long started_at = 0;
  const int found = std::sscanf(text.c_str() + name_end + 1,
                                " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                                "%*s %*s %*s %llu",
                                &state, &started_at);
  if (found != 2) return kUnknown;
  return state != 'Z' && state != 'X' ? started_at : kEnded;
}

}  // namespace

ProcessMark ProcessMark::of_this_process() {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  return {this_machine(), pid, start_of(pid)};
}

bool ProcessMark::is_of_this_machine() const {
  static const std::uint64_t here = this_machine();
  return started_at != 0 && machine == here;
}

bool ProcessMark::may_be_alive() const {
  if (!is_of_this_machine()) return true;
  const std::uint64_t start = start_of(pid);
  return start == started_at || start == kUnknown;
}

}  // namespace mayfly
