// mayfly stage-in, stage-out: trees into a session and out of it.
#include "staging/stage.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <optional>
#include <thread>

#include "base/units.h"
#include "cli/job_rank.h"
#include "cli/joined.h"
#include "cli/rate.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/stage_list.h"
#include "cli/stage_report.h"
#include "cli/staging.h"
#include "staging/drain.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

enum class Direction { in, out };

constexpr unsigned kMaxThreads = 64;

struct StageWords {
  Direction direction = Direction::in;
  std::string session;
  std::vector<std::string> names;  ///< sources, then the destination
  std::string list;
  std::string manifest;
  std::string newer;
  std::string limit;
  bool json = false;
  bool verbose = false;
  std::string by = "servers";
  bool alone = false;
  StageOptions options;
};

unsigned default_threads() {
  return std::min(8U, std::max(2U, std::thread::hardware_concurrency()));
}

/// Names as the two file systems have them.
struct Places {
  Direction direction;
  std::string source(const std::string& path) const {
    return direction == Direction::out ? place_in_session(path) : path;
  }
  std::string destination(const std::string& path) const {
    return direction == Direction::in ? place_in_session(path) : path;
  }
};

Result<void, Failure> choose_trees(StageWords& words) {
  const Places places{words.direction};
  StageOptions& options = words.options;
  if (!words.list.empty()) {
    auto text = read_whole(local_calls(), words.list);
    if (!text) {
      return Failure{text.error(), fmt::format("The list {} cannot be read ({}).", words.list,
                                               describe(text.error()))};
    }
    auto list = parse_stage_list(*text, words.list);
    if (!list) return list.error();
    for (const auto& [from, to] : *list) {
      options.trees.push_back(
          {without_slashes(places.source(from)), without_slashes(places.destination(to))});
    }
    options.base = "/";
    return {};
  }
  options.base = without_slashes(places.destination(words.names.back()));
  for (std::size_t i = 0; i + 1 < words.names.size(); ++i) {
    const std::string& from = words.names[i];
    const std::string to = join_path(options.base, last_name(from));
    options.trees.push_back({without_slashes(places.source(from)), to});
  }
  options.manifest = join_path(options.base, kManifestName);
  return {};
}

Result<void, Failure> complete(StageWords& words) {
  if (auto chosen = choose_trees(words); !chosen) return chosen.error();
  StageOptions& options = words.options;
  if (!words.manifest.empty()) {
    options.manifest = Places{words.direction}.destination(words.manifest);
  }
  if (!words.limit.empty()) options.bytes_per_second = parse_bytes(words.limit).value();
  options.mode.by_servers = words.by == "servers";
  if (words.newer.empty()) return {};
  struct stat reference {};
  if (::stat(words.newer.c_str(), &reference) != 0) {
    const Errc code = errc_from(errno);
    return Failure{code, cannot(words.newer, "found")};
  }
  options.selection.newer = reference.st_mtim;
  return {};
}

/// The ranks that a launcher has started with this command itself. A command within a program, or
/// a script, of a parallel job is on its own: the others need not come to it.
Result<StageParty, Failure> party_of(const StageWords& words) {
  if (words.alone || !is_started_by_launcher()) return StageParty();
  const auto rank = job_rank_of_environment();
  if (!rank) return StageParty();
  const std::string meeting = fmt::format("/.mayfly-party-{}", rank->job);
  return StageParty{static_cast<unsigned>(rank->rank), static_cast<unsigned>(rank->size), meeting};
}

int run_stage(StageWords words) {
  const auto joined = Joined::join(words.session);
  if (!joined) return complain(joined.error().sentence);
  if (const auto completed = complete(words); !completed) {
    return complain(completed.error().sentence);
  }
  const auto party = party_of(words);
  if (!party) return complain(party.error().sentence);
  words.options.party = *party;
  const bool is_in = words.direction == Direction::in;
  Progress progress;
  StageReport report(progress,
                     {words.options.dry_run ? "would copy" : "copied", words.json,
                      words.verbose || words.options.dry_run, words.options.party.rank != 0});
  const bool is_done =
      stage(is_in ? local_calls() : session_calls(), is_in ? session_calls() : local_calls(),
            words.options, progress, report);
  return is_done ? 0 : 1;
}

void add_stage(CLI::App& app, int& exit_code, Direction direction, const char* name,
               const char* what, const char* example) {
  const auto words = std::make_shared<StageWords>();
  words->direction = direction;
  words->options.threads = default_threads();
  CLI::App* const command = app.add_subcommand(name, what);
  add_session_option(*command, words->session);
  CLI::Option* const names = command->add_option(
      "paths", words->names, "SRC... DST; a SRC that ends with a slash: what is in it");
  command->add_option("--list", words->list, "a file with a line SRC DST for each copy")
      ->excludes(names);
  command->add_option("--manifest", words->manifest,
                      "where to keep what was copied [DST/.mayfly-manifest.jsonl]");
  command->add_option("--include", words->options.selection.include, "only files like this pattern")
      ->allow_extra_args(false);
  command
      ->add_option("--exclude", words->options.selection.exclude,
                   "nothing like this pattern, nor what is in it")
      ->allow_extra_args(false);
  command->add_option("--newer", words->newer, "only files modified after this file");
  command->add_flag("--delete", words->options.deletes, "remove from DST what SRC has not");
  command->add_flag("-n,--dry-run", words->options.dry_run, "say what would be copied");
  command->add_option("--limit", words->limit, "bytes per second at the most")
      ->check(CLI::Validator(check_rate, "RATE"));
  command->add_option("--threads", words->options.threads, "files copied at once")
      ->check(CLI::Range(1U, kMaxThreads));
  command->add_option("--by", words->by, "who moves the bytes, where servers see the files")
      ->check(CLI::IsMember({"servers", "clients"}))
      ->capture_default_str();
  command->add_flag("--direct", words->options.mode.is_direct,
                    "the files of the node are read and written past the page cache (O_DIRECT)");
  command->add_flag("--alone", words->alone,
                    "copy all, although srun or mpirun has started this command more than once");
  command->add_flag("-v,--verbose", words->verbose, "name each file when it is copied");
  command->add_flag("--json", words->json, "events as JSON lines");
  command->footer(
      std::string("Files appear whole or not at all; a second run copies what the first "
                  "did not.\nExample: ") +
      example);
  command->callback([words, &exit_code] {
    if (words->list.empty() && words->names.size() < 2) {
      throw CLI::ValidationError("SRC... DST or --list is required");
    }
    exit_code = run_stage(*words);
  });
}

}  // namespace

void add_stage_in(CLI::App& app, int& exit_code) {
  add_stage(app, exit_code, Direction::in, "stage-in", "Copy files and trees into a session",
            "mayfly stage-in /project/input /mayfly");
}

void add_stage_out(CLI::App& app, int& exit_code) {
  add_stage(app, exit_code, Direction::out, "stage-out", "Copy files and trees out of a session",
            "mayfly stage-out /mayfly/results/ /project/results");
}

}  // namespace mayfly
