// mayfly env and mayfly exec: what makes an unmodified program see the file system.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/launcher.h"
#include "cli/session_path.h"
#include "protocol/session_file.h"

namespace mayfly {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

struct Exec {
  std::string session;
  std::string prefix = "/mayfly";
  std::vector<std::string> words;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Beside the installed program, or beside the programs of a build tree.
Result<std::string, Failure> find_shim() {
  const std::string here = program_directory();
  for (const char* const place : {"/../" MAYFLY_LIBRARY_DIR "/", "/../"}) {
    const std::string path = here + place + "libmayfly_preload.so";
    char real[PATH_MAX];
    if (::realpath(path.c_str(), real) != nullptr) return std::string(real);
  }
  return Failure{Errc::no_entry, fmt::format("There is no libmayfly_preload.so beside {}: MayflyFS "
                                             "was not installed as a whole.",
                                             here)};
}

/// A program may change its directory before it joins.
std::string absolute(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) == nullptr ? path : real;
}

Result<Variables, Failure> variables_of(const Exec& asked) {
  if (asked.prefix.size() < 2 || asked.prefix[0] != '/' || asked.prefix.back() == '/') {
    return Failure{Errc::invalid, fmt::format("The prefix must be an absolute path as /mayfly, not "
                                              "\"{}\".",
                                              asked.prefix)};
  }
  MAYFLY_TRY(shim, find_shim());
  if (const auto session = read_session_file(asked.session); !session) return session.error();
  // The user's own come behind ours, but never ours twice.
  const char* const given = std::getenv("LD_PRELOAD");
  std::string preload = shim;
  for (const std::string& word : CLI::detail::split(given == nullptr ? "" : given, ':')) {
    if (!word.empty() && word != shim) preload += ":" + word;
  }
  return Variables{{"MAYFLY_SESSION", absolute(asked.session)},
                   {"MAYFLY_PREFIX", asked.prefix},
                   {"LD_PRELOAD", preload}};
}

/// One word for a POSIX shell, whatever is in it.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char letter : text) word += letter == '\'' ? "'\\''" : std::string(1, letter);
  return word + "'";
}

int print_environment(const Exec& asked) {
  const auto variables = variables_of(asked);
  if (!variables) return complain(variables.error().sentence);
  for (const auto& [name, value] : *variables) {
    std::printf("export %s=%s\n", name.c_str(), quoted(value).c_str());
  }
  return 0;
}

int execute(const Exec& asked) {
  const auto variables = variables_of(asked);
  if (!variables) return complain(variables.error().sentence);
  for (const auto& [name, value] : *variables) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& word : asked.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  complain(fmt::format("{} cannot be run ({}).", asked.words[0], describe(errc_from(error))));
  return error == ENOENT ? kNotFound : kNotExecutable;
}

void add_options(CLI::App& command, Exec& asked) {
  add_session_option(command, asked.session);
  command.add_option("--prefix", asked.prefix, "where programs see the file system [/mayfly]")
      ->envname("MAYFLY_PREFIX");
}

}  // namespace

void add_env(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Exec>();
  CLI::App* const command = app.add_subcommand(
      "env", "Print what a shell must export for programs to see the file system");
  add_options(*command, *asked);
  command->footer("Example: eval \"$(mayfly env)\"");
  command->callback([asked, &exit_code] { exit_code = print_environment(*asked); });
}

void add_exec(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Exec>();
  CLI::App* const command = app.add_subcommand("exec", "Run one program that sees the file system");
  add_options(*command, *asked);
  command->add_option("program", asked->words, "the program and its arguments")->required();
  command->prefix_command();
  command->positionals_at_end();
  command->footer(
      "Example: mayfly exec -- ls -l /mayfly\n"
      "The exit code is the program's; 127: not found, 126: not executable.");
  command->callback([asked, &exit_code] { exit_code = execute(*asked); });
}

}  // namespace mayfly
