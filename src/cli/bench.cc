// mayfly bench: what a session does under the loads that users bring.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/units.h"
#include "cli/bench/crew.h"
#include "cli/counters.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"

namespace mayfly {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
  Pattern pattern;
  std::uint64_t transfer;
};

const std::map<std::string, Kind>& kinds() {
  static const std::map<std::string, Kind> kKinds = {
      {"easy", {Pattern::easy, kMiB}},
      {"hard", {Pattern::hard, 47'008}},
      {"random", {Pattern::random, 4 * kKiB}},
      {"strided", {Pattern::strided, 64 * kKiB}},
      {"checkpoint", {Pattern::checkpoint, 4 * kMiB}},
      {"metadata", {Pattern::metadata, 0}},
      {"metadata-hard", {Pattern::metadata_hard, 3'901}}};
  return kKinds;
}

struct BenchOptions {
  std::string session;
  std::vector<std::string> patterns;
  LoadPlan plan;
  std::string bytes = "256M";
  std::string transfer;
  std::string directory;
  unsigned repeat = 1;
  std::string json;
};

/// Of all clients in one phase.
struct Measured {
  double seconds;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  Histogram latency_ns;
};

Measured sum_of(const std::vector<PhaseResult>& results) {
  Measured sum{};
  std::int64_t began = results.front().began_ns;
  std::int64_t ended = results.front().ended_ns;
  for (const PhaseResult& result : results) {
    began = std::min(began, result.began_ns);
    ended = std::max(ended, result.ended_ns);
    sum.operations += result.operations;
    sum.bytes += result.bytes;
    sum.latency_ns.add(result.latency_ns);
  }
  sum.seconds = static_cast<double>(std::max<std::int64_t>(1, ended - began)) / 1e9;
  return sum;
}

Json json_of(const char* phase, const std::vector<PhaseResult>& results) {
  const Measured sum = sum_of(results);
  Json buckets = Json::array();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (sum.latency_ns.count_in(i) == 0) continue;
    buckets.push_back({Histogram::largest_in(i), sum.latency_ns.count_in(i)});
  }
  Json clients = Json::array();
  for (const PhaseResult& result : results) {
    const auto seconds = static_cast<double>(result.ended_ns - result.began_ns) / 1e9;
    clients.push_back({{"seconds", seconds}, {"operations", result.operations}});
  }
  return {{"phase", phase},
          {"seconds", sum.seconds},
          {"operations", sum.operations},
          {"bytes", sum.bytes},
          {"latency_ns",
           {{"p50", sum.latency_ns.quantile(0.5)},
            {"p99", sum.latency_ns.quantile(0.99)},
            {"max", sum.latency_ns.max()},
            {"buckets", buckets}}},
          {"clients", clients}};
}

void print(const std::string& pattern, const char* phase, const Measured& sum) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  std::printf("%-14s %-7s %10.1f %11.0f %9.1f %9.1f %9.1f\n", pattern.c_str(), phase,
              static_cast<double>(sum.bytes) / static_cast<double>(kMiB) / sum.seconds,
              static_cast<double>(sum.operations) / sum.seconds, us(sum.latency_ns.quantile(0.5)),
              us(sum.latency_ns.quantile(0.99)), us(sum.latency_ns.max()));
  std::fflush(stdout);
}

Json settings_of(const std::string& pattern, const LoadPlan& plan) {
  return {{"pattern", pattern},
          {"clients", plan.clients},
          {"depth", plan.depth},
          {"bytes", plan.bytes},
          {"transfer", plan.transfer},
          {"files", plan.files},
          {"seconds", plan.seconds},
          {"fsync", plan.fsync},
          {"verify", plan.verify},
          {"chunk_size", plan.stripe.chunk_size},
          {"stripe_count", plan.stripe.stripe_count.value_or(0)},
          {"first_server", plan.stripe.first_server}};
}

LoadPlan plan_of(const BenchOptions& asked, const std::string& pattern) {
  LoadPlan plan = asked.plan;
  const Kind& kind = kinds().at(pattern);
  plan.pattern = kind.pattern;
  plan.bytes = parse_bytes(asked.bytes).value();
  const bool is_of_files =
      kind.pattern == Pattern::metadata || kind.pattern == Pattern::metadata_hard;
  plan.transfer = is_of_files ? kind.transfer : std::min(kind.transfer, plan.bytes);
  if (!asked.transfer.empty()) plan.transfer = parse_bytes(asked.transfer).value();
  plan.directory = asked.directory.empty() ? fmt::format("/bench.{}", ::getpid())
                                           : place_in_session(asked.directory);
  return plan;
}

/// Adds to `runs` what each phase has measured.
Result<void, Failure> run_pattern(const BenchOptions& asked, const std::string& pattern,
                                  Json& runs) {
  const LoadPlan plan = plan_of(asked, pattern);
  MAYFLY_TRY(crew, Crew::start(plan, asked.session));
  Json phases = Json::array();
  const std::vector<const char*> names = phases_of(plan.pattern);
  for (std::size_t phase = 0; phase < names.size(); ++phase) {
    MAYFLY_TRY(results, crew.run(phase));
    print(pattern, names[phase], sum_of(results));
    phases.push_back(json_of(names[phase], results));
  }
  runs.push_back({{"settings", settings_of(pattern, plan)}, {"phases", phases}});
  return {};
}

int bench(const BenchOptions& asked) {
  std::printf("%-14s %-7s %10s %11s %9s %9s %9s\n", "", "", "MiB/s", "per s", "p50 us", "p99 us",
              "max us");
  Json runs = Json::array();
  for (unsigned round = 0; round < asked.repeat; ++round) {
    for (const std::string& pattern : asked.patterns) {
      const auto done = run_pattern(asked, pattern, runs);
      if (!done) return complain(done.error().sentence);
    }
  }
  if (asked.json.empty()) return 0;
  std::array<char, 256> node{};
  ::gethostname(node.data(), node.size() - 1);
  const Json all = {{"mayfly", MAYFLY_VERSION},
                    {"node", node.data()},
                    {"cores", std::thread::hardware_concurrency()},
                    {"runs", runs}};
  std::ofstream file(asked.json);
  file << all.dump(1) << '\n';
  file.close();
  return file ? 0 : complain(asked.json + " could not be written.");
}

/// A sentence, or nothing.
std::string is_bytes(const std::string& text) {
  const auto bytes = parse_bytes(text);
  if (!bytes || *bytes == 0) return "\"" + text + "\" is no size: 4096, 64K, 1M.";
  return "";
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<BenchOptions>();
  CLI::App* const command = app.add_subcommand("bench", "Measure a session under load");
  add_session_option(*command, asked->session);
  asked->plan.files = 10'000;
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds()) names.push_back(name);
  command
      ->add_option("patterns", asked->patterns,
                   "easy: a file per client; hard: one file, 47,008 bytes in turns; random: 4 KiB; "
                   "strided: one file, 64 KiB in turns; checkpoint: 4 MiB, fsync; metadata: empty "
                   "files; metadata-hard: files of 3,901 bytes")
      ->required()
      ->check(CLI::IsMember(names));
  command->add_option("-n,--clients", asked->plan.clients, "processes that bring the load")
      ->check(CLI::Range(1U, 4096U));
  command
      ->add_option("--depth", asked->plan.depth,
                   "operations of each client at a time: transfers by one thread, of files by so "
                   "many threads")
      ->check(CLI::Range(1U, 1024U));
  command->add_option("--size", asked->bytes, "bytes of each client")->check(is_bytes);
  command->add_option("--transfer", asked->transfer, "bytes of an operation")->check(is_bytes);
  command->add_option("--files", asked->plan.files, "files of each client")
      ->check(CLI::Range(1U, 100'000'000U));
  command->add_option("--seconds", asked->plan.seconds, "end each phase after so many seconds");
  command->add_flag("--fsync", asked->plan.fsync, "sync what was written before it is closed");
  command->add_flag("--verify", asked->plan.verify,
                    "check every byte that is read; the figures are the checking's");
  add_stripe_options(*command, asked->plan.stripe);
  command->add_option("--directory", asked->directory, "where; it is made and removed");
  command->add_option("--repeat", asked->repeat, "rounds of all patterns")
      ->check(CLI::Range(1U, 1000U));
  command->add_option("--json", asked->json, "a file for the raw figures");
  command->footer("Example: mayfly bench easy hard --clients 4 --size 1G --fsync");
  command->callback([asked, &exit_code] { exit_code = bench(*asked); });
}

}  // namespace mayfly
