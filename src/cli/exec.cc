// mayfly env and mayfly exec: what makes an unmodified program see the file system.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/program_kind.h"
#include "cli/session_path.h"
#include "cli/shim_variables.h"

namespace mayfly {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

struct Exec {
  std::string session;
  std::string prefix = kDefaultPrefix;
  std::vector<std::string> words;
};

/// One word for a POSIX shell, whatever is in it.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char letter : text) word += letter == '\'' ? "'\\''" : std::string(1, letter);
  return word + "'";
}

int print_environment(const Exec& asked) {
  const auto variables = shim_variables(asked.session, asked.prefix);
  if (!variables) return complain(variables.error().sentence);
  for (const auto& [name, value] : *variables) {
    std::printf("export %s=%s\n", name.c_str(), quoted(value).c_str());
  }
  return 0;
}

int execute(const Exec& asked) {
  const auto variables = shim_variables(asked.session, asked.prefix);
  if (!variables) return complain(variables.error().sentence);
  warn_of_static_program(asked.words[0]);
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
