#include "protocol/meeting.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace mayfly {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{10};

Failure cannot(const std::string& path, const char* what) {
  const Errc code = errc_from(errno);
  return {code, fmt::format("{} cannot be {} ({}).", path, what, describe(code))};
}

}  // namespace

Meeting::Meeting(std::string directory, std::chrono::seconds patience)
    : directory_(std::move(directory)), patience_(patience) {}

Result<Meeting, Failure> Meeting::open(const std::string& directory,
                                       std::chrono::seconds patience) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return cannot(directory, "made");
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return cannot(directory, "looked at");
  const bool is_ours =
      S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  if (is_ours) return Meeting(directory, patience);
  return Failure{Errc::access_denied,
                 fmt::format("{} is not a directory of yours alone (mode 0700).", directory)};
}

Result<void, Failure> Meeting::tell(const std::string& name, const std::string& word) const {
  // Under another name until it is whole.
  const std::string unfinished = path("." + name);
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file.write(word.data(), static_cast<std::streamsize>(word.size()));
  file.close();
  if (!file || ::rename(unfinished.c_str(), path(name).c_str()) != 0) {
    return cannot(path(name), "written");
  }
  return {};
}

Result<std::string, Failure> Meeting::hear(const std::string& name) const {
  const auto end = std::chrono::steady_clock::now() + patience_;
  while (std::chrono::steady_clock::now() < end) {
    if (std::ifstream file(path(name), std::ios::binary); file) {
      std::ostringstream word;
      word << file.rdbuf();
      return word.str();
    }
    // Over NFS a name that was not there is believed not to be there until its directory is read.
    names(name);
    if (is_over()) {
      return Failure{Errc::canceled, "Another rank has given up; its own line says why."};
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return Failure{Errc::timed_out,
                 fmt::format("No word from another rank after {} s ({}): has it been started, and "
                             "does its node see that directory?",
                             patience_.count(), path(name))};
}

std::vector<std::string> Meeting::names(const std::string& beginning) const {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(beginning)) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool Meeting::has(const std::string& name) const {
  // Over NFS a name that was not there is believed not to be there until its directory is read.
  const std::vector<std::string> found = names(name);
  return std::find(found.begin(), found.end(), name) != found.end();
}

bool Meeting::is_over() const {
  struct stat status {};
  return ::stat(directory_.c_str(), &status) != 0 && errno == ENOENT;
}

void Meeting::remove() const {
  std::error_code error;
  // Several may find that it is over, at once, while others still tell: what one of them finds
  // gone, or has come behind its back, leaves the rest to be removed.
  do {
    std::filesystem::remove_all(directory_, error);
  } while (
      (error == std::errc::no_such_file_or_directory || error == std::errc::directory_not_empty) &&
      !is_over());
  if (error && !is_over()) {
    std::fprintf(stderr, "mayfly: %s could not be removed (%s)\n", directory_.c_str(),
                 error.message().c_str());
  }
}

}  // namespace mayfly
