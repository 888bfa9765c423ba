// CheckpointSets: directories of files that appear as a whole, in a session or where they were
// drained to.
//
// A set is begun under a hidden name beside its own, and gets its own name by a rename when it is
// committed. It holds a file that says when that was; what was drained is noted beside the sets.
// Failure: errno values. Thread: any. Order between processes: that of the renames.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "staging/file_calls.h"

namespace mayfly {

/// Where sets are in a session if nothing else is said.
inline constexpr const char* kCheckpoints = "/checkpoints";

struct CheckpointSet {
  std::string name;
  std::int64_t committed_ns = 0;        ///< since 1970; 0: it is begun
  std::vector<std::string> drained_to;  ///< directories that hold its copy
  bool is_complete() const { return committed_ns != 0; }
  bool is_in(const std::string& directory) const {
    return std::find(drained_to.begin(), drained_to.end(), directory) != drained_to.end();
  }
};

class CheckpointSets {
 public:
  CheckpointSets(const FileCalls& calls, std::string directory)
      : calls_(calls), directory_(std::move(directory)) {}

  /// The directory where the set's files are to be written, which is made unless it is there: many
  /// ranks may begin one set. exists: a complete one has that name. invalid: the name is none.
  Result<std::string> begin(const std::string& name);
  /// The set appears, with what has been closed by now. `ranks` processes must say so: each
  /// returns when all have. no_entry: it was not begun; canceled: it was dropped meanwhile;
  /// exists: there is a complete one by that name.
  Status commit(const std::string& name, unsigned ranks = 1);
  /// What was begun appears as it is: the copy of a set, which says itself when it was committed.
  Status adopt(const std::string& name);
  /// Complete ones first, the newest of them first.
  Result<std::vector<CheckpointSet>> list() const;
  /// What remains of the set under any name; no_entry: nothing.
  Status drop(const std::string& name);
  /// Drops the oldest complete sets beyond `count`: where sets are drained only those that have
  /// been. Gives their names.
  Result<std::vector<std::string>> keep(unsigned count);

  std::string path_of(const std::string& name) const;
  const std::string& directory() const { return directory_; }
  /// Sets are to be drained from here: those that are not yet are not dropped by keep().
  Status expect_drain();
  /// The file that expect_drain() makes; whoever drains has it locked.
  std::string drain_lock() const;
  /// Its copy in `destination` is complete.
  Status note_drained(const CheckpointSet& set, const std::string& destination);

  static bool is_name(const std::string& name);

 private:
  std::string begun_path(const std::string& name) const;
  std::string drained_path(const std::string& name) const;
  Status publish(const std::string& name);
  Status wait_for_others(const std::string& name);
  std::int64_t committed_at(const std::string& name) const;
  std::vector<std::string> drained_to(const std::string& name, std::int64_t committed_ns) const;

  const FileCalls& calls_;
  std::string directory_;
};

}  // namespace mayfly
