// mayfly verify: whether a tree is what its manifest says.
#include "staging/verify.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/joined.h"
#include "cli/stage_report.h"
#include "cli/staging.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct VerifyWords {
  VerifyOptions options;
  bool json = false;
};

int run_verify(VerifyWords words) {
  if (words.options.base.empty()) words.options.base = parent_of(words.options.manifest);
  Progress progress;
  StageReport report(progress, {"compared", words.json, false});
  const auto is_same = verify(local_calls(), words.options, progress, report);
  if (!is_same) return complain(is_same.error().sentence);
  report.finish();
  return *is_same ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  const auto words = std::make_shared<VerifyWords>();
  CLI::App* const command =
      app.add_subcommand("verify", "Compare a tree that was staged out with its manifest");
  command->add_option("manifest", words->options.manifest, "as stage-out has left it")->required();
  command->add_option("--base", words->options.base,
                      "what its paths count from [the directory that it is in]");
  command->add_option("--threads", words->options.threads, "files read at once")
      ->check(CLI::Range(1U, 64U));
  command->add_flag("--json", words->json, "events as JSON lines");
  command->footer(
      "No session is needed.\nExample: mayfly verify /project/results/.mayfly-manifest.jsonl");
  command->callback([words, &exit_code] { exit_code = run_verify(*words); });
}

}  // namespace mayfly
