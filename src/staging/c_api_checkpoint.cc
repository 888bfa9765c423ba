// The C edge of checkpoint sets.
#include <cstring>

#include "base/log.h"
#include "client/c_edge.h"
#include "mayfly/mayfly_stage.h"
#include "staging/checkpoint_sets.h"
#include "staging/restore.h"
#include "staging/whole_io.h"

namespace {

using namespace mayfly;
using c_edge::fail;
using c_edge::give;

CheckpointSets sets() { return {session_calls(), kCheckpoints}; }

int give_path(const std::string& path, char* into, size_t bytes) {
  if (path.size() >= bytes) return fail(Errc::out_of_range);
  std::memcpy(into, path.c_str(), path.size() + 1);
  return 0;
}

}  // namespace

extern "C" {

int mayfly_checkpoint_begin(const char* name, char* path, size_t bytes) noexcept {
  if (name == nullptr || path == nullptr) return fail(Errc::bad_address);
  const auto begun = sets().begin(name);
  return begun ? give_path(*begun, path, bytes) : fail(begun.error());
}

int mayfly_checkpoint_commit(const char* name, unsigned ranks) noexcept {
  if (name == nullptr) return fail(Errc::bad_address);
  return give(sets().commit(name, ranks));
}

char* mayfly_checkpoint_list(void) noexcept {
  const auto known = sets().list();
  if (!known) return c_edge::refuse(known.error());
  std::string lines;
  for (const CheckpointSet& set : *known) {
    if (set.is_complete()) lines += set.name + "\n";
  }
  return ::strdup(lines.c_str());
}

int mayfly_checkpoint_restore(const char* name, const char* from, char* path,
                              size_t bytes) noexcept {
  if (path == nullptr) return fail(Errc::bad_address);
  CheckpointSets all = sets();
  const auto restored =
      restore_set(all, name == nullptr ? "" : name, from == nullptr ? "" : without_slashes(from));
  if (restored) return give_path(*restored, path, bytes);
  if (restored.error().code != Errc::no_entry) log::error("{}", restored.error().sentence);
  return fail(restored.error().code);
}

int mayfly_checkpoint_drop(const char* name) noexcept {
  if (name == nullptr) return fail(Errc::bad_address);
  return give(sets().drop(name));
}

int mayfly_checkpoint_keep(unsigned count) noexcept {
  return give(to_status(to_errc(sets().keep(count))));
}

}  // extern "C"
