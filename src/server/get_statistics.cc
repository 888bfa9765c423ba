// get_statistics: all that a server counts, as one JSON object. docs/statistics.md says what is in
// it.
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>

#include "protocol/times_json.h"
#include "server/operation.h"

namespace mayfly {
namespace {

using Json = nlohmann::ordered_json;

Json operations_json(const Statistics& statistics) {
  Json operations = Json::object();
  for (std::size_t i = 0; i < kOpcodes; ++i) {
    const auto opcode = static_cast<Opcode>(i);
    const Statistics::Operation* const operation = statistics.find(opcode);
    if (operation == nullptr) continue;
    operations[name_of(opcode)] = {
        {"requests", operation->requests},
        {"errors", operation->errors},
        {"bytes", operation->bytes},
        {"time", times_json(operation->ticks, statistics.rate().nanoseconds_per_tick())}};
  }
  return operations;
}

Json pool_json(const BufferPool& pool) {
  Json classes = Json::array();
  for (std::size_t i = 0; i < kBufferClasses; ++i) {
    const auto size_class = static_cast<BufferClass>(i);
    classes.push_back({{"buffer_bytes", kBufferBytes[i]},
                       {"total", pool.total(size_class)},
                       {"used", pool.total(size_class) - pool.free(size_class)},
                       {"is_waited_for", pool.has_waiters(size_class)}});
  }
  return classes;
}

Json device_json(const Ring& ring, double rate) {
  Json device = {{"queue_depth", ring.in_flight()}, {"queue_limit", Ring::kDepth}};
  constexpr std::array<const char*, kIoKinds> kNames = {
      "read", "write", "sync", "staged_read", "staged_write", "staged_sync"};
  for (std::size_t kind = 0; kind < kIoKinds; ++kind) {
    const IoCounters& counters = ring.counters().kinds[kind];
    device[kNames[kind]] = {{"errors", counters.errors},
                            {"bytes", counters.bytes},
                            {"time", times_json(counters.ticks, rate)}};
  }
  return device;
}

Json history_json(Statistics& statistics) {
  Json samples = Json::array();
  for (const Statistics::Sample& sample : statistics.history()) {
    samples.push_back({sample.time_ns, sample.requests, sample.errors, sample.bytes_in,
                       sample.bytes_out, sample.processor_ns});
  }
  return samples;
}

std::string statistics_text(Server& server) {
  Statistics& statistics = server.statistics();
  const double rate = statistics.rate().nanoseconds_per_tick();
  const StoreUsage usage = server.store().usage();
  const RequestCounts to_servers = server.peers().sent();
  Json json = {{"server", server.index()},
               {"node", server.session().servers[server.index()].node},
               {"uptime_ns", statistics.rate().time_since().count()},
               {"processor_ns", processor_time_ns()},
               {"resident_bytes", resident_bytes()},
               {"pinned_bytes", server.memory().memory().size()},
               {"capacity_bytes", usage.capacity_bytes},
               {"used_bytes", usage.used_bytes},
               {"dirty_bytes", usage.dirty_bytes},
               {"cached_bytes", usage.cached_bytes},
               {"clients", server.connections()},
               {"requests_under_way", server.loop().spawned()},
               {"requests_to_servers",
                std::accumulate(to_servers.begin(), to_servers.end(), std::uint64_t{0})}};
  const DevicePeak& peak = server.device_peak();
  if (peak.read_bytes_per_second != 0) {
    json["device_peak"] = {{"read_bytes_per_second", peak.read_bytes_per_second},
                           {"write_bytes_per_second", peak.write_bytes_per_second}};
  }
  json["pool"] = pool_json(server.pool());
  if (server.ring() != nullptr) json["device"] = device_json(*server.ring(), rate);
  json["operations"] = operations_json(statistics);
  json["history_fields"] = {"time_ns",  "requests",  "errors",
                            "bytes_in", "bytes_out", "processor_ns"};
  json["history"] = history_json(statistics);
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

Task<void> get_statistics(Server& server, Request request) {
  const std::string text = statistics_text(server);
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = text.size();
  co_await server.reply_with(request, header, std::as_bytes(std::span(text)));
}

}  // namespace mayfly
