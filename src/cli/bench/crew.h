// Crew: the clients of `mayfly bench`, a process each, which begin every phase together.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/bench/load.h"

namespace mayfly {

/// Owner: the subcommand, whose process has joined nothing. Its end waits for all clients.
class Crew {
 public:
  /// Each client joins the session of `session_path`; the first makes the plan's directory.
  static Result<Crew, Failure> start(const LoadPlan& plan, const std::string& session_path);
  Crew(Crew&&) = default;
  Crew& operator=(Crew&&) = delete;
  ~Crew();

  /// What each client has done; the failure of the first that failed.
  Result<std::vector<PhaseResult>, Failure> run(std::size_t phase);

 private:
  struct Member {
    pid_t process;
    int socket;
  };
  Crew() = default;
  /// False: the client is gone.
  static bool order(const Member& member, char what);
  static bool hear(const Member& member, PhaseResult& result);
  Result<std::vector<PhaseResult>, Failure> order_all(char what);

  std::vector<Member> members_;
};

}  // namespace mayfly
