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
  ::close(fd);
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

/// The start of a process; 0 if it has ended.
std::uint64_t start_of(std::uint64_t pid) {
  const std::string text = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
  // The name, which may hold anything, ends with the last parenthesis.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  char state = '?';
  unsigned long long started_at = 0;
  const int found = std::sscanf(text.c_str() + name_end + 1,
                                " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                                "%*s %*s %*s %llu",
                                &state, &started_at);
  return found == 2 && state != 'Z' && state != 'X' ? started_at : 0;
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
  return !is_of_this_machine() || start_of(pid) == started_at;
}

}  // namespace mayfly
