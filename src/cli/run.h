// The two halves of `mayfly run`: a rank that serves and one whose program computes.
//
// All ranks of a launch meet in a directory of the user's home. On each node the last ranks serve,
// so that rank 0, which has the launcher's standard input, computes. Each rank's process stays as a
// parent, asleep: of a server, and of the stand-in that takes the rank's place in MPI if the
// program turns out to use it; or of the program. On a node the first server watches the parents of
// the programs. When they all are gone it tells the meeting; the first server of all then shuts
// down.
#pragma once

#include <string>
#include <vector>

#include "cli/job_rank.h"
#include "cli/server_options.h"
#include "protocol/meeting.h"

namespace mayfly {

struct RunOptions {
  int servers_per_node = 1;
  ServerOptions servers;
  std::string prefix;
  std::string report;                ///< empty: none
  std::vector<std::string> program;  ///< and its arguments
};

/// Where a rank's server has its post on the node; `server` counts those of the node.
std::string post_name(const JobRank& rank, int server);

constexpr const char* kSessionName = "session";
/// To the first server of the node: the sender's program is about to run.
constexpr char kHello = 'H';
/// To all servers of the node: the program calls MPI_Init; is through with MPI.
constexpr char kBeginMpi = 'M';
constexpr char kEndMpi = 'F';

/// Exit codes of this process.
int run_server(const JobRank& rank, const RunOptions& options, const Meeting& meeting);
int run_program(const JobRank& rank, const RunOptions& options, const Meeting& meeting);

}  // namespace mayfly
