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
#include "mpi_launch/communicator.h"

namespace mayfly {

class Meeting {
 public:
  /// Makes the directory (mode 0700) if nobody has yet. Refuses another user's.
  static Result<Meeting, Failure> open(const std::string& directory,
                                       std::chrono::seconds patience = std::chrono::seconds(60));

  Result<void, Failure> tell(const std::string& name, const std::string& word) const;
  /// Waits for it. timed_out: it did not come within the patience.
  Result<std::string, Failure> hear(const std::string& name) const;
  /// The names told so far that begin so, sorted.
  std::vector<std::string> names(const std::string& beginning) const;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& directory() const { return directory_; }
  std::chrono::seconds patience() const { return patience_; }
  /// With all that was told.
  void remove() const;

 private:
  Meeting(std::string directory, std::chrono::seconds patience);

  std::string directory_;
  std::chrono::seconds patience_;
};

/// Ranks of a Meeting as a Communicator. Owner: its caller, for no longer than the meeting.
class MeetingCommunicator final : public Communicator {
 public:
  MeetingCommunicator(const Meeting& meeting, int rank, int size);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Result<std::vector<std::string>, Failure> gather_all(const std::string& mine) const override;

 private:
  const Meeting& meeting_;
  int rank_;
  int size_;
  mutable int gathered_ = 0;
};

}  // namespace mayfly
