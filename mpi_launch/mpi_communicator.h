// MpiCommunicator: the few things that the launch needs of MPI. This and split.cc are the only code
// that knows MPI; both are compiled once for each MPI there is.
//
// Owner: it frees its communicator unless that was lent to it; all of them end before MPI_Finalize.
// Thread: one. Failure: MPI's own, which ends the job (MPI_ERRORS_ARE_FATAL).
// Waiting is done asleep, not spinning: the ranks that wait share cores with servers that work.
#pragma once

#include <mpi.h>

#include <functional>
#include <string>
#include <vector>

#include "mpi_launch/communicator.h"

namespace mayfly {

class MpiCommunicator final : public Communicator {
 public:
  /// Lends `handle`, which the caller frees, later than this.
  explicit MpiCommunicator(MPI_Comm handle);
  MpiCommunicator(MpiCommunicator&& other) noexcept;
  MpiCommunicator& operator=(MpiCommunicator&&) = delete;
  ~MpiCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  /// Never fails.
  Result<std::vector<std::string>, Failure> gather_all(const std::string& mine) const override {
    return allgather(mine);
  }
  /// Every rank's bytes, by rank.
  std::vector<std::string> allgather(const std::string& mine) const;
  void barrier() const;
  /// The same, calling `meanwhile` over and over until all are there.
  void barrier(const std::function<void()>& meanwhile) const;
  /// The ranks of the same `colour`, in the same order.
  MpiCommunicator split(int colour) const;
  MPI_Comm handle() const { return handle_; }
  /// Gives the handle away; the caller frees it.
  MPI_Comm release();

 private:
  MpiCommunicator(MPI_Comm handle, bool owned);

  MPI_Comm handle_;
  bool owned_;
  int rank_ = 0;
  int size_ = 0;
};

}  // namespace mayfly
