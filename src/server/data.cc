// data_end, seek_data, sync_data, cut_data: what a server does with all chunks of a file that it
// holds.
#include <algorithm>
#include <map>

#include "server/operation.h"

namespace mayfly {

void data_end(Server& server, const Request& request) {
  const std::uint64_t chunk_bytes = request.header.length;
  std::uint64_t end = 0;
  ExtentBody extent;
  extent.modified_ns = server.last_write_of(request.header.file);
  for (const ChunkExtent& chunk : server.store().chunks_of(request.header.file)) {
    extent.pages += chunk.pages;
    if (chunk.end_bytes == 0) continue;
    end = std::max(end, chunk.index * chunk_bytes + chunk.end_bytes);
  }
  server.reply(request, Errc::ok, end, 0, 0, as_wire(extent));
}

void seek_data(Server& server, const Request& request) {
  const std::uint64_t offset = request.header.offset;
  const std::uint64_t chunk_bytes = request.header.length;
  const auto [column, width] = unpack_column(request.header.argument);
  if (chunk_bytes == 0 || width == 0 || column >= width || offset > kMaxFileBytes) {
    return server.reply(request, Errc::bad_message);
  }
  const FileId file = request.header.file;
  const ChunkStore& store = server.store();
  std::uint64_t data = kNowhere;
  std::map<std::uint64_t, std::uint64_t> ends;  // of the chunks that reach beyond the offset
  for (const ChunkExtent& chunk : store.chunks_of(file)) {
    const std::uint64_t begin = chunk.index * chunk_bytes;
    if (chunk.end_bytes == 0 || begin + chunk.end_bytes <= offset) continue;
    ends.emplace(chunk.index, chunk.end_bytes);
    const std::uint64_t from = std::max(begin, offset) - begin;
    const std::uint64_t there = store.next_data({file, chunk.index}, from);
    if (there < chunk.end_bytes) data = std::min(data, begin + there);
  }
  // The first of this server's chunks at or behind the offset that is not there to its end.
  std::uint64_t index = first_in_column({column, width}, offset / chunk_bytes);
  std::uint64_t hole = 0;
  for (;; index += width) {
    const std::uint64_t from = std::max(offset, index * chunk_bytes) - index * chunk_bytes;
    hole = ends.contains(index) ? store.next_hole({file, index}, from) : from;
    if (hole < chunk_bytes) break;
  }
  server.reply(request, Errc::ok, data, index * chunk_bytes + hole);
}

namespace {

Task<Status> cut(ChunkStore& store, ChunkId chunk, std::uint64_t end, std::uint64_t& pages_freed) {
  const auto freed = co_await store.truncate(chunk, end);
  if (!freed) co_return freed.error();
  pages_freed += *freed;
  co_return Status();
}

}  // namespace

Task<void> sync_data(Server& server, Request request) {
  const FileId file = request.header.file;
  if (file.valid()) co_return server.reply(request, to_errc(co_await server.store().sync(file)));
  // What was removed before is to be gone too, also where others have its chunks.
  co_await server.wait_for_drops();
  const Status status = co_await server.store().sync_all();
  server.reply(request, to_errc(status));
}

Task<void> cut_data(Server& server, Request request) {
  const FileId file = request.header.file;
  const std::uint64_t size = request.header.offset;
  const std::uint64_t chunk_bytes = request.header.length;
  const bool drop = request.header.argument == kDropGeneration;
  if (chunk_bytes == 0) co_return server.reply(request, Errc::bad_message);
  const std::shared_ptr<Server::FileData> data = server.data_of(file);
  // With all permits no write of the file is under way: none can bring back what is cut here.
  auto permit = co_await data->users.acquire(Server::FileData::kAll);
  if (drop) {
    data->dropped = true;
  } else if (request.header.argument < data->generation) {
    // A cut that was late: a newer one has been made since.
    co_return server.reply(request, Errc::stale);
  } else {
    data->generation = static_cast<std::uint32_t>(request.header.argument);
  }
  std::uint64_t pages_freed = 0;
  TaskGroup group;
  for (const ChunkExtent& chunk : server.store().chunks_of(file)) {
    const std::uint64_t begin = chunk.index * chunk_bytes;
    const std::uint64_t end = size > begin ? size - begin : 0;
    // Not only what was written: what is reserved reaches to the chunk's end at the most.
    if (end < chunk_bytes) group.add(cut(server.store(), {file, chunk.index}, end, pages_freed));
  }
  const Status status = co_await group.join();
  if (drop) server.forget_data(file);
  server.reply(request, to_errc(status), pages_freed);
}

}  // namespace mayfly
