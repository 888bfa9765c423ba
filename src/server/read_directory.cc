// read_directory: one page of this server's entries, with attributes.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// Entries taken at a time, and the most bytes that they can have: a page that leaves less is full.
constexpr std::size_t kStepEntries = 64;
constexpr std::size_t kStepBytes = kStepEntries * 375;
static_assert(kMaxBodyBytes > 2 * kStepBytes);

void append(WireBytes& body, const NamedEntry& named) {
  DirectoryEntry entry;
  entry.cookie = named.cookie;
  entry.id = named.entry.id;
  entry.type = static_cast<std::uint32_t>(named.entry.type);
  entry.name = named.name;
  if (named.entry.attributes) entry.attributes = *named.entry.attributes;
  append(body, entry);
}

}  // namespace

Task<void> read_directory(Server& server, Request request) {
  if (request.header.offset == 0) {
    server.names().note_read(request.header.file, false, wall_clock_ns());
  }
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = request.header.offset;
  header.flags = reply_flags::kMore;
  WireBytes body;
  while (header.flags != 0 && body.size() + kStepBytes <= kMaxBodyBytes) {
    const auto page =
        server.names().read_directory(request.header.file, header.value, kStepEntries);
    if (!page) co_return server.reply(request, page.error());
    for (const NamedEntry& named : page->entries) append(body, named);
    header.value = page->next_cookie;
    if (page->at_end) header.flags = 0;
  }
  co_await server.reply_with(request, header, body);
}

}  // namespace mayfly
