// StageParty: the ranks that copy one tree together, and their meeting at the end of it.
//
// Each copies its share of the files. The last to end its share finishes for all: what can only be
// done when every file is there. They meet in a directory of the session. Thread: one per rank.
// Failure: what one rank fails in makes all of them fail. A rank that dies before it has ended
// leaves the others waiting, as in a barrier: its launcher ends them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "staging/progress.h"

namespace mayfly {

struct StageParty {
  unsigned rank = 0;
  unsigned ranks = 1;
  std::string meeting;  ///< a directory of the session that no other party uses

  bool is_alone() const { return ranks == 1; }
  /// Whose that path, as the manifest has it, is to copy.
  unsigned rank_of(const std::string& path) const;
  bool has(const std::string& path) const { return is_alone() || rank_of(path) == rank; }
};

/// Ends this rank's share. If it is the last of all, `finish` is called with the sums of all ranks'
/// counts in `progress`, and may add to them. In each rank `progress` then is what it was when that
/// returned.
Status meet(const StageParty& party, Progress& progress, const std::function<void()>& finish);
/// The last call of each rank, after what it has to say: if something has failed, none comes back
/// before all have called, for launchers end all ranks once one has ended with a failure.
Status leave(const StageParty& party, const Progress& progress);

}  // namespace mayfly
