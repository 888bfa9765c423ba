// Stage: copies trees from one file system to the other, so that each file appears whole or not at
// all, and a second run goes on where the first ended.
//
// Failure: each is told, counted, and the rest is copied all the same. Of a tree that is killed in
// the middle files are whole, or under a temporary name that the next run takes.
// Bounds: `threads` files open and a buffer of 4 MiB for each; what is known of the tree is its
//   directories, its files of several links, and the manifest of a run before.
// Thread: run() once; it starts `threads` more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "staging/file_calls.h"
#include "staging/file_copy.h"
#include "staging/progress.h"
#include "staging/selection.h"
#include "staging/stage_party.h"

namespace mayfly {

struct StageOptions {
  /// What is copied, and the name that it gets. Directories that lead there are made.
  struct Tree {
    std::string from;
    std::string to;
  };
  std::vector<Tree> trees;
  /// Of the destinations, that which the manifest's paths count from.
  std::string base;
  std::string manifest;  ///< at the destination; empty: none
  Selection selection;
  bool dry_run = false;
  bool deletes = false;                ///< what the destination has and the source has not
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
  unsigned threads = 4;
  CopyMode mode;
  StageParty party;  ///< of which this is one rank
};

/// Told by any of the threads, one at a time.
class StageObserver {
 public:
  virtual void copied(const std::string& to, std::uint64_t bytes) = 0;
  virtual void removed(const std::string& to) = 0;
  virtual void failed(const std::string& path, const std::string& why) = 0;
  /// All is done that could be, by all ranks of the party; none of them has returned yet.
  virtual void ended() {}

 protected:
  ~StageObserver() = default;
};

/// Whether all went well, in all ranks of the party; what did not, a rank's observer has heard.
bool stage(const FileCalls& from, const FileCalls& to, const StageOptions& options,
           Progress& progress, StageObserver& observer);

}  // namespace mayfly
