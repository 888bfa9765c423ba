// The C edge of staging: whole trees.
#include "base/log.h"
#include "client/c_edge.h"
#include "mayfly/mayfly_stage.h"
#include "staging/drain.h"
#include "staging/stage.h"
#include "staging/whole_io.h"

namespace {

using namespace mayfly;
using c_edge::fail;

class LoggedFailures final : public StageObserver {
 public:
  void copied(const std::string&, std::uint64_t) override {}
  void removed(const std::string&) override {}
  void failed(const std::string& path, const std::string& why) override {
    log::error("{}: {}", path, why);
  }
};

int copy(const FileCalls& from_calls, const char* from, const FileCalls& to_calls, const char* to,
         const mayfly_stage_options* asked) {
  if (from == nullptr || to == nullptr) return fail(Errc::bad_address);
  if (*from == '\0' || *to == '\0') return fail(Errc::no_entry);
  if (mayfly_server_count() == 0) return fail(Errc::not_connected);
  StageOptions options;
  options.base = without_slashes(to);
  options.trees = {{without_slashes(from), join_path(options.base, last_name(from))}};
  options.manifest = join_path(options.base, kManifestName);
  options.mode.by_servers = true;
  if (asked != nullptr) {
    if (asked->threads != 0) options.threads = asked->threads;
    options.bytes_per_second = asked->bytes_per_second;
    options.mode.by_servers = asked->by_clients == 0;
    options.deletes = asked->deletes != 0;
  }
  Progress progress;
  LoggedFailures failures;
  return stage(from_calls, to_calls, options, progress, failures) ? 0 : fail(Errc::io_error);
}

}  // namespace

extern "C" {

int mayfly_stage_in(const char* from, const char* to,
                    const mayfly_stage_options* options) noexcept {
  return copy(local_calls(), from, session_calls(), to, options);
}

int mayfly_stage_out(const char* from, const char* to,
                     const mayfly_stage_options* options) noexcept {
  return copy(session_calls(), from, local_calls(), to, options);
}

}  // extern "C"
