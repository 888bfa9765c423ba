// The C edge of what goes with a description that processes share: tickets, and O_APPEND.
#include <cstring>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::File;
using mayfly::Membership;
using mayfly::Session;
using namespace mayfly::c_edge;

namespace {

/// Never leaves the user's own processes, which all run the same library.
struct Ticket {
  std::uint64_t session;
  mayfly::FileId file;
  std::int32_t flags;
  std::uint32_t reserved;
};
static_assert(sizeof(Ticket) == sizeof(mayfly_ticket));

}  // namespace

extern "C" {

int mayfly_get_ticket(int fd, mayfly_ticket* ticket) noexcept {
  if (ticket == nullptr) return fail(Errc::bad_address);
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  const auto file = (*membership)->find(fd);
  if (!file) return fail(file.error());
  const Ticket made{(*membership)->session().info().id, (*file)->id(), (*file)->flags(), 0};
  std::memcpy(ticket->bytes, &made, sizeof made);
  return 0;
}

int mayfly_set_append(int fd, int appends) noexcept {
  return give(run_on(fd, [=](File& file) { return file.set_append(appends != 0); }));
}

int mayfly_open_ticket(const mayfly_ticket* ticket) noexcept {
  if (ticket == nullptr) return fail(Errc::bad_address);
  const auto membership = Membership::current();
  if (!membership) return fail(membership.error());
  Ticket given{};
  std::memcpy(&given, ticket->bytes, sizeof given);
  Session& session = (*membership)->session();
  const bool is_ours = given.session == session.info().id && given.file.valid() &&
                       given.file.home() < session.servers();
  if (!is_ours) return fail(Errc::stale);
  auto file = session.run(File::reopen(session, given.file, given.flags));
  if (!file) return fail(file.error() == Errc::no_entry ? Errc::stale : file.error());
  return add_open(**membership, *file);
}

}  // extern "C"
