#include "client/client_statistics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "protocol/times_json.h"

namespace mayfly {
namespace {

using Json = nlohmann::ordered_json;

Json transfer_json(const Histogram& ticks, std::uint64_t bytes, double rate) {
  return {{"bytes", bytes}, {"time", times_json(ticks, rate)}};
}

}  // namespace

std::string statistics_of(const Session& session) {
  const RequestCounts sent = session.sent();
  const CallTimes* const times = session.times();
  const double rate = times == nullptr ? 0 : times->rate.nanoseconds_per_tick();
  Json json = {{"pid", ::getpid()}, {"operations", session.operations()}};
  Json requests = Json::object();
  std::uint64_t messages = 0;
  for (std::size_t i = 0; i < kOpcodes; ++i) {
    if (sent[i] == 0) continue;
    messages += sent[i];
    Json& request = requests[name_of(static_cast<Opcode>(i))];
    request = {{"requests", sent[i]}};
    if (times != nullptr && times->calls[i]) request["time"] = times_json(*times->calls[i], rate);
  }
  json["messages"] = messages;
  json["requests"] = requests;
  if (times != nullptr) {
    json["put"] = transfer_json(times->puts, times->put_bytes, rate);
    json["get"] = transfer_json(times->gets, times->get_bytes, rate);
  }
  return json.dump();
}

Result<void, Failure> append_statistics(const Session& session, const std::string& path) {
  // One write, so that the lines of many processes do not mix.
  const std::string line = statistics_of(session) + "\n";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool is_written =
      fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const Errc why = errc_from(errno);
  if (fd >= 0) ::close(fd);
  if (is_written) return {};
  return Failure{why, fmt::format("The statistics of this process cannot be written to {} ({}).",
                                  path, describe(why))};
}

}  // namespace mayfly
