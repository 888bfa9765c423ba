// close, report_size, remove_file: what a file's size becomes, and when its data may go.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

std::optional<SizeReport> report_of(const Request& request) {
  if (!request.has(request_flags::kHasSize)) return std::nullopt;
  SizeReport report;
  report.size = request.header.offset;
  report.truncate_generation = static_cast<std::uint32_t>(request.header.argument);
  report.modified_ns = wall_clock_ns();
  return report;
}

}  // namespace

void close_file(Server& server, const Request& request) {
  const FileId file = request.header.file;
  const Access access = request.has(request_flags::kForWrite) ? Access::write : Access::read;
  auto& opens = request.connection->opens;
  const auto held = opens.find({file, access});
  if (held == opens.end()) return server.reply(request, Errc::bad_descriptor);
  if (--held->second == 0) opens.erase(held);
  const auto release = server.names().close(file, access, report_of(request));
  server.settle(release);
  server.reply(request, release ? Errc::ok : release.error());
}

void report_size(Server& server, const Request& request) {
  const auto report = report_of(request);
  if (!report) return server.reply(request, Errc::bad_message);
  const auto attributes = server.names().report_size(request.header.file, *report);
  if (!attributes) return server.reply(request, attributes.error());
  server.reply(request, Errc::ok, 0, 0, 0, as_wire(*attributes));
}

void remove_file(Server& server, const Request& request) {
  const auto body = decode_name(request.body());
  if (!body) return server.reply(request, body.error());
  const auto release = server.names().remove_file(request.header.file, body->name, wall_clock_ns());
  server.settle(release);
  server.reply(request, release ? Errc::ok : release.error());
}

}  // namespace mayfly
