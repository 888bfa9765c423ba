// What a user chooses of the servers, whichever command starts them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mayfly {

struct ServerOptions {
  std::string scratch;
  std::uint64_t memory_bytes = 0;    ///< 0: the servers' default
  std::uint64_t capacity_bytes = 0;  ///< 0: the servers' default
  bool measures_device = false;
};

/// Declares --scratch, --memory and --capacity; `options` outlives `command`.
void add_server_options(CLI::App& command, ServerOptions& options);

/// The same as words for mayfly-server.
std::vector<std::string> words_of(const ServerOptions& options);

}  // namespace mayfly
