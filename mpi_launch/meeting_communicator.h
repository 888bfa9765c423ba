// MeetingCommunicator: ranks that have no MPI, by words in a directory.
#pragma once

#include <string>
#include <vector>

#include "mpi_launch/communicator.h"
#include "protocol/meeting.h"

namespace mayfly {

/// Owner: its caller, for no longer than the meeting.
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
