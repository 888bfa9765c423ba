// The C edge of the launch.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "mayfly/mayfly_mpi.h"
#include "mpi_launch/launch.h"
#include "mpi_launch/mpi_communicator.h"

using mayfly::Errc;
using mayfly::Failure;
using mayfly::Launch;
using mayfly::LaunchOptions;
using mayfly::MpiCommunicator;

namespace {

int fail(const MpiCommunicator& ranks, Errc code, const std::string& sentence) {
  if (ranks.rank() == 0) std::fprintf(stderr, "mayfly: %s\n", sentence.c_str());
  errno = mayfly::to_errno(code);
  return -1;
}

std::string session_file_of(const mayfly_mpi_options* given) {
  if (given != nullptr && given->session_file != nullptr) return given->session_file;
  const char* const environment = std::getenv("MAYFLY_SESSION_FILE");
  return environment == nullptr ? "" : environment;
}

LaunchOptions launch_options(const mayfly_mpi_options* given) {
  LaunchOptions options;
  options.session_file = session_file_of(given);
  if (given == nullptr) return options;
  if (given->scratch != nullptr) options.scratch = given->scratch;
  if (given->servers_per_node != 0) options.roles.servers_per_node = given->servers_per_node;
  if (given->server_ranks != nullptr) {
    options.roles.server_local_ranks.assign(given->server_ranks,
                                            given->server_ranks + given->server_rank_count);
  }
  if (given->memory_bytes != 0) options.memory_bytes = given->memory_bytes;
  options.capacity_bytes = given->capacity_bytes;
  options.null_store = given->null_store != 0;
  return options;
}

/// Joins on every client; says why not if one could not.
std::optional<std::string> join_together(const Launch& launch, const MpiCommunicator& clients) {
  const mayfly::WireBytes session = mayfly::encode(launch.session());
  const int joined = mayfly_join(session.data(), session.size());
  const std::string mine = joined == 0 ? "" : mayfly::describe(mayfly::errc_from(errno));
  const std::vector<std::string> errors = clients.allgather(mine);
  for (std::size_t client = 0; client < errors.size(); ++client) {
    if (errors[client].empty()) continue;
    return "Client " + std::to_string(client) + " could not join the file system (" +
           errors[client] + "): its log line says more.";
  }
  return std::nullopt;
}

int leave(const MpiCommunicator& clients) {
  // Everybody else has left before the servers are told to go.
  int outcome = clients.rank() == 0 ? 0 : mayfly_leave();
  clients.barrier();
  if (clients.rank() != 0) return outcome;
  outcome = mayfly_shut_down();
  const int error = errno;
  mayfly_leave();
  errno = error;
  return outcome;
}

/// Leaves and ends the servers, or the job if one of them cannot be told.
int finish(const MpiCommunicator& clients) {
  const int outcome = leave(clients);
  const int error = errno;
  if (outcome != 0 && clients.rank() == 0) {
    // A server that was not told would wait for clients for ever, and MPI_Finalize for it.
    std::perror("mayfly: not all servers could be told to stop, so the job is ended");
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  errno = error;
  return outcome;
}

int finalize_key = MPI_KEYVAL_INVALID;

int on_finalize(MPI_Comm /*self*/, int /*key*/, void* kept, void* /*state*/) {
  auto* clients = static_cast<MPI_Comm*>(kept);
  if (*clients != MPI_COMM_NULL) {
    finish(MpiCommunicator(*clients));
    MPI_Comm_free(clients);
  }
  delete clients;
  return MPI_SUCCESS;
}

/// What hangs on MPI_COMM_SELF is freed at the beginning of MPI_Finalize: so clients that forget to
/// finish do it then, and no server waits for them for ever.
void finish_at_finalize(MPI_Comm clients) {
  auto* kept = new MPI_Comm(MPI_COMM_NULL);
  MPI_Comm_dup(clients, kept);
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, &on_finalize, &finalize_key, nullptr);
  MPI_Comm_set_attr(MPI_COMM_SELF, finalize_key, kept);
}

void forget_finalize() {
  void* kept = nullptr;
  int found = 0;
  if (finalize_key != MPI_KEYVAL_INVALID) {
    MPI_Comm_get_attr(MPI_COMM_SELF, finalize_key, &kept, &found);
  }
  if (found == 0) return;
  MPI_Comm_free(static_cast<MPI_Comm*>(kept));
  MPI_Comm_delete_attr(MPI_COMM_SELF, finalize_key);
  MPI_Comm_free_keyval(&finalize_key);
}

}  // namespace

extern "C" {

int mayfly_mpi_split(MPI_Comm world, const mayfly_mpi_options* options,
                     MPI_Comm* clients) noexcept {
  *clients = MPI_COMM_NULL;
  const MpiCommunicator ranks(world);
  auto launch = Launch::start(ranks, launch_options(options));
  if (!launch) return fail(ranks, launch.error().code, launch.error().sentence);
  MpiCommunicator peers = ranks.split(static_cast<int>(launch->role()));
  if (launch->role() == mayfly::Role::server) {
    launch->serve();
    return 1;
  }
  if (const auto why = join_together(*launch, peers)) {
    // The servers wait for clients, and there may be none left who could tell them.
    fail(peers, Errc::not_connected, *why);
    MPI_Abort(world, 1);
  }
  *clients = peers.release();
  finish_at_finalize(*clients);
  return 0;
}

int mayfly_mpi_finish(MPI_Comm* clients) noexcept {
  if (*clients == MPI_COMM_NULL) return 0;
  const int outcome = finish(MpiCommunicator(*clients));
  const int error = errno;
  forget_finalize();
  MPI_Comm_free(clients);
  errno = error;
  return outcome;
}

}  // extern "C"
