// Meeting: a directory that all nodes of a job see, where ranks that have no MPI leave word for
// each other: a file per word, which appears as a whole. It needs no more of a file system than
// that a new name is seen by all after a while.
//
// Owner: each rank has one; whoever ends the job removes the directory. Thread: one. Waiting is
// done asleep.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly {

class Meeting {
 public:
  /// Makes the directory (mode 0700) if nobody has yet. Refuses another user's.
  static Result<Meeting, Failure> open(const std::string& directory,
                                       std::chrono::seconds patience = std::chrono::seconds(60));

  Result<void, Failure> tell(const std::string& name, const std::string& word) const;
  bool has(const std::string& name) const;
  /// Waits for it. timed_out: it did not come within the patience; canceled: the meeting is over.
  Result<std::string, Failure> hear(const std::string& name) const;
  /// The names told so far that begin so, sorted.
  std::vector<std::string> names(const std::string& beginning) const;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& directory() const { return directory_; }
  std::chrono::seconds patience() const { return patience_; }
  /// With all that was told: the meeting is over for all.
  void remove() const;
  bool is_over() const;

 private:
  Meeting(std::string directory, std::chrono::seconds patience);

  std::string directory_;
  std::chrono::seconds patience_;
};

}  // namespace mayfly
