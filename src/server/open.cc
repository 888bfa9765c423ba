// open_name, open_id: a handle comes to be, and with O_CREAT the file.
#include <algorithm>
#include <cstring>
#include <utility>

#include "async/deadline.h"
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Creation creation_of(const Request& request, const NewNameBody& body) {
  Creation creation;
  creation.mode = body.mode;
  creation.uid = request.header.uid_or_generation;
  creation.gid = body.gid;
  creation.layout = body.layout;
  creation.now_ns = wall_clock_ns();
  return creation;
}

/// The file of that name, made if the request says so.
Result<Created> find_or_create(Server& server, const Request& request, const NewNameBody& body) {
  if (request.has(request_flags::kCreate)) {
    return server.names().create_file(request.header.file, body.name, creation_of(request, body),
                                      request.has(request_flags::kExclusive));
  }
  auto entry = server.names().lookup(request.header.file, body.name);
  if (!entry) return entry.error();
  Created found;
  found.entry = *entry;
  return found;
}

void undo_open(Server& server, Connection& connection, FileId file, Access access) {
  const auto held = connection.opens.find({file, access});
  // Gone with its connection, which has given up the handle already.
  if (held == connection.opens.end()) return;
  if (--held->second == 0) connection.opens.erase(held);
  server.settle(server.names().close(file, access));
}

/// What an open waits for once its handle is counted, and the answer.
Task<void> finish_open(Server& server, Request request, Attributes attributes, bool truncates,
                       std::uint16_t flags) {
  const FileId file = attributes.id;
  // Only now: a new file that nobody has open yet could be removed while its directory's home
  // hears.
  if ((flags & reply_flags::kCreated) != 0) co_await announce(server, request.header.file);
  // It counts as a writer already, so that no more bytes are lent.
  if (request.access() != Access::read) {
    co_await sleep_until(server.loop(), server.names().lent_until(file));
  }
  if (truncates) {
    auto cut = co_await truncate_file(server, file, 0);
    server.drop_lock(file);
    if (!cut) {
      undo_open(server, *request.connection, file, request.access());
      co_return server.reply(request, cut.error());
    }
    attributes = *cut;
  }
  server.reply(request, Errc::ok, 0, 0, flags, as_wire(attributes));
}

Task<void> reply_from(Server& server, Request request, ReplyHeader header, Buffer body,
                      std::size_t bytes) {
  co_await server.reply_with(request, header, Bytes(body.data(), bytes));
}

/// Answers with the attributes and all bytes of a short file, if nobody may change them and they
/// are at hand.
bool reply_with_bytes(Server& server, Request& request, const Attributes& file) {
  if (!request.has(request_flags::kWantsBytes) || file.flags != 0) return false;
  if (file.size == 0 || file.size > kFirstBytes) return false;
  if (server_of_chunk(file.layout, 0, server.servers()) != server.index()) return false;
  Buffer body = server.pool().try_acquire(BufferClass::small);
  if (!body) return false;
  const MutableBytes bytes(body.data() + sizeof file, file.size);
  const auto found = server.store().peek({file.id, 0}, 0, bytes);
  if (!found) return false;
  if (!server.names().lend_bytes(file.id, server.loop().now() + 2 * kFirstBytesLease)) return false;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(*found), bytes.end(), std::byte{0});
  std::memcpy(body.data(), &file, sizeof file);
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.flags = reply_flags::kHasBytes;
  const std::size_t length = sizeof file + file.size;
  server.loop().spawn(reply_from(server, std::move(request), header, std::move(body), length));
  return true;
}

/// Counts the handle and answers with the file's attributes; at once, unless that takes a truncate,
/// another server, or readers that believe they know the bytes.
void open_inode(Server& server, Request& request, FileId file, bool truncates,
                std::uint16_t flags) {
  const Access access = request.access();
  const auto opened = server.names().open(file, access);
  if (!opened) return server.reply(request, opened.error());
  if (request.connection->dead) return server.settle(server.names().forget(file, access));
  ++request.connection->opens[{file, access}];
  const bool is_new = (flags & reply_flags::kCreated) != 0;
  const bool is_lent =
      access != Access::read && !is_new && server.names().lent_until(file) > server.loop().now();
  if (truncates || is_lent || (is_new && server.names().must_announce(request.header.file))) {
    return server.loop().spawn(finish_open(server, std::move(request), *opened, truncates, flags));
  }
  if (access == Access::read && !is_new && reply_with_bytes(server, request, *opened)) return;
  server.reply(request, Errc::ok, 0, 0, flags, as_wire(*opened));
}

