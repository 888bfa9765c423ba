// set_attributes, usage.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {

void set_attributes(Server& server, const Request& request) {
  const auto body = decode_change(request.body.payload());
  if (!body) return server.reply(request, body.error());
  AttributeChange change;
  change.mask = body->mask;
  change.mode = body->mode;
  change.uid = body->uid;
  change.gid = body->gid;
  change.atime_ns = body->atime_ns;
  change.mtime_ns = body->mtime_ns;
  const auto changed = server.names().set_attributes(request.header.file, change, wall_clock_ns());
  server.reply(request, changed ? Errc::ok : changed.error());
}

void usage(Server& server, const Request& request) {
  const StoreUsage usage = server.store().usage();
  server.reply(request, Errc::ok, usage.capacity_bytes, usage.used_bytes);
}

}  // namespace mayfly
