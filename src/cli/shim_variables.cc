#include "cli/shim_variables.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <climits>
#include <cstdlib>

#include "cli/launcher.h"
#include "protocol/session_file.h"

namespace mayfly {
namespace {

/// A program may change its directory before it joins.
std::string absolute(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) == nullptr ? path : real;
}

}  // namespace

Result<std::string, Failure> find_library(const std::string& name) {
  const std::string here = program_directory();
  for (const char* const place : {"/../" MAYFLY_LIBRARY_DIR "/", "/../", "/../mpi_launch/"}) {
    const std::string path = here + place + name;
    char real[PATH_MAX];
    if (::realpath(path.c_str(), real) != nullptr) return std::string(real);
  }
  return Failure{Errc::no_entry, fmt::format("There is no {} beside {}: MayflyFS was not installed "
                                             "as a whole.",
                                             name, here)};
}

Result<Variables, Failure> shim_variables(const std::string& session, const std::string& prefix,
                                          const std::string& first) {
  if (prefix.size() < 2 || prefix[0] != '/' || prefix.back() == '/') {
    return Failure{Errc::invalid, fmt::format("The prefix must be an absolute path as /mayfly, not "
                                              "\"{}\".",
                                              prefix)};
  }
  MAYFLY_TRY(shim, find_library("libmayfly_preload.so"));
  if (const auto read = read_session_file(session); !read) return read.error();
  std::string preload = first.empty() ? shim : first + ":" + shim;
  const char* const given = std::getenv("LD_PRELOAD");
  for (const std::string& word : CLI::detail::split(given == nullptr ? "" : given, ':')) {
    // Never ours twice.
    if (!word.empty() && word != shim && word != first) preload += ":" + word;
  }
  return Variables{
      {"MAYFLY_SESSION", absolute(session)}, {"MAYFLY_PREFIX", prefix}, {"LD_PRELOAD", preload}};
}

}  // namespace mayfly
