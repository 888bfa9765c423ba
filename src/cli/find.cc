// mayfly find: the files of a session that are like this; many directories are read at once.
#include <fmt/format.h>
#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/units.h"
#include "cli/entry_text.h"
#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/session_walk.h"
#include "mayfly/mayfly.h"
#include "staging/times.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Find {
  std::string session;
  std::vector<std::string> tops;
  std::string name;
  std::string type;
  std::string size;
  std::string newer;
  bool counts = false;
  bool ends_with_zero = false;
  bool json = false;
};

/// "+1M": more than; "-4K": less than; "100": just so much.
struct SizeBound {
  char sign = '=';
  std::uint64_t bytes = 0;
  bool takes(std::uint64_t size) const {
    return sign == '+' ? size > bytes : sign == '-' ? size < bytes : size == bytes;
  }
};

std::optional<SizeBound> parse_size(const std::string& text) {
  SizeBound bound;
  const bool has_sign = !text.empty() && (text.front() == '+' || text.front() == '-');
  if (has_sign) bound.sign = text.front();
  const auto bytes = parse_bytes(text.substr(has_sign ? 1 : 0));
  if (!bytes) return std::nullopt;
  bound.bytes = *bytes;
  return bound;
}

std::string check_size(const std::string& text) {
  return parse_size(text) ? "" : "\"" + text + "\" is no size (+1M, -4K, 100)";
}

class Filter {
 public:
  static Result<Filter, Failure> make(const Find& asked) {
    Filter filter(asked);
    if (!asked.size.empty()) filter.size_ = parse_size(asked.size);
    if (asked.newer.empty()) return filter;
    struct stat reference {};
    const std::string place = place_in_session(asked.newer);
    if (mayfly_stat(place.c_str(), &reference) != 0) {
      const Errc code = errc_from(errno);
      return Failure{code, cannot(asked.newer, "found in the session")};
    }
    filter.newer_ = reference.st_mtim;
    return filter;
  }

  bool takes(const std::string& path, const struct stat& status) const {
    const std::string name = last_name(path);
    if (!asked_.name.empty() && ::fnmatch(asked_.name.c_str(), name.c_str(), 0) != 0) return false;
    if (!asked_.type.empty() && asked_.type.front() != kind_text(status.st_mode)[0]) return false;
    if (size_ && !size_->takes(static_cast<std::uint64_t>(status.st_size))) return false;
    return !newer_ || is_later(status.st_mtim, *newer_);
  }

 private:
  explicit Filter(const Find& asked) : asked_(asked) {}
  const Find& asked_;
  std::optional<SizeBound> size_;
  std::optional<timespec> newer_;
};

int find(const Find& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const auto filter = Filter::make(asked);
  if (!filter) return complain(filter.error().sentence);
  std::uint64_t found = 0;
  std::uint64_t bytes = 0;
  bool is_whole = true;
  const auto visit = [&](const std::string& path, const struct stat& status) {
    if (!filter->takes(path, status)) return;
    ++found;
    if (S_ISREG(status.st_mode)) bytes += static_cast<std::uint64_t>(status.st_size);
    if (asked.counts) return;
    if (asked.json) return print_json_line(entry_json(path, status));
    std::fwrite(path.data(), 1, path.size(), stdout);
    std::fputc(asked.ends_with_zero ? '\0' : '\n', stdout);
  };
  const auto tops = asked.tops.empty() ? std::vector<std::string>{"/"} : asked.tops;
  for (const std::string& top : tops) {
    is_whole = walk_session(place_in_session(top), visit) && is_whole;
  }
  if (asked.counts && asked.json) print_json_line({{"found", found}, {"bytes", bytes}});
  if (asked.counts && !asked.json) {
    std::printf("%llu\n", static_cast<unsigned long long>(found));
  }
  return is_whole ? 0 : 1;
}

}  // namespace

void add_find(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Find>();
  CLI::App* const command = app.add_subcommand("find", "Find files of a session");
  add_session_option(*command, asked->session);
  command->add_option("tops", asked->tops, "where to look [/]");
  command->add_option("--name", asked->name, "the last name is like this pattern");
  command->add_option("--type", asked->type, "f, d or l: files, directories, links")
      ->check(CLI::IsMember({"f", "d", "l"}));
  command->add_option("--size", asked->size, "+SIZE: more, -SIZE: less, SIZE: just that")
      ->check(CLI::Validator(check_size, "SIZE"));
  command->add_option("--newer", asked->newer, "modified after this file of the session");
  command->add_flag("--count", asked->counts, "only how many there are");
  command->add_flag("-0,--print0", asked->ends_with_zero, "end names with a zero byte");
  command->add_flag("--json", asked->json, "a JSON object per entry");
  command->footer(
      "In no order.\nExample: mayfly find /mayfly/results --type f --size +1G --name '*.h5'");
  command->callback([asked, &exit_code] { exit_code = find(*asked); });
}

}  // namespace mayfly
