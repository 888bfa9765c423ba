// Crew: the clients of the main job, working together.
//
// A phase ends on all ranks or fails on all of them with the same sentence: no rank goes on, or
// waits, alone.
// Owner: main(). Thread: one. Order: every method is collective, in the same order on all ranks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mpi_launch/mpi_communicator.h"

namespace mayfly {

using Outcome = Result<void, Failure>;

class Crew {
 public:
  explicit Crew(MPI_Comm clients) : clients_(clients) {}

  std::size_t rank() const { return static_cast<std::size_t>(clients_.rank()); }
  std::size_t size() const { return static_cast<std::size_t>(clients_.size()); }
  bool is_first() const { return rank() == 0; }
  const MpiCommunicator& communicator() const { return clients_; }

  std::vector<std::string> allgather(const std::string& mine) const {
    return clients_.allgather(mine);
  }
  /// The first rank's `value` on all ranks.
  std::string from_first(const std::string& value) const;
  /// Success if all ranks have it; else the first failure, on all of them.
  Outcome agree(const Outcome& mine) const;
  /// Starts `work` on all ranks at the same time; the seconds that the slowest took.
  Result<double, Failure> timed(const std::function<Outcome()>& work) const;

 private:
  MpiCommunicator clients_;
};

/// "client 1 on node n: cannot read /a/b (errno's words)."
Failure io_failure(const Crew& crew, int error, const std::string& what);

}  // namespace mayfly
