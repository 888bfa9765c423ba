// set_attributes, set_layout, usage.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

AttributeChange change_of(const ChangeBody& body) {
  AttributeChange change;
  change.mask = body.mask;
  change.mode = body.mode;
  change.uid = body.uid;
  change.gid = body.gid;
  change.atime_ns = body.atime_ns;
  change.mtime_ns = body.mtime_ns;
  return change;
}

/// Whether clients that have cached the directory allow, or make of new files, what they must not
/// from now on. What they refuse they look up again.
bool makes_caches_wrong(const Attributes& before, const AttributeChange& change) {
  if (!before.is_directory()) return false;
  const bool is_another_uid =
      (change.mask & AttributeChange::kUid) != 0 && change.uid != before.uid;
  const bool is_another_gid =
      (change.mask & AttributeChange::kGid) != 0 && change.gid != before.gid;
  if (is_another_uid || is_another_gid) return true;
  if ((change.mask & AttributeChange::kMode) == 0) return false;
  const std::uint32_t taken = before.mode & ~change.mode & 0777;
  return taken != 0 || ((before.mode ^ change.mode) & (S_ISGID | S_ISVTX)) != 0;
}

/// First the change and then the epoch: who asks under the new one sees it.
template <class Change>
Task<Status> change_what_is_cached(Server& server, Change change) {
  // As for renames: those that wait for the tree leave the channel to the one that has it.
  const auto permit = co_await server.renames().acquire();
  MAYFLY_CO_CHECKED(co_await hold_tree(server));
  Status status = change();
  if (status) status = co_await raise_epochs(server);
  co_await release_tree(server);
  co_return status;
}

}  // namespace

Task<void> set_attributes(Server& server, Request request) {
  const auto body = decode_change(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const FileId file = request.header.file;
  const AttributeChange change = change_of(*body);
  const auto before = server.names().get_attributes(file);
  if (!before) co_return server.reply(request, before.error());
  // What its entries did before must not come later than the time that is set now.
  const bool is_unsettled = before->is_directory() && (before->flags & kUnsettled) != 0;
  if (is_unsettled && (change.mask & AttributeChange::kMtime) != 0) {
    const Status settled = co_await settle_directory(server, file);
    server.drop_lock(file);
    if (!settled) co_return server.reply(request, settled.error());
  }
  if (!makes_caches_wrong(*before, change)) {
    const auto changed = server.names().set_attributes(file, change, wall_clock_ns());
    co_return server.reply(request, changed ? Errc::ok : changed.error());
  }
  const Status status = co_await change_what_is_cached(server, [&] {
    const auto changed = server.names().set_attributes(file, change, wall_clock_ns());
    return changed ? Status() : Status(changed.error());
  });
  server.reply(request, to_errc(status));
}

Task<void> set_layout(Server& server, Request request) {
  const auto layout = decode_layout(request.body.payload());
  if (!layout) co_return server.reply(request, layout.error());
  const Status status = co_await change_what_is_cached(server, [&] {
    return server.names().set_layout(request.header.file, *layout, wall_clock_ns());
  });
  server.reply(request, to_errc(status));
}

void usage(Server& server, const Request& request) {
  const StoreUsage usage = server.store().usage();
  server.reply(request, Errc::ok, usage.capacity_bytes, usage.used_bytes);
}

}  // namespace mayfly
