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
  const auto attempt = [&] {
    auto entry = server.names().hold(parent, name);
    if (entry) server.fences().raise(parent, name);
    return entry;
  };
  co_return co_await when_free(server, parent, name, attempt);
}

void release_held(Server& server, FileId parent, std::string_view name) {
  server.names().release(parent, name);
  server.fences().lift(parent, name);
}

Task<void> hold_name(Server& server, Request request) {
  const auto told = decode_name(request.body.payload());
  if (!told) co_return server.reply(request, told.error());
  const FileId parent = request.header.file;
  const std::string name(*told);
  const auto entry = co_await hold_when_free(server, parent, name);
  if (!entry) co_return server.reply(request, entry.error());
  if (request.connection->dead) co_return release_held(server, parent, name);
  request.connection->held.emplace(parent, name);
  WireBytes found;
  if (entry->has_value()) found = encode(DentryBody{(*entry)->id, (*entry)->type, {}});
  server.reply(request, Errc::ok, 0, 0, 0, found);
}

Task<void> put_name(Server& server, Request request) {
  const auto body = decode_dentry(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const auto is_held = [&] { return is_holder(request, body->name); };
  const Status put = co_await put_when_thawed(server, request.header.file, *body, is_held);
  server.reply(request, to_errc(put));
}

void release_name(Server& server, const Request& request) {
  const auto name = decode_name(request.body.payload());
  if (!name) return server.reply(request, name.error());
  if (!is_holder(request, *name)) return server.reply(request, Errc::invalid);
  request.connection->held.erase({request.header.file, std::string(*name)});
  release_held(server, request.header.file, *name);
  server.reply(request, Errc::ok);
}

}  // namespace mayfly
