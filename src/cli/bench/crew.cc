#include "cli/bench/crew.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>
#include <type_traits>

#include "cli/joined.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

static_assert(std::is_trivially_copyable_v<PhaseResult>);

/// Orders: to join, to prepare, a phase by its number, and to end.
constexpr char kJoin = 'j';
constexpr char kPrepare = 'p';
constexpr char kFirstPhase = '0';
constexpr char kEnd = 'e';

bool send_all(int socket, const PhaseResult& result) {
  const auto* at = reinterpret_cast<const char*>(&result);
  for (std::size_t left = sizeof result; left != 0;) {
    const ssize_t sent = ::send(socket, at, left, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += sent;
    left -= static_cast<std::size_t>(sent);
  }
  return true;
}

PhaseResult outcome(const std::string& failure) {
  PhaseResult result;
  failure.copy(result.failure.data(), result.failure.size() - 1);
  return result;
}

Failure cannot_start(int error) {
  const Errc why = errc_from(error);
  return {why, "A client cannot be started (" + describe(why) + ")."};
}

std::string prepare(const LoadPlan& plan, unsigned client) {
  if (client != 0) return "";
  if (mayfly_mkdir(plan.directory.c_str(), 0777) != 0) return cannot(plan.directory, "made");
  if (plan.stripe.empty() || set_stripe(plan.stripe, plan.directory) == 0) return "";
  std::string sentence = cannot(plan.directory, "given this layout");
  mayfly_rmdir(plan.directory.c_str());
  return sentence;
}

/// A client's whole life.
int serve(const LoadPlan& plan, unsigned client, const std::string& session_path, int socket) {
  std::optional<Joined> joined;
  Load load(plan, client);
  bool has_made = false;  // the directory: one that was there is somebody else's
  bool has_run = false;
  char what = 0;
  while (::recv(socket, &what, 1, 0) == 1 && what != kEnd) {
    PhaseResult result;
    if (what == kJoin) {
      auto membership = Joined::join(session_path);
      if (membership) joined.emplace(std::move(*membership));
      if (!membership) result = outcome(membership.error().sentence);
    } else if (what == kPrepare) {
      result = outcome(prepare(plan, client));
      has_made = client == 0 && result.failure[0] == '\0';
    } else {
      has_run = true;
      result = load.run(static_cast<std::size_t>(what - kFirstPhase));
    }
    if (!send_all(socket, result)) break;
  }
  if (has_run) load.clean();
  // The first waits for the others, whose files are in its directory.
  send_all(socket, PhaseResult());
  if (has_made && ::recv(socket, &what, 1, 0) == 1) mayfly_rmdir(plan.directory.c_str());
  return 0;
}

}  // namespace

Result<Crew, Failure> Crew::start(const LoadPlan& plan, const std::string& session_path) {
  Crew crew;
  for (unsigned client = 0; client < plan.clients; ++client) {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
      return cannot_start(errno);
    }
    const pid_t process = ::fork();
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      ::close(sockets[0]);
      for (const Member& other : crew.members_) ::close(other.socket);
      ::_exit(serve(plan, client, session_path, sockets[1]));
    }
    ::close(sockets[1]);
    if (process < 0) {
      const int error = errno;
      ::close(sockets[0]);
      return cannot_start(error);
    }
    crew.members_.push_back({process, sockets[0]});
  }
  if (auto joined = crew.order_all(kJoin); !joined) return joined.error();
  if (auto prepared = crew.order_all(kPrepare); !prepared) return prepared.error();
  return crew;
}

Crew::~Crew() {
  PhaseResult last;
  for (const Member& member : members_) order(member, kEnd);
  for (const Member& member : members_) hear(member, last);
  if (!members_.empty()) order(members_[0], kEnd);
  for (const Member& member : members_) {
    ::waitpid(member.process, nullptr, 0);
    ::close(member.socket);
  }
}

bool Crew::order(const Member& member, char what) {
  return ::send(member.socket, &what, 1, MSG_NOSIGNAL) == 1;
}

bool Crew::hear(const Member& member, PhaseResult& result) {
  return ::recv(member.socket, &result, sizeof result, MSG_WAITALL) == sizeof result;
}

Result<std::vector<PhaseResult>, Failure> Crew::order_all(char what) {
  std::vector<PhaseResult> results(members_.size());
  for (const Member& member : members_) order(member, what);
  std::string failure;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const bool is_heard = hear(members_[i], results[i]);
    if (!failure.empty()) continue;
    if (!is_heard) failure = "A client has ended without a word.";
    if (is_heard) failure = std::string_view(results[i].failure.data());
  }
  if (!failure.empty()) return Failure{Errc::io_error, failure};
  return results;
}

Result<std::vector<PhaseResult>, Failure> Crew::run(std::size_t phase) {
  return order_all(static_cast<char>(kFirstPhase + phase));
}

}  // namespace mayfly
