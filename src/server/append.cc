// append: where the next record of a file goes. The bytes follow as writes to the chunks' servers.
#include "server/operation.h"

namespace mayfly {
namespace {

/// Takes what the servers of the file's chunks know of its end: somebody writes anywhere, or did
/// and died. The caller holds the file's lock, so nothing is cut meanwhile.
Task<Status> learn_end(Server& server, FileId file) {
  MAYFLY_CO_TRY(attributes, server.names().get_attributes(file));
  MAYFLY_CO_TRY(ticket, server.names().settle_ticket(file));
  RequestHeader header;
  header.opcode = Opcode::data_end;
  header.epoch = server.names().epoch();
  header.file = file;
  header.length = attributes.layout.chunk_bytes;
  std::uint64_t end = 0;
  MAYFLY_CO_CHECKED(co_await server.peers().ask(server.peers().holders(attributes.layout), header,
                                                end, Peers::Fold::largest));
  const auto settled = server.names().settle(file, end, ticket);
  co_return settled ? Status() : Status(settled.error());
}

Task<Result<AppendPlace>> reserve(Server& server, FileId file, std::uint64_t length) {
  const std::shared_ptr<Semaphore> lock = server.lock_of(file);
  const auto permit = co_await lock->acquire();
  MAYFLY_CO_TRY(known, server.names().end_is_known(file));
  if (!known) {
    MAYFLY_CO_CHECKED(co_await learn_end(server, file));
  }
  co_return server.names().reserve(file, length);
}

}  // namespace

Task<void> append(Server& server, Request request) {
  const FileId file = request.header.file;
  if (!request.connection->opens.contains({file, Access::append})) {
    co_return server.reply(request, Errc::bad_descriptor);
  }
  auto place = co_await reserve(server, file, request.header.length);
  server.drop_lock(file);
  if (!place) co_return server.reply(request, place.error());
  server.reply(request, Errc::ok, place->offset, place->truncate_generation);
}

}  // namespace mayfly
