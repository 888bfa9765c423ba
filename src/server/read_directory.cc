// read_directory: one page of this server's entries, with attributes.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// Entries of a page: 128 of the longest names fill half of kMaxBodyBytes.
constexpr std::size_t kPageEntries = 128;

}  // namespace

Task<void> read_directory(Server& server, Request request) {
  const auto page =
      server.names().read_directory(request.header.file, request.header.offset, kPageEntries);
  if (!page) co_return server.reply(request, page.error());
  WireBytes body;
  for (const NamedEntry& named : page->entries) {
    DirectoryEntry entry;
    entry.id = named.entry.id;
    entry.type = static_cast<std::uint32_t>(named.entry.type);
    entry.name = named.name;
    if (named.entry.attributes) entry.attributes = *named.entry.attributes;
    append(body, entry);
  }
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = page->next_cookie;
  header.flags = page->at_end ? 0 : reply_flags::kMore;
  co_await server.reply_with(request, header, body);
}

}  // namespace mayfly
