// mayfly du: what trees of a session use.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/units.h"
#include "cli/entry_text.h"
#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/session_walk.h"

namespace mayfly {
namespace {

constexpr std::uint64_t kBlockBytes = 512;

struct Du {
  std::string session;
  std::vector<std::string> tops;
  bool json = false;
};

/// A file with several names counts once for each of them.
struct Sum {
  std::uint64_t used = 0;
  std::uint64_t size = 0;
  std::uint64_t files = 0;
};

int sum_up(const Du& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  bool is_whole = true;
  const auto tops = asked.tops.empty() ? std::vector<std::string>{"/"} : asked.tops;
  for (const std::string& top : tops) {
    Sum sum;
    is_whole = walk_session(place_in_session(top),
                            [&sum](const std::string&, const struct stat& status) {
                              sum.used +=
                                  static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes;
                              if (!S_ISREG(status.st_mode)) return;
                              sum.size += static_cast<std::uint64_t>(status.st_size);
                              ++sum.files;
                            }) &&
               is_whole;
    if (asked.json) {
      print_json_line({{"path", top},
                       {"used_bytes", sum.used},
                       {"size_bytes", sum.size},
                       {"files", sum.files}});
    } else {
      std::printf("%10s  %s\n", format_bytes(sum.used).c_str(), top.c_str());
    }
  }
  return is_whole ? 0 : 1;
}

}  // namespace

void add_du(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Du>();
  CLI::App* const command = app.add_subcommand("du", "Sum up what trees of a session use");
  add_session_option(*command, asked->session);
  command->add_option("tops", asked->tops, "files or directories [/]");
  command->add_flag("--json", asked->json, "with the sum of sizes, and how many files");
  command->footer("Example: mayfly du /mayfly/results /mayfly/checkpoints");
  command->callback([asked, &exit_code] { exit_code = sum_up(*asked); });
}

}  // namespace mayfly
