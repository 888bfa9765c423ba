// Load: what one client of `mayfly bench` does: a pattern of the kinds that users run, in phases.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "cli/stripe.h"

namespace mayfly {

enum class Pattern { easy, hard, random, strided, checkpoint, metadata, metadata_hard };

struct LoadPlan {
  Pattern pattern = Pattern::easy;
  std::string directory;       ///< in the session
  StripeOptions stripe;        ///< of the files
  unsigned clients = 1;        ///< processes
  unsigned depth = 1;          ///< operations of each at a time
  std::uint64_t bytes = 0;     ///< of each client
  std::uint64_t transfer = 0;  ///< bytes of an operation; of a file, where there are many
  std::uint64_t files = 0;     ///< of each client, where there are many
  std::uint64_t seconds = 0;   ///< a phase ends after that; 0: when all is done
  bool fsync = false;          ///< before the files of a write phase are closed
  bool verify = false;         ///< every byte; what is measured then is the checking
};

/// Of one client in one phase. Goes through a pipe as it is.
struct PhaseResult {
  std::int64_t began_ns = 0;  ///< by the machine's steady clock
  std::int64_t ended_ns = 0;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  Histogram latency_ns;
  std::array<char, 240> failure{};  ///< a sentence; empty: none
};

/// "write", "read", ...
std::vector<const char*> phases_of(Pattern pattern);

/// Owner: a client's process, which has joined the session. Thread: one calls; it has others work.
class Load {
 public:
  Load(LoadPlan plan, unsigned client);
  /// By its number in phases_of().
  PhaseResult run(std::size_t phase);
  /// Removes what is left.
  void clean();

 private:
  struct Worker;
  struct Flight;
  bool is_data() const;
  std::uint64_t operations() const;
  std::uint64_t place_of(std::uint64_t operation) const;
  std::string path_of(std::uint64_t file) const;
  /// With what they write, in memory.
  std::vector<Worker> ready_workers() const;
  /// Operations one after the other, by each of so many threads.
  void work(Worker& worker, std::size_t phase);
  void work_all(std::vector<Worker>& workers, std::size_t phase);
  /// As many transfers at a time as the plan says, by one thread.
  void stream(Worker& worker, std::size_t phase);
  bool start(Worker& worker, Flight& flight, std::size_t phase);
  bool finish(Worker& worker, Flight& flight, std::size_t phase);
  std::optional<std::uint64_t> next_operation();
  void fill(Worker& worker, std::size_t phase, std::uint64_t operation);
  bool transfer(Worker& worker, std::size_t phase, std::uint64_t operation);
  bool check_moved(Worker& worker, std::size_t phase, std::uint64_t operation, ssize_t moved);
  /// Counts it; false once the phase's time is over.
  bool note(Worker& worker, std::int64_t began);
  bool handle_file(Worker& worker, std::size_t phase, std::uint64_t file);
  bool put_file(Worker& worker, const std::string& path);
  bool get_file(Worker& worker, const std::string& path, std::uint64_t file);
  /// What the operation's byte `index` is to be.
  unsigned char byte_of(std::uint64_t operation, std::size_t index) const;
  /// Whether the worker's bytes are the operation's, if that is to be checked.
  bool is_right(Worker& worker, std::uint64_t operation);
  bool open_data(PhaseResult& result, bool writes);
  void close_data(PhaseResult& result, bool writes);

  LoadPlan plan_;
  unsigned client_;
  std::vector<const char*> phases_;
  std::string path_;  ///< of the file; where there are many, what comes before a number
  int file_ = -1;
  std::vector<std::uint32_t> order_;  ///< of the random pattern
  std::uint64_t limit_ = 0;           ///< operations whose bytes are there
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> has_failed_{false};
  std::int64_t end_ns_ = 0;
};

}  // namespace mayfly
