// Drain: copies complete sets out of a session, the newest first, each so that its destination has
// it as a whole or not at all, also if the drain is killed at any point.
//
// A set is copied to a hidden directory beside its place, with its manifest, all of it on the
// device, and gets its name by a rename; of an older one by that name the two change places. What a
// killed drain has copied the next one need not copy again. One drain at a time copies from a
// session: others wait for each set. Thread: one.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "staging/checkpoint_sets.h"
#include "staging/progress.h"
#include "staging/stage.h"

namespace mayfly {

struct DrainOptions {
  std::string destination;
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
  unsigned threads = 2;
  CopyMode mode;
  unsigned keep = 0;  ///< complete sets that stay in the session; 0: all
};

class DrainObserver : public StageObserver {
 public:
  virtual void began(const CheckpointSet& set) = 0;
  /// It is complete at the destination.
  virtual void drained(const CheckpointSet& set) = 0;
  virtual void dropped(const std::string& set) = 0;

 protected:
  ~DrainObserver() = default;
};

class Drain {
 public:
  enum class Step : std::uint8_t { drained, failed, nothing_to_do, session_is_gone };

  Drain(CheckpointSets& sets, const DrainOptions& options, Progress& progress,
        DrainObserver& observer)
      : sets_(sets), options_(options), progress_(progress), observer_(observer) {}

  /// Drains the newest set that is not yet; one that has failed is not tried again.
  Step drain_next();

 private:
  Result<CheckpointSet> choose() const;
  bool copy(const CheckpointSet& set);
  Status publish(const CheckpointSet& set);
  void keep_few();

  CheckpointSets& sets_;
  const DrainOptions& options_;
  Progress& progress_;
  DrainObserver& observer_;
  std::set<std::pair<std::string, std::int64_t>> failed_;
};

/// Where a manifest is in the directory of what was copied.
inline constexpr const char* kManifestName = ".mayfly-manifest.jsonl";

}  // namespace mayfly
