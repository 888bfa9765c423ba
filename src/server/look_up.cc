// look_up, get_attributes, get_parent: one name or one inode, one trip.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Task<void> reply_with_target(Server& server, Request request, WireBytes body) {
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.flags = reply_flags::kLink;
  co_await server.reply_with(request, header, body);
}

Task<void> reply_settled(Server& server, Request request, FileId directory) {
  const Status settled = co_await settle_directory(server, directory);
  server.drop_lock(directory);
  if (!settled) co_return server.reply(request, settled.error());
  const auto attributes = server.names().get_attributes(directory);
  if (!attributes) co_return server.reply(request, attributes.error());
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*attributes));
}

/// The answer to look_up with what has been found; `stale` names are answered elsewhere.
void answer(Server& server, Request& request, const Result<Entry>& entry) {
  if (!entry) return server.reply(request, entry.error());
  reply_entry(server, request, *entry);
}

Task<void> look_up_later(Server& server, Request request) {
  const auto name = decode_name(request.body.payload());
  MAYFLY_ASSERT(name.has_value());
  const FileId parent = request.header.file;
  auto entry = server.names().lookup(parent, *name);
  while (is_fenced(server, entry, parent, *name)) {
    co_await server.fences().wait(parent, *name);
    entry = server.names().lookup(parent, *name);
  }
  answer(server, request, entry);
}

}  // namespace

void reply_entry(Server& server, Request& request, const Entry& entry) {
  if (!entry.attributes) {
    return server.reply(request, Errc::ok, entry.id.home_and_salt, entry.id.serial,
                        reply_flags::kElsewhere);
  }
  const bool is_unsettled = (entry.attributes->flags & kUnsettled) != 0;
  if (is_unsettled && entry.type == DentryType::directory && !request.has(request_flags::kWalk)) {
    return server.loop().spawn(reply_settled(server, std::move(request), entry.id));
  }
  if (entry.target.empty()) {
    return server.reply(request, Errc::ok, 0, 0, 0, as_wire(*entry.attributes));
  }
  InodeBody body;
  body.attributes = *entry.attributes;
  body.target = entry.target;
  server.loop().spawn(reply_with_target(server, std::move(request), encode(body)));
}

void look_up(Server& server, Request& request) {
  const auto name = decode_name(request.body.payload());
  if (!name) return server.reply(request, name.error());
  const auto entry = server.names().lookup(request.header.file, *name);
  if (is_fenced(server, entry, request.header.file, *name)) {
    return server.loop().spawn(look_up_later(server, std::move(request)));
  }
  answer(server, request, entry);
}

void get_attributes(Server& server, Request& request) {
  const auto entry = server.names().get_entry(request.header.file);
  if (entry && is_gone_by_path(request, *entry)) return server.reply(request, Errc::no_entry);
  answer(server, request, entry);
}

void get_parent(Server& server, const Request& request) {
  const auto entry = server.names().get_entry(request.header.file);
  if (entry && is_gone_by_path(request, *entry)) return server.reply(request, Errc::no_entry);
  const auto parent = server.names().parent_of(request.header.file);
  if (!parent) return server.reply(request, parent.error());
  server.reply(request, Errc::ok, parent->home_and_salt, parent->serial);
}

}  // namespace mayfly
