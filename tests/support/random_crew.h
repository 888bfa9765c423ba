// random_crew: threads of a member process that make RandomCalls, each on a tree of its own at the
// same time as all others, or all on one tree, in turns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mayfly {

struct RandomCrew {
  std::string local;       ///< an existing local directory, the same for all processes
  std::uint64_t seed = 1;  ///< another for each process
  unsigned threads = 2;
  unsigned steps = 1000;  ///< of each thread
};

/// Each in "/of-<seed of the thread>". What differs, a sentence with the seed for each thread.
std::vector<std::string> work_apart(const RandomCrew& crew);
/// All of all processes in "/together".
std::vector<std::string> work_together(const RandomCrew& crew);
/// Both trees of work_together, once all are done.
std::vector<std::string> compare_what_is_together(const RandomCrew& crew);

}  // namespace mayfly
