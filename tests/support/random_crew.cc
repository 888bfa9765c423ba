#include "support/random_crew.h"

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "support/random_calls.h"

namespace mayfly {
namespace {

constexpr unsigned kStepsPerComparison = 1000;

/// A turn among all threads of all processes, as long as it lives.
class Turn {
 public:
  explicit Turn(int fd) : fd_(fd) { ::flock(fd_, LOCK_EX); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { ::flock(fd_, LOCK_UN); }

 private:
  int fd_;
};

/// On both sides; it may be there.
void make_tree(const RandomCrew& crew, const std::string& root) {
  mayfly_mkdir(root.c_str(), 0755);
  ::mkdir((crew.local + root).c_str(), 0755);
}

std::string work(const RandomCrew& crew, std::uint64_t seed, const std::string& root,
                 bool in_turns) {
  const int turns = ::open((crew.local + "/turns").c_str(), O_RDWR | O_CREAT, 0600);
  auto turn = std::make_unique<Turn>(turns);
  RandomCalls calls(seed, root, crew.local + root);
  std::optional<std::string> found;
  unsigned step = 0;
  for (; step < crew.steps && !found; ++step) {
    // Whoever waits for a turn gets it.
    turn.reset();
    if (in_turns) turn = std::make_unique<Turn>(turns);
    found = calls.step();
    if (!found && !in_turns && step % kStepsPerComparison == 0) found = calls.compare_trees();
  }
  if (turn == nullptr) turn = std::make_unique<Turn>(turns);
  calls.close_all();
  turn.reset();
  ::close(turns);
  return found ? fmt::format("seed {}, step {}: {}", seed, step - 1, *found) : "";
}

/// `root` of each thread by its seed.
template <class RootOf>
std::vector<std::string> work_in_threads(const RandomCrew& crew, bool in_turns, RootOf root_of) {
  std::mutex mutex;
  std::vector<std::string> differences;
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < crew.threads; ++thread) {
    threads.emplace_back([&, seed = crew.seed * 1000 + thread] {
      const std::string difference = work(crew, seed, root_of(seed), in_turns);
      const std::lock_guard guard(mutex);
      if (!difference.empty()) differences.push_back(difference);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return differences;
}

}  // namespace

std::vector<std::string> work_apart(const RandomCrew& crew) {
  return work_in_threads(crew, false, [&](std::uint64_t seed) {
    const std::string root = fmt::format("/of-{}", seed);
    make_tree(crew, root);
    return root;
  });
}

std::vector<std::string> work_together(const RandomCrew& crew) {
  const std::string root = "/together";
  make_tree(crew, root);
  return work_in_threads(crew, true, [&](std::uint64_t) { return root; });
}

std::vector<std::string> compare_what_is_together(const RandomCrew& crew) {
  RandomCalls calls(crew.seed, "/together", crew.local + "/together");
  const auto difference = calls.compare_trees();
  return difference ? std::vector{*difference} : std::vector<std::string>();
}

}  // namespace mayfly
