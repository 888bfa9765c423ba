// set_, get_, list_ and remove_extended: extended attributes of an inode.
#include <sys/xattr.h>

#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

using Condition = ExtendedAttributes::Condition;

/// A value or list may be longer than what is posted.
Task<void> reply_text(Server& server, Request request, std::string text) {
  const ReplyHeader header = server.reply_header(request, Errc::ok);
  co_await server.reply_with(request, header, std::as_bytes(std::span(text)));
}

}  // namespace

void set_extended(Server& server, const Request& request) {
  const auto body = decode_extended(request.body.payload());
  const std::uint64_t flags = request.header.argument;
  if (!body || flags > XATTR_REPLACE) return server.reply(request, Errc::bad_message);
  const Condition condition = flags == XATTR_CREATE    ? Condition::create
                              : flags == XATTR_REPLACE ? Condition::replace
                                                       : Condition::none;
  const Status set = server.names().set_extended(request.header.file, body->name, body->value,
                                                 condition, wall_clock_ns());
  server.reply(request, to_errc(set));
}

void get_extended(Server& server, Request& request) {
  const auto body = decode_extended(request.body.payload());
  if (!body) return server.reply(request, body.error());
  const auto value = server.names().get_extended(request.header.file, body->name);
  if (!value) return server.reply(request, value.error());
  server.loop().spawn(reply_text(server, std::move(request), std::string(*value)));
}

void list_extended(Server& server, Request& request) {
  auto names = server.names().list_extended(request.header.file);
  if (!names) return server.reply(request, names.error());
  server.loop().spawn(reply_text(server, std::move(request), std::move(*names)));
}

void remove_extended(Server& server, const Request& request) {
  const auto body = decode_extended(request.body.payload());
  if (!body) return server.reply(request, body.error());
  const Status removed =
      server.names().remove_extended(request.header.file, body->name, wall_clock_ns());
  server.reply(request, to_errc(removed));
}

}  // namespace mayfly
