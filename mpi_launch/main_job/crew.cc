#include "mpi_launch/main_job/crew.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace mayfly {

std::string Crew::from_first(const std::string& value) const {
  return clients_.allgather(is_first() ? value : std::string())[0];
}

Outcome Crew::agree(const Outcome& mine) const {
  const std::string told =
      mine ? std::string()
           : fmt::format("{} {}", to_errno(mine.error().code), mine.error().sentence);
  for (const std::string& word : clients_.allgather(told)) {
    if (word.empty()) continue;
    const std::size_t space = word.find(' ');
    return Failure{errc_from(std::stoi(word.substr(0, space))), word.substr(space + 1)};
  }
  return {};
}

Result<double, Failure> Crew::timed(const std::function<Outcome()>& work) const {
  using Clock = std::chrono::steady_clock;
  clients_.barrier();
  const auto start = Clock::now();
  const Outcome outcome = work();
  const double mine = std::chrono::duration<double>(Clock::now() - start).count();
  if (auto agreed = agree(outcome); !agreed) return agreed.error();
  double slowest = 0;
  for (const std::string& seconds : clients_.allgather(fmt::format("{}", mine))) {
    slowest = std::max(slowest, std::stod(seconds));
  }
  return slowest;
}

Failure io_failure(const Crew& crew, int error, const std::string& what) {
  return {errc_from(error), fmt::format("Client {} on node {} {} ({}).", crew.rank(), node_name(),
                                        what, describe(errc_from(error)))};
}

}  // namespace mayfly