/// Of a file or directory that is here; a symbolic link the client follows.
void open_entry(Server& server, Request& request, const Entry& entry, std::uint16_t flags) {
  if (!entry.attributes || entry.type == DentryType::symbolic_link) {
    return reply_entry(server, request, entry);
  }
  if (entry.type == DentryType::directory) {
    const bool writes = request.has(request_flags::kForWrite | request_flags::kTruncate);
    if (writes) return server.reply(request, Errc::is_a_directory);
    return open_inode(server, request, entry.id, false, flags);
  }
  if (request.has(request_flags::kDirectory)) return server.reply(request, Errc::not_a_directory);
  const bool is_new = (flags & reply_flags::kCreated) != 0;
  bool truncates = request.has(request_flags::kTruncate) && !is_new;
  // Whether there is anything to cut is asked before the opener itself counts as a writer.
  if (truncates && entry.attributes->size == 0 && entry.attributes->flags == 0) {
    truncates = false;
    AttributeChange change;
    change.mask = AttributeChange::kMtime;
    change.mtime_ns = wall_clock_ns();
    const auto changed = server.names().set_attributes(entry.id, change, change.mtime_ns);
    if (!changed) return server.reply(request, changed.error());
  }
  open_inode(server, request, entry.id, truncates, flags);
}

void open_found(Server& server, Request& request, const Result<Created>& found) {
  if (!found) return server.reply(request, found.error());
  open_entry(server, request, found->entry, found->created ? reply_flags::kCreated : 0);
}

Task<void> open_later(Server& server, Request request) {
  const auto body = decode_new_name(request.body.payload());
  MAYFLY_ASSERT(body.has_value());
  const FileId parent = request.header.file;
  auto found = find_or_create(server, request, *body);
  while (is_fenced(server, found, parent, body->name)) {
    co_await server.fences().wait(parent, body->name);
    found = find_or_create(server, request, *body);
  }
  open_found(server, request, found);
}

}  // namespace

void open_name(Server& server, Request& request) {
  const auto body = decode_new_name(request.body.payload());
  if (!body) return server.reply(request, body.error());
  const auto found = find_or_create(server, request, *body);
  if (is_fenced(server, found, request.header.file, body->name)) {
    return server.loop().spawn(open_later(server, std::move(request)));
  }
  open_found(server, request, found);
}

void open_id(Server& server, Request& request) {
  const auto entry = server.names().get_entry(request.header.file);
  if (!entry) return server.reply(request, entry.error());
  if (is_gone_by_path(request, *entry)) return server.reply(request, Errc::no_entry);
  open_entry(server, request, *entry, 0);
}

Task<void> make_directory(Server& server, Request request) {
  const auto body = decode_new_name(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const Creation creation = creation_of(request, *body);
  const FileId parent = request.header.file;
  const auto attempt = [&] { return server.names().make_directory(parent, body->name, creation); };
  const auto made = co_await when_free(server, parent, body->name, attempt);
  if (!made) co_return server.reply(request, made.error());
  co_await announce(server, parent);
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*made));
}

Task<void> make_symbolic_link(Server& server, Request request) {
  const auto body = decode_symbolic_link(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const Creation creation = creation_of(request, body->link);
  const FileId parent = request.header.file;
  const std::string_view name = body->link.name;
  const auto attempt = [&] {
    return server.names().make_symbolic_link(parent, name, body->target, creation);
  };
  const auto made = co_await when_free(server, parent, name, attempt);
  if (made) co_await announce(server, parent);
  server.reply(request, made ? Errc::ok : made.error());
}

}  // namespace mayfly
