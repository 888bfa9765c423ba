#include "mpi_launch/mpi_communicator.h"

#include <chrono>
#include <thread>
#include <utility>

namespace mayfly {
namespace {

void wait(MPI_Request request) {
  constexpr int kEagerTests = 50;
  int done = 0;
  for (int tests = 0; done == 0; ++tests) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done == 0 && tests >= kEagerTests) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
}

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm handle) : MpiCommunicator(handle, false) {}

MpiCommunicator::MpiCommunicator(MPI_Comm handle, bool owned) : handle_(handle), owned_(owned) {
  MPI_Comm_rank(handle_, &rank_);
  MPI_Comm_size(handle_, &size_);
}

MpiCommunicator::MpiCommunicator(MpiCommunicator&& other) noexcept
    : handle_(other.handle_),
      owned_(std::exchange(other.owned_, false)),
      rank_(other.rank_),
      size_(other.size_) {}

MpiCommunicator::~MpiCommunicator() {
  if (owned_) MPI_Comm_free(&handle_);
}

std::vector<std::string> MpiCommunicator::allgather(const std::string& mine) const {
  const std::size_t ranks = static_cast<std::size_t>(size_);
  const int length = static_cast<int>(mine.size());
  std::vector<int> lengths(ranks);
  MPI_Request request;
  MPI_Iallgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, handle_, &request);
  wait(request);

  std::vector<int> starts(ranks);
  int total = 0;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    starts[rank] = total;
    total += lengths[rank];
  }
  std::string all(static_cast<std::size_t>(total), '\0');
  MPI_Iallgatherv(mine.data(), length, MPI_BYTE, all.data(), lengths.data(), starts.data(),
                  MPI_BYTE, handle_, &request);
  wait(request);

  std::vector<std::string> parts;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    parts.push_back(all.substr(static_cast<std::size_t>(starts[rank]),
                               static_cast<std::size_t>(lengths[rank])));
  }
  return parts;
}

void MpiCommunicator::barrier() const {
  MPI_Request request;
  MPI_Ibarrier(handle_, &request);
  wait(request);
}

void MpiCommunicator::barrier(const std::function<void()>& meanwhile) const {
  MPI_Request request;
  MPI_Ibarrier(handle_, &request);
  for (int done = 0; done == 0;) {
    meanwhile();
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  }
}

MpiCommunicator MpiCommunicator::split(int colour) const {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(handle_, colour, rank_, &part);
  return MpiCommunicator(part, true);
}

MPI_Comm MpiCommunicator::release() {
  owned_ = false;
  return handle_;
}

}  // namespace mayfly
