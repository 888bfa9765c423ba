// A rank that serves.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "cli/child.h"
#include "cli/joined.h"
#include "cli/launcher.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/termination.h"
#include "mayfly/mayfly.h"
#include "protocol/node_post.h"

namespace mayfly {
namespace {

constexpr std::chrono::milliseconds kBetweenGlances{20};

/// The names of the nodes in the order of their ranks, as soon as all have told theirs.
Result<std::vector<std::string>, Failure> hear_nodes(const Meeting& meeting, int size) {
  const auto end = std::chrono::steady_clock::now() + meeting.patience();
  while (!meeting.is_over() && std::chrono::steady_clock::now() < end) {
    std::vector<std::string> nodes;
    int ranks = 0;
    for (const std::string& name : meeting.names("node-")) {
      MAYFLY_TRY(word, meeting.hear(name));
      ranks += std::atoi(word.c_str());
      nodes.push_back(word.substr(word.find(' ') + 1));
    }
    if (ranks == size) return nodes;
    std::this_thread::sleep_for(kBetweenGlances);
  }
  return Failure{Errc::timed_out, fmt::format("Not all nodes have been heard of in {} after {} s: "
                                              "do all see that directory?",
                                              meeting.directory(), meeting.patience().count())};
}

/// One rank that serves: its processes, and for the first of a node the programs that it watches.
class ServerRank {
 public:
  ServerRank(const JobRank& rank, const RunOptions& options, const Meeting& meeting)
      : rank_(rank), options_(options), meeting_(meeting) {}

  int run();

 private:
  bool is_first_of_node() const { return index_on_node_ == 0; }
  bool is_first() const { return index_ == 0; }
  int programs() const { return rank_.local_size - options_.servers_per_node; }
  bool programs_are_done() const { return greeted_ == programs() && watched_.empty(); }

  Result<void, Failure> start();
  std::vector<std::string> server_words() const;
  void hear(const NodeWord& word);
  void begin_mpi();
  void look_at_programs();
  int serve();
  void shut_down_when_all_are_done();
  void measure();
  void write_report() const;
  int terminate(int number);
  int finish(int code);

  const JobRank& rank_;
  const RunOptions& options_;
  const Meeting& meeting_;
  int index_on_node_ = 0;
  int index_ = 0;
  std::size_t node_ = 0;
  std::size_t nodes_ = 0;
  std::optional<NodePost> post_;
  std::optional<Child> server_;
  std::optional<Child> stand_in_;
  int stand_in_input_ = -1;  ///< its end tells it to finish
  int greeted_ = 0;
  std::vector<int> watched_;  ///< of programs that run
  bool has_told_ = false;
  std::vector<WayPeak> ways_;
};

std::vector<std::string> ServerRank::server_words() const {
  const int size = static_cast<int>(nodes_) * options_.servers_per_node;
  std::vector<std::string> words = {program_directory() + "/mayfly-server",
                                    "--session-file",
                                    meeting_.path(kSessionName),
                                    "--meeting",
                                    meeting_.directory(),
                                    "--rank",
                                    std::to_string(index_),
                                    "--size",
                                    std::to_string(size)};
  const std::vector<std::string> chosen = words_of(options_.servers);
  words.insert(words.end(), chosen.begin(), chosen.end());
  return words;
}

Result<void, Failure> ServerRank::start() {
  index_on_node_ = rank_.local_rank - programs();
  MAYFLY_TRY(post, NodePost::listen(post_name(rank_, index_on_node_)));
  post_.emplace(std::move(post));
  MAYFLY_TRY(nodes, hear_nodes(meeting_, rank_.size));
  nodes_ = nodes.size();
  node_ =
      static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), rank_.node) - nodes.begin());
  if (node_ == nodes_) {
    return Failure{Errc::invalid, fmt::format("No rank has told of this node, {}.", rank_.node)};
  }
  index_ = static_cast<int>(node_) * options_.servers_per_node + index_on_node_;
  // A launcher that kills the rank with all of its group leaves the server time to clean up: it
  // ends with this process.
  auto server = Child::start(server_words(), {.has_own_group = true});
  if (!server) {
    return Failure{server.error(), fmt::format("{} cannot be run ({}).", server_words()[0],
                                               describe(server.error()))};
  }
  server_.emplace(std::move(*server));
  return {};
}

