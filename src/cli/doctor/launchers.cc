#include "cli/doctor/launchers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace mayfly {
namespace {

constexpr unsigned kPatienceSeconds = 5;
constexpr std::size_t kMostOutputBytes = 16384;

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

[[noreturn]] void become_version(const std::string& program, int output) {
  // An alarm survives exec: a program that hangs ends by it.
  ::alarm(kPatienceSeconds);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(nothing, STDERR_FILENO);
  ::execl(program.c_str(), program.c_str(), "--version", nullptr);
  ::_exit(127);
}

std::string output_of_version(const std::string& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) become_version(program, ends[1]);
  ::close(ends[1]);
  std::string text;
  std::array<char, 1024> piece{};
  for (ssize_t bytes = 1; bytes > 0 && child > 0 && text.size() < kMostOutputBytes;) {
    bytes = ::read(ends[0], piece.data(), piece.size());
    if (bytes > 0) text.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return text;
}

/// `line` with each run of blanks as one space, and none at the ends.
std::string squeeze(std::string_view line) {
  std::string squeezed;
  for (const char character : line) {
    const bool is_blank = std::isspace(static_cast<unsigned char>(character)) != 0;
    if (!is_blank) {
      squeezed += character;
    } else if (!squeezed.empty() && squeezed.back() != ' ') {
      squeezed += ' ';
    }
  }
  if (!squeezed.empty() && squeezed.back() == ' ') squeezed.pop_back();
  return squeezed;
}

}  // namespace

std::string find_on_path(const std::string& name, std::string_view path) {
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string candidate = std::string(path.substr(0, colon)) + "/" + name;
    if (colon != 0 && is_program(candidate)) return candidate;
    path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
  }
  return {};
}

std::string version_of(const std::string& program) {
  const std::string output = output_of_version(program);
  std::string_view text = output;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool has_digit = std::any_of(line.begin(), line.end(), [](char character) {
      return std::isdigit(static_cast<unsigned char>(character)) != 0;
    });
    if (has_digit) return squeeze(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return {};
}

std::vector<Launcher> observe_launchers() {
  const char* path = std::getenv("PATH");
  std::vector<Launcher> launchers;
  for (const char* name : {"mpirun.openmpi", "mpirun.mpich", "mpirun", "srun"}) {
    const std::string program = find_on_path(name, path != nullptr ? path : "");
    if (!program.empty()) launchers.push_back({program, version_of(program)});
  }
  return launchers;
}

Check check_launchers(const std::vector<Launcher>& launchers) {
  if (launchers.empty()) {
    return {"launchers", Verdict::problem, "neither mpirun nor srun on PATH",
            "install Open MPI, MPICH or Slurm, or load their module."};
  }
  std::vector<std::string> found;
  for (const Launcher& launcher : launchers) {
    found.push_back(launcher.version.empty() ? launcher.path
                                             : launcher.path + " (" + launcher.version + ")");
  }
  return {"launchers", Verdict::ok, fmt::format("{}", fmt::join(found, ", "))};
}

}  // namespace mayfly
