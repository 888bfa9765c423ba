// append: where the next record of a file goes. The bytes follow as writes to the chunks' servers.
#include "server/operation.h"

namespace mayfly {
namespace {

/// How often a place is looked for anew while others go on cutting the file.
constexpr int kMaxAttempts = 64;

/// Takes what the servers of the file's chunks know of its end: somebody writes anywhere, or did
/// and died. Without the file's lock, so that all who wait for a server that is gone do so at once.
Task<Status> learn_end(Server& server, FileId file, SettleTicket ticket) {
  MAYFLY_CO_TRY(attributes, server.names().get_attributes(file));
  RequestHeader header = about(Opcode::data_end, file);
  header.length = attributes.layout.chunk_bytes;
  std::uint64_t end = 0;
  std::vector<std::uint32_t> holders = server.peers().holders(attributes.layout);
  MAYFLY_CO_CHECKED(
      co_await server.peers().ask(std::move(holders), header, end, Peers::Fold::largest));
  const auto settled = server.names().settle(file, end, ticket);
  co_return settled ? Status() : Status(settled.error());
}

Task<Result<AppendPlace>> reserve(Server& server, FileId file, std::uint64_t length) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    MAYFLY_CO_TRY(ticket, server.names().settle_ticket(file));
    MAYFLY_CO_TRY(known, server.names().end_is_known(file));
    if (!known) {
      MAYFLY_CO_CHECKED(co_await learn_end(server, file, ticket));
    }
    // Not between the beginning and the end of a truncate, which has the lock.
    const std::shared_ptr<Semaphore> lock = server.lock_of(file);
    const auto permit = co_await lock->acquire();
    auto place = server.names().reserve(file, length, ticket);
    if (place || place.error() != Errc::stale) co_return place;
  }
  co_return Errc::io_error;
}

}  // namespace

Task<void> append(Server& server, Request request) {
  const RequestHeader& header = request.header;
  if (!request.connection->opens.contains({header.file, Access::append})) {
    co_return server.reply(request, Errc::bad_descriptor);
  }
  if (request.has(request_flags::kGiveBack)) {
    const AppendPlace place{header.offset, static_cast<std::uint32_t>(header.argument)};
    const Status given = server.names().give_back(header.file, place, header.length);
    co_return server.reply(request, to_errc(given));
  }
  auto place = co_await reserve(server, header.file, header.length);
  server.drop_lock(header.file);
  if (!place) co_return server.reply(request, place.error());
  server.reply(request, Errc::ok, place->offset, place->truncate_generation);
}

}  // namespace mayfly
