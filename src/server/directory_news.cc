// note_news, take_news: a directory's times and nlink follow entries that are on other servers
// (metadata/namespace.h says how).
#include <algorithm>

#include "async/task_group.h"
#include "base/log.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Task<Status> take_from(Server& server, FileId directory, std::uint32_t holder) {
  auto reply = co_await server.peers().channel(holder).call(about(Opcode::take_news, directory));
  const Status taken = status_of(reply);
  if (!taken) {
    // The directory may be gone by now; else they are still to be had.
    const Status noted = server.names().note_news(directory, holder);
    co_return noted ? taken : noted;
  }
  if ((reply->header.flags & reply_flags::kMore) == 0) co_return Status();
  DirectoryChange change;
  const std::int64_t now = wall_clock_ns();
  change.changed_ns =
      now - static_cast<std::int64_t>(std::min<std::uint64_t>(reply->header.value, now));
  change.subdirectories = static_cast<std::uint32_t>(reply->header.second);
  co_return server.names().change_directory(directory, holder, change);
}

}  // namespace

Task<void> announce(Server& server, FileId directory) {
  const std::uint64_t news = server.names().unannounced(directory);
  if (news == 0) co_return;
  RequestHeader header = about(Opcode::note_news, directory);
  header.argument = server.index();
  const Status noted = status_of(co_await server.peers().call_home(header));
  // The change stands either way; with the home the directory itself is lost. The next one tries
  // again.
  if (!noted) {
    log::debug("{}: a directory's home did not hear of its change", server.describe());
    co_return;
  }
  server.names().announced(directory, news);
}

Task<Status> settle_directory(Server& server, FileId directory) {
  const std::shared_ptr<Semaphore> lock = server.lock_of(directory);
  const auto permit = co_await lock->acquire();
  MAYFLY_CO_TRY(holders, server.names().begin_settling(directory));
  TaskGroup group;
  for (const std::uint32_t holder : holders) group.add(take_from(server, directory, holder));
  const Status settled = co_await group.join();
  server.names().end_settling(directory);
  co_return settled;
}

void note_news(Server& server, const Request& request) {
  const auto sender = static_cast<std::uint32_t>(request.header.argument);
  if (sender >= server.servers()) return server.reply(request, Errc::bad_message);
  server.reply(request, to_errc(server.names().note_news(request.header.file, sender)));
}

void take_news(Server& server, const Request& request) {
  const auto change = server.names().take_news(request.header.file);
  if (!change) return server.reply(request, Errc::ok);
  const std::int64_t age = std::max<std::int64_t>(0, wall_clock_ns() - change->changed_ns);
  server.reply(request, Errc::ok, static_cast<std::uint64_t>(age), change->subdirectories,
               reply_flags::kMore);
}

}  // namespace mayfly
