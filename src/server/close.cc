// close, report_size, note_read, note_lost: what a file's size and atime become, when its data may
// go, and that some is lost.
#include <algorithm>

#include "base/log.h"
#include "protocol/channel.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// None if there is none, or one of a size that no file can have.
std::optional<SizeReport> report_of(const Request& request) {
  if (!request.has(request_flags::kHasSize)) return std::nullopt;
  if (request.header.offset > kMaxFileBytes) return std::nullopt;
  SizeReport report;
  report.size = request.header.offset;
  report.truncate_generation = request.header.uid_or_generation;
  report.pages = static_cast<std::int64_t>(request.header.argument);
  // Never before 1970, whatever a sender calls the age.
  const std::int64_t now = wall_clock_ns();
  report.modified_ns =
      now - static_cast<std::int64_t>(std::min<std::uint64_t>(request.header.length, now));
  // The age has grown on the way; the sender's clock may be wrong. Neither may make a write later
  // than it was: times that were set after it would be lost.
  const auto at_sender = decode_time(request.body.payload());
  if (at_sender && *at_sender > 0) report.modified_ns = std::min(report.modified_ns, *at_sender);
  return report;
}

Errc close_held(Server& server, const Request& request) {
  const FileId file = request.header.file;
  const Access access = request.access();
  auto& opens = request.connection->opens;
  const auto held = opens.find({file, access});
  if (held == opens.end()) return Errc::bad_descriptor;
  if (--held->second == 0) opens.erase(held);
  const auto report = report_of(request);
  // With a write that may yet be carried out, nobody knows the size: as if its writer had died.
  if (request.has(request_flags::kUnsure) && report) {
    const auto reported = server.names().report_size(file, *report);
    if (!reported) return reported.error();
  }
  const auto release = request.has(request_flags::kUnsure)
                           ? server.names().forget(file, access)
                           : server.names().close(file, access, report);
  server.settle(release);
  // Nobody hears what a close says that is not waited for: the next one does.
  const bool is_awaited = Channel::is_awaited(request.header.request_id);
  const bool is_told = is_awaited && access != Access::read && server.take_lost(file);
  return release && is_told ? Errc::io_error : to_errc(release);
}

}  // namespace

void close_file(Server& server, const Request& request) {
  const Errc error = close_held(server, request);
  if (Channel::is_awaited(request.header.request_id)) server.reply(request, error);
}

Task<void> announce_loss(Server& server, FileId file) {
  if (file.home() == server.index()) {
    server.note_lost(file);
    co_return;
  }
  const Status noted = status_of(co_await server.peers().call_home(about(Opcode::note_lost, file)));
  if (!noted) log::debug("{}: a file's home did not hear of its loss", server.describe());
}

void note_lost(Server& server, const Request& request) {
  server.note_lost(request.header.file);
  server.reply(request, Errc::ok);
}

void note_read(Server& server, const Request& request) {
  const bool is_changed = request.has(request_flags::kForWrite);
  server.names().note_read(request.header.file, is_changed, wall_clock_ns());
  if (Channel::is_awaited(request.header.request_id)) server.reply(request, Errc::ok);
}

void report_size(Server& server, const Request& request) {
  if (request.has(request_flags::kReserves)) {
    return server.reply(request, to_errc(server.names().note_reserved(request.header.file)));
  }
  const auto report = report_of(request);
  if (!report) return server.reply(request, Errc::bad_message);
  const auto attributes = server.names().report_size(request.header.file, *report);
  if (!attributes) return server.reply(request, attributes.error());
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*attributes));
}

}  // namespace mayfly
