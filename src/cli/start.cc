// mayfly start: starts the servers of a background session and returns when they are ready.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/launcher.h"
#include "cli/server_options.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

struct Start {
  std::string session;
  ServerOptions servers;
  unsigned timeout_seconds = 60;
  LauncherOptions launcher;
};

/// The default's folder, so that a first start needs no preparation.
Result<void, Failure> make_folder(const std::string& session) {
  if (session != default_session_path()) return {};
  const std::string folder = session.substr(0, session.rfind('/'));
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const Errc code = errc_from(errno);
  return Failure{code, fmt::format("The folder {} for the session file cannot be made ({}): name "
                                   "another place with --session.",
                                   folder, describe(code))};
}

/// A session file whose servers are gone may be replaced.
Result<void, Failure> make_room(const std::string& session) {
  if (!is_there(session)) return {};
  if (check_session(session)) {
    return Failure{Errc::exists, fmt::format("A session is running by {} already: end it with "
                                             "mayfly stop, or name another file with --session.",
                                             session)};
  }
  if (::unlink(session.c_str()) == 0) return {};
  const Errc code = errc_from(errno);
  return Failure{code, fmt::format("The session file {} of servers that are gone cannot be removed "
                                   "({}).",
                                   session, describe(code))};
}

std::vector<std::string> server_words(const Start& asked, const std::string& meeting) {
  std::vector<std::string> words = {"--session-file", asked.session, "--meeting", meeting};
  const std::vector<std::string> chosen = words_of(asked.servers);
  words.insert(words.end(), chosen.begin(), chosen.end());
  return words;
}

/// What the servers or their launcher have said.
void show(const std::string& log) {
  std::ifstream said(log);
  if (said.peek() != std::ifstream::traits_type::eof()) std::cerr << said.rdbuf();
}

/// What servers that serve have said all the same; not their launcher.
void show_warnings(const std::string& log) {
  std::ifstream said(log);
  for (std::string line; std::getline(said, line);) {
    if (line.starts_with("mayfly")) std::cerr << line << "\n";
  }
}

int wait_for_servers(const Start& asked, pid_t launcher, const std::string& log) {
  bool has_ended = false;
  const bool is_ready = wait_until(
      [&] {
        has_ended = ::waitpid(launcher, nullptr, WNOHANG) == launcher;
        return has_ended || is_there(asked.session);
      },
      std::chrono::seconds(asked.timeout_seconds));
  if (is_ready && !has_ended) {
    const auto checked = check_session(asked.session);
    show_warnings(log);
    if (checked) return 0;
    ::kill(launcher, SIGTERM);
    return complain(checked.error().sentence);
  }
  show(log);
  if (has_ended) {
    return complain(fmt::format("The servers could not be started; {} has what they said.", log));
  }
  ::kill(launcher, SIGTERM);
  return complain(
      fmt::format("The servers were not ready after {} s (--timeout); {} has what they "
                  "said.",
                  asked.timeout_seconds, log));
}

int launch(Start& asked, const std::string& meeting) {
  asked.launcher.server_words = server_words(asked, meeting);
  const auto words = launcher_command(asked.launcher);
  if (!words) return complain(words.error().sentence);
  const std::string log = asked.session + ".log";
  const auto launcher = start_detached(*words, log);
  if (!launcher) return complain(launcher.error().sentence);
  return wait_for_servers(asked, *launcher, log);
}

int start(Start asked) {
  if (auto made = make_folder(asked.session); !made) return complain(made.error().sentence);
  if (auto room = make_room(asked.session); !room) return complain(room.error().sentence);
  // Of its own for each start: words of an earlier one would be taken for this one's.
  std::string meeting = asked.session + ".XXXXXX";
  if (::mkdtemp(meeting.data()) == nullptr) return complain(cannot(asked.session, "made"));
  const int status = launch(asked, meeting);
  std::error_code error;
  std::filesystem::remove_all(meeting, error);
  return error ? complain(cannot(meeting, "removed")) : status;
}

}  // namespace

void add_start(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Start>();
  CLI::App* const command = app.add_subcommand(
      "start", "Start servers on the nodes of this job, and return when they are ready");
  add_session_option(*command, asked->session);
  add_server_options(*command, asked->servers);
  command->add_option("--servers-per-node", asked->launcher.servers_per_node, "[1]")
      ->check(CLI::Range(1U, 1024U));
  command->add_option("--timeout", asked->timeout_seconds, "seconds until they must be ready [60]");
  command->add_option("--mpi", asked->launcher.mpi, "whose mpirun: openmpi or mpich");
  command->add_option("--launcher", asked->launcher.launcher,
                      "the command before mayfly-server [srun in a Slurm job, else mpirun]");
  command->footer(
      "Examples: mayfly start --scratch /local/nvme\n"
      "          mayfly start --launcher 'mpirun --hostfile hosts -n 4'");
  command->callback([asked, &exit_code] { exit_code = start(*asked); });
}

}  // namespace mayfly
