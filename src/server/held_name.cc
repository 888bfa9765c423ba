// hold_name, put_name, release_name: this server's part in a rename that another coordinates.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// The name is held by the sender: so one whose connection was lost meanwhile changes nothing.
bool is_holder(const Request& request, std::string_view name) {
  return request.connection->held.contains({request.header.file, std::string(name)});
}

}  // namespace

Task<Result<std::optional<Entry>>> hold_when_free(Server& server, FileId parent, std::string name) {
  auto entry = server.names().hold(parent, name);
  while (is_fenced(server, entry, parent, name)) {
    co_await server.fences().wait(parent, name);
    entry = server.names().hold(parent, name);
  }
  if (entry) server.fences().raise(parent, name);
  co_return entry;
}

void release_held(Server& server, FileId parent, std::string_view name) {
  server.names().release(parent, name);
  server.fences().lift(parent, name);
}

Task<void> hold_name(Server& server, Request request) {
  const auto body = decode_name(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const FileId parent = request.header.file;
  std::string name(body->name);
  const auto entry = co_await hold_when_free(server, parent, name);
  if (!entry) co_return server.reply(request, entry.error());
  if (request.connection->dead) co_return release_held(server, parent, name);
  request.connection->held.emplace(parent, name);
  WireBytes found;
  if (entry->has_value()) {
    DentryBody dentry;
    dentry.id = (*entry)->id;
    dentry.type = (*entry)->type;
    found = encode(dentry);
  }
  server.reply(request, Errc::ok, 0, 0, 0, found);
}

Task<void> put_name(Server& server, Request request) {
  const auto body = decode_dentry(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const FileId parent = request.header.file;
  const DentryBody to = *body;
  while (is_holder(request, to.name)) {
    const Status put = server.names().put(parent, to.name, to.id, to.type, wall_clock_ns());
    if (!is_fenced(server, put, parent, "")) {
      if (put) co_await announce(server, parent);
      co_return server.reply(request, to_errc(put));
    }
    co_await server.fences().wait(parent, "");
  }
  server.reply(request, Errc::invalid);
}

void release_name(Server& server, const Request& request) {
  const auto body = decode_name(request.body.payload());
  if (!body) return server.reply(request, body.error());
  if (!is_holder(request, body->name)) return server.reply(request, Errc::invalid);
  request.connection->held.erase({request.header.file, std::string(body->name)});
  release_held(server, request.header.file, body->name);
  server.reply(request, Errc::ok);
}

}  // namespace mayfly
