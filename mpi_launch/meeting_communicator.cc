#include "mpi_launch/meeting_communicator.h"

#include <fmt/format.h>

#include <utility>

namespace mayfly {

MeetingCommunicator::MeetingCommunicator(const Meeting& meeting, int rank, int size)
    : meeting_(meeting), rank_(rank), size_(size) {}

Result<std::vector<std::string>, Failure> MeetingCommunicator::gather_all(
    const std::string& mine) const {
  const int turn = gathered_++;
  MAYFLY_CHECKED(meeting_.tell(fmt::format("word-{}-{}", turn, rank_), mine));
  std::vector<std::string> all;
  for (int rank = 0; rank < size_; ++rank) {
    MAYFLY_TRY(word, meeting_.hear(fmt::format("word-{}-{}", turn, rank)));
    all.push_back(std::move(word));
  }
  return all;
}

}  // namespace mayfly
