// set_size, and dropping data: one inode, all servers that can hold its chunks.
#include "async/deadline.h"
#include "base/log.h"
#include "server/operation.h"

namespace mayfly {
namespace {

RequestHeader cut_request(const Attributes& file, std::uint64_t size, std::uint64_t generation) {
  RequestHeader header = about(Opcode::cut_data, file.id);
  header.offset = size;
  header.length = file.layout.chunk_bytes;
  header.argument = generation;
  return header;
}

Task<Result<Attributes>> cut_everywhere(Server& server, FileId file, std::uint64_t size) {
  MAYFLY_CO_TRY(attributes, server.names().get_attributes(file));
  MAYFLY_CO_TRY(generation, server.names().begin_truncate(file, wall_clock_ns()));
  co_await sleep_until(server.loop(), server.names().lent_until(file));
  const RequestHeader header = cut_request(attributes, size, generation);
  std::vector<std::uint32_t> holders = server.peers().holders(attributes.layout);
  std::uint64_t pages_freed = 0;
  const Status cut = co_await server.peers().ask(std::move(holders), header, pages_freed);
  if (!cut) {
    MAYFLY_CO_CHECKED(server.names().abandon_truncate(file));
    co_return cut.error();
  }
  co_return server.names().finish_truncate(file, size, pages_freed, wall_clock_ns());
}

/// The servers that can have a chunk of it, now that nobody has it open: of a small file not all.
std::vector<std::uint32_t> holders_of(Server& server, const Attributes& file) {
  std::vector<std::uint32_t> holders = server.peers().holders(file.layout);
  const std::uint64_t chunks = (file.size + file.layout.chunk_bytes - 1) / file.layout.chunk_bytes;
  if (file.flags == 0 && chunks < holders.size()) holders.resize(chunks);
  return holders;
}

/// What cut_data would do of it, if that has to wait for nobody.
bool drop_at_once(Server& server, FileId file) {
  const std::shared_ptr<Server::FileData> data = server.data_of(file);
  const auto permit = data->users.try_acquire(Server::FileData::kAll);
  if (!permit || !server.store().try_remove(file)) return false;
  data->dropped = true;
  server.forget_data(file);
  return true;
}

Task<void> drop_everywhere(Server& server, Attributes file, std::vector<std::uint32_t> holders) {
  const auto permit = co_await server.drops().acquire();
  const RequestHeader header = cut_request(file, 0, kDropGeneration);
  std::uint64_t unused = 0;
  const Status dropped = co_await server.peers().ask(std::move(holders), header, unused);
  if (!dropped && !server.stopping()) {
    log::warn("{}: the space of a removed file could not be freed everywhere: {}",
              server.describe(), describe(dropped.error()));
  }
}

}  // namespace

Task<Result<Attributes>> truncate_file(Server& server, FileId file, std::uint64_t size) {
  const std::shared_ptr<Semaphore> lock = server.lock_of(file);
  auto permit = co_await lock->acquire();
  co_return co_await cut_everywhere(server, file, size);
}

Task<void> set_size(Server& server, Request request) {
  if (request.header.offset > kMaxFileBytes) {
    co_return server.reply(request, Errc::file_too_big);
  }
  auto attributes = co_await truncate_file(server, request.header.file, request.header.offset);
  server.drop_lock(request.header.file);
  if (!attributes) co_return server.reply(request, attributes.error());
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*attributes));
}

void Server::drop_data(const Attributes& file) {
  lost_.erase(file.id);
  // Nothing was ever written: no server has anything of it.
  if (file.size == 0 && file.flags == 0) return;
  std::vector<std::uint32_t> holders = holders_of(*this, file);
  const bool is_here_only = holders.size() == 1 && holders.front() == index();
  if (is_here_only && drop_at_once(*this, file.id)) return;
  loop().spawn(drop_everywhere(*this, file, std::move(holders)));
}

}  // namespace mayfly
