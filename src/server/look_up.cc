// look_up: one name, one trip.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {

void look_up(Server& server, const Request& request) {
  const auto body = decode_name(request.body.payload());
  if (!body) return server.reply(request, body.error());
  const auto entry = server.names().lookup(request.header.file, body->name);
  if (!entry) return server.reply(request, entry.error());
  if (!entry->attributes) return server.reply(request, Errc::stale);
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*entry->attributes));
}

}  // namespace mayfly
