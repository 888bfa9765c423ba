// mayfly checkpoint: sets of files that appear as a whole.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/checkpoints.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "staging/checkpoint_sets.h"
#include "staging/restore.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Words {
  std::string session;
  std::string in = kCheckpoints;
  std::string name;
  std::string from;
  unsigned ranks = 1;
  unsigned keep = 0;
  bool json = false;
};

/// Why something about a set did not succeed.
std::string sentence(const std::string& name, const char* what, Errc why) {
  if (why == Errc::invalid) {
    return fmt::format("\"{}\" is no name of a set: it has no slash, and no dot in front.", name);
  }
  const char* reason = nullptr;
  if (why == Errc::no_entry) reason = "there is none by that name";
  if (why == Errc::exists) reason = "there is a complete one by that name";
  if (why == Errc::canceled) reason = "it was dropped meanwhile";
  return fmt::format("The set {} cannot be {} ({}).", name, what,
                     reason == nullptr ? describe(why) : reason);
}

CheckpointSets sets_of(const Words& words) {
  return {session_calls(), without_slashes(place_in_session(words.in))};
}

int begin(const Words& words) {
  const auto path = sets_of(words).begin(words.name);
  if (!path) return complain(sentence(words.name, "begun", path.error()));
  std::printf("%s\n", shown_in_session(*path).c_str());
  return 0;
}

int commit(const Words& words) {
  CheckpointSets sets = sets_of(words);
  const Status committed = sets.commit(words.name, words.ranks);
  if (!committed) return complain(sentence(words.name, "committed", committed.error()));
  if (words.keep == 0) return 0;
  const auto dropped = sets.keep(words.keep);
  return dropped ? 0 : complain(sentence("older", "dropped", dropped.error()));
}

int list(const Words& words) {
  const auto sets = sets_of(words).list();
  if (!sets)
    return complain(fmt::format("{} cannot be read ({}).", words.in, describe(sets.error())));
  for (const CheckpointSet& set : *sets) {
    if (words.json) {
      print_json_line({{"name", set.name},
                       {"complete", set.is_complete()},
                       {"committed_ns", set.committed_ns},
                       {"drained_to", set.drained_to}});
      continue;
    }
    const timespec when{set.committed_ns / 1'000'000'000, set.committed_ns % 1'000'000'000};
    std::string state = set.is_complete() ? "complete" : "begun";
    for (const std::string& directory : set.drained_to) state += ", and in " + directory;
    std::printf("%-19s  %-20s  %s\n", set.is_complete() ? time_text(when).c_str() : "",
                set.name.c_str(), state.c_str());
  }
  return 0;
}

int drop(const Words& words) {
  const Status dropped = sets_of(words).drop(words.name);
  return dropped ? 0 : complain(sentence(words.name, "dropped", dropped.error()));
}

int restore(const Words& words) {
  CheckpointSets sets = sets_of(words);
  const std::string from =
      words.from.empty() ? "" : std::filesystem::absolute(words.from).lexically_normal().string();
  const auto path = restore_set(sets, words.name, without_slashes(from));
  if (!path) return complain(path.error().sentence);
  std::printf("%s\n", shown_in_session(*path).c_str());
  return 0;
}

CLI::App* add(CLI::App& checkpoint, const std::shared_ptr<Words>& words, const char* name,
              const char* what, int (*run)(const Words&), int& exit_code) {
  CLI::App* const command = checkpoint.add_subcommand(name, what);
  add_session_option(*command, words->session);
  command->add_option("--in", words->in, "the directory of the sets in the session")
      ->capture_default_str();
  command->callback([words, run, &exit_code] {
    const auto joined = Joined::join(words->session);
    exit_code = joined ? run(*words) : complain(joined.error().sentence);
  });
  return command;
}

}  // namespace

void add_checkpoint(CLI::App& app, int& exit_code) {
  const auto words = std::make_shared<Words>();
  CLI::App* const checkpoint =
      app.add_subcommand("checkpoint", "Sets of files that appear as a whole, and are drained so");
  checkpoint->require_subcommand(1);
  const auto add_name = [&](CLI::App* command) {
    return command->add_option("name", words->name, "of the set");
  };
  add_name(add(*checkpoint, words, "begin", "Make a directory for a set, and print it", begin,
               exit_code))
      ->required();
  CLI::App* const committing =
      add(*checkpoint, words, "commit", "Let a set appear, with all that has been closed", commit,
          exit_code);
  add_name(committing)->required();
  committing->add_option("--ranks", words->ranks, "so many must say so; each returns when all have")
      ->check(CLI::Range(1U, 1U << 24));
  committing->add_option("--keep", words->keep,
                         "then drop the oldest beyond so many; where sets are drained, only those "
                         "that have been");
  CLI::App* const listing =
      add(*checkpoint, words, "list", "The sets, the newest first", list, exit_code);
  listing->add_flag("--json", words->json, "an object per set");
  CLI::App* const restoring = add(*checkpoint, words, "restore",
                                  "Print where a complete set is, after it was copied back "
                                  "if need be",
                                  restore, exit_code);
  add_name(restoring)->description("of the set; default: the newest");
  restoring->add_option("--from", words->from, "where sets were drained to");
  add_name(add(*checkpoint, words, "drop", "Remove a set, begun or complete", drop, exit_code))
      ->required();
  checkpoint->footer(
      "Example: dir=$(mayfly checkpoint begin step10); ./solver --out $dir; "
      "mayfly checkpoint commit step10");
}

}  // namespace mayfly
