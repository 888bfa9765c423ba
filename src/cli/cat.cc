// mayfly cat: files of a session to the standard output.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/units.h"
#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "mayfly/mayfly.h"
#include "staging/open_file.h"

namespace mayfly {
namespace {

constexpr std::size_t kAtOnce = 4 * kMiB;

struct Cat {
  std::string session;
  std::vector<std::string> paths;
};

bool put(const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(STDOUT_FILENO, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes += done;
    size -= static_cast<std::size_t>(done);
  }
  return true;
}

int show(const Cat& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  std::vector<char> buffer(kAtOnce);
  int exit_code = 0;
  for (const std::string& path : asked.paths) {
    const auto file = OpenFile::open(session_calls(), place_in_session(path), O_RDONLY);
    if (!file) {
      errno = to_errno(file.error());
      exit_code = complain(cannot(path, "opened"));
      continue;
    }
    ssize_t got = 0;
    while ((got = mayfly_read(file->descriptor(), buffer.data(), buffer.size())) > 0) {
      if (!put(buffer.data(), static_cast<std::size_t>(got))) {
        return complain(cannot("The standard output", "written to"));
      }
    }
    if (got < 0) exit_code = complain(cannot(path, "read"));
  }
  return exit_code;
}

}  // namespace

void add_cat(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Cat>();
  CLI::App* const command =
      app.add_subcommand("cat", "Write files of a session to standard output");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "files")->required();
  command->footer("Example: mayfly cat /mayfly/log | tail");
  command->callback([asked, &exit_code] { exit_code = show(*asked); });
}

}  // namespace mayfly