void ServerRank::begin_mpi() {
  if (stand_in_) return;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    complain(fmt::format("No pipe can be made ({}).", describe(errc_from(errno))));
    return;
  }
  const std::string program = program_directory() + "/mayfly-standin-" + rank_.mpi;
  auto started = Child::start({program}, {.input = ends[0]});
  ::close(ends[0]);
  stand_in_input_ = ends[1];
  if (started) {
    stand_in_.emplace(std::move(*started));
  } else {
    complain(fmt::format("{} cannot be run ({}), and the program waits for it in MPI_Init.",
                         program, describe(started.error())));
    server_->signal(SIGTERM);
  }
}

void ServerRank::hear(const NodeWord& word) {
  switch (word.kind) {
    case kHello:
      ++greeted_;
      if (const int descriptor = watch_process(word.from); descriptor >= 0) {
        watched_.push_back(descriptor);
      }
      break;
    case kBeginMpi:
      begin_mpi();
      break;
    case kEndMpi:
      if (stand_in_input_ >= 0) ::close(std::exchange(stand_in_input_, -1));
      break;
    default:
      break;
  }
}

void ServerRank::look_at_programs() {
  std::erase_if(watched_, [](int descriptor) {
    pollfd watched{descriptor, POLLIN, 0};
    if (::poll(&watched, 1, 0) == 0) return false;
    ::close(descriptor);
    return true;
  });
  if (!is_first_of_node() || has_told_ || !programs_are_done()) return;
  has_told_ = true;
  const auto told = meeting_.tell(fmt::format("done-{:09}", node_), "");
  if (!told) complain(told.error().sentence);
  if (is_first()) shut_down_when_all_are_done();
}

void ServerRank::shut_down_when_all_are_done() {
  while (meeting_.names("done-").size() < nodes_) {
    if (server_->has_ended()) return;
    std::this_thread::sleep_for(kBetweenGlances);
  }
  const auto joined = Joined::join(meeting_.path(kSessionName));
  if (!joined) {
    // Without its file the server is about to end already.
    if (joined.error().code != Errc::no_entry) complain(joined.error().sentence);
    server_->signal(SIGTERM);
  } else if (write_report(); mayfly_shut_down() != 0) {
    complain(fmt::format("Not all servers could be told to end ({}).", describe(errc_from(errno))));
    server_->signal(SIGTERM);
  }
}

/// How much a client can put and get here, before the program begins to.
void ServerRank::measure() {
  if (!is_first() || options_.report.empty()) return;
  const auto end = std::chrono::steady_clock::now() + meeting_.patience();
  while (!meeting_.has(kSessionName)) {
    if (server_->has_ended() || std::chrono::steady_clock::now() > end) return;
    std::this_thread::sleep_for(kBetweenGlances);
  }
  const auto joined = Joined::join(meeting_.path(kSessionName));
  if (joined) ways_ = measure_ways();
}

void ServerRank::write_report() const {
  if (options_.report.empty()) return;
  const auto written = write_report_now(options_.report, ways_);
  if (!written) complain(written.error().sentence);
}

int ServerRank::terminate(int number) {
  server_->signal(SIGTERM);
  if (stand_in_) stand_in_->signal(SIGKILL);
  // First of all: the launcher gives no more than a second.
  if (is_first()) meeting_.remove();
  finish(0);
  ::signal(number, SIG_DFL);
  sigset_t set;
  ::sigfillset(&set);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(number);
  return 128 + number;
}

int ServerRank::finish(int code) {
  const int status = server_->wait();
  if (stand_in_input_ >= 0) ::close(stand_in_input_);
  const int stand_in_status = stand_in_ ? stand_in_->wait() : 0;
  // Whoever waits for a session that will not be sees that the meeting is over.
  if (is_first() || status != 0) meeting_.remove();
  if (code != 0) return code;
  return status != 0 ? exit_code_of(status) : exit_code_of(stand_in_status);
}

int ServerRank::serve() {
  const Termination termination;
  while (!server_->has_ended()) {
    std::vector<int> descriptors = {server_->descriptor(), post_->descriptor()};
    descriptors.insert(descriptors.end(), watched_.begin(), watched_.end());
    if (const int number = termination.wait_with(descriptors)) return terminate(number);
    while (const auto word = post_->next()) hear(*word);
    look_at_programs();
  }
  return finish(0);
}

int ServerRank::run() {
  if (auto started = start(); !started) {
    meeting_.remove();
    return complain(started.error().sentence);
  }
  measure();
  return serve();
}

}  // namespace

int run_server(const JobRank& rank, const RunOptions& options, const Meeting& meeting) {
  return ServerRank(rank, options, meeting).run();
}

}  // namespace mayfly
