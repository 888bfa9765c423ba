// put_file: a whole file by one request. Its bytes are written before anybody can find it.
#include <string>

#include "server/operation.h"

namespace mayfly {
namespace {

bool is_sane(const Request& request) {
  const std::uint64_t payload = request.body.payload_bytes();
  return payload <= kMaxPieceBytes && request.header.length <= payload;
}

/// On its way.
struct Arrival {
  std::string name;
  NewFile file;
  Arrived payload;  ///< begins with the file's bytes
  bool is_named = false;
};

/// cross_device: its first chunk does not belong here, or does not hold it.
Result<Arrival> take_apart(Server& server, const Request& request, Arrived payload) {
  const std::uint64_t bytes = request.header.length;
  Bytes wire = payload.bytes;
  if (payload.buffer) wire = Bytes(payload.buffer.data(), request.body.payload_bytes());
  MAYFLY_TRY(body, decode_whole_file(wire, bytes));
  if (!is_valid(body.layout, server.servers())) return Errc::invalid;
  const bool is_here = server_of_chunk(body.layout, 0, server.servers()) == server.index();
  if (!is_here || bytes > body.layout.chunk_bytes) return Errc::cross_device;
  Arrival arrival;
  arrival.name = body.name;
  arrival.file.id = server.names().new_id();
  arrival.file.creation = {body.mode, body.uid, body.gid, body.layout, 0};
  arrival.file.atime_ns = body.atime_ns;
  arrival.file.mtime_ns = body.mtime_ns;
  arrival.file.size = bytes;
  arrival.payload = std::move(payload);
  return arrival;
}

Task<Status> write_bytes(Server& server, Arrival& arrival) {
  const FileId id = arrival.file.id;
  ChunkWrite write{server.data_of(id), {id, 0}, {0, arrival.file.size}, {}, {}};
  Task<Transfer> writing = write_chunk(server, write, std::move(arrival.payload));
  const Transfer written = co_await std::move(writing);
  arrival.file.pages = write.effect.pages_taken;
  co_return to_status(to_errc(written.bytes));
}

Task<Status> give_name(Server& server, FileId parent, Arrival& arrival) {
  const auto attempt = [&] {
    arrival.file.creation.now_ns = wall_clock_ns();
    return server.names().put_file(parent, arrival.name, arrival.file);
  };
  const auto put = co_await when_free(server, parent, arrival.name, attempt);
  if (!put) co_return put.error();
  arrival.is_named = true;
  Status dropped;
  if (const auto& replaced = *put) {
    server.settle(*replaced);
    const FileId old = replaced->attributes.id;
    if (replaced->is_elsewhere) dropped = co_await tell_home(server, Opcode::drop_link, old);
  }
  co_await announce(server, parent);
  co_return dropped;
}

/// Nobody has ever found it.
void take_back(Server& server, const NewFile& file) {
  Attributes attributes;
  attributes.id = file.id;
  attributes.layout = file.creation.layout;
  attributes.size = file.size;
  server.drop_data(attributes);
}

Task<Status> put(Server& server, FileId parent, Arrival& arrival) {
  Status status;
  if (arrival.file.size > 0) status = co_await write_bytes(server, arrival);
  if (status) status = co_await give_name(server, parent, arrival);
  if (!arrival.is_named) take_back(server, arrival.file);
  co_return status;
}

}  // namespace

Task<void> put_file(Server& server, Request request) {
  if (!is_sane(request)) co_return server.reply(request, Errc::bad_message);
  auto payload = co_await receive_payload(server, request, 0);
  if (!payload) co_return server.reply(request, payload.error());
  auto arrival = take_apart(server, request, std::move(*payload));
  if (!arrival) co_return server.reply(request, arrival.error());
  const Status status = co_await put(server, request.header.file, *arrival);
  server.reply(request, to_errc(status), arrival->file.size);
}

}  // namespace mayfly
