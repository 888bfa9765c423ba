// Verification: compares a tree with the manifest of the run that made it. No server is needed for
// a tree of the node's own file systems.
#pragma once

#include <cstdint>
#include <string>

#include "staging/file_calls.h"
#include "staging/progress.h"

namespace mayfly {

/// Told by any of the threads, one at a time.
class VerifyObserver {
 public:
  /// The entry is not what the manifest says, or cannot be read.
  virtual void differs(const std::string& path, const std::string& how) = 0;

 protected:
  ~VerifyObserver() = default;
};

struct VerifyOptions {
  std::string manifest;
  std::string base;  ///< what its paths count from
  unsigned threads = 4;
};

/// Whether the manifest is of a run that was finished and every entry is as it says. Fails if there
/// is no manifest.
Result<bool, Failure> verify(const FileCalls& calls, const VerifyOptions& options,
                             Progress& progress, VerifyObserver& observer);

}  // namespace mayfly
