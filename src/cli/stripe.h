// mayfly setstripe, mayfly getstripe: which servers hold the bytes of files.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "mayfly/mayfly.h"

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_setstripe(CLI::App& app, int& exit_code);
void add_getstripe(CLI::App& app, int& exit_code);

/// What of a layout is given; the rest stays as it is.
struct StripeOptions {
  std::optional<unsigned> stripe_count;
  std::string chunk_size;
  std::string first_server;

  bool empty() const { return !stripe_count && chunk_size.empty() && first_server.empty(); }
};
/// -c, -S and -i. `options` outlives `command`.
void add_stripe_options(CLI::App& command, StripeOptions& options);
/// Of a directory in the session that this process has joined; as mayfly_setstripe.
int set_stripe(const StripeOptions& options, const std::string& directory);

/// "any", "local" or a server's number, as mayfly_layout has it.
Result<int> parse_first_server(const std::string& text);
std::string format_first_server(int first_server);

}  // namespace mayfly
