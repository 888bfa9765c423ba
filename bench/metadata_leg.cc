// Metadata: one client and one server over real UCX and, beside it in the same run, bare round
// trips of the same transport, turn about in short slices.
//
// bench_metadata_leg --dir D --seconds S --files N [--bytes-per-file B] [--null-store] [--pin]
//                    [--transports T]
// create (of new files, and close), unlink: as many as S seconds give, in one directory.
// growth, stat, stat_random, readdirplus, unlink_all: N files in another. growth compares the last
// tenth of the creates with the first; stat goes in the order of creation, stat_random does not.
// space: fails unless all that the files took is free again.
// Prints one JSON line for each. per_s is operations, or entries of the listing, per second.
#include <fcntl.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async/poll_sleeper.h"
#include "bench/options.h"
#include "bench/program.h"
#include "bench/server_processes.h"
#include "bench/turns.h"
#include "client/directory.h"
#include "client/file.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

/// Of the creates whose rate is to stay: ten for the first tenth of the files, ten for the last.
constexpr unsigned kGrowthSlices = 100;
/// Within which the space of removed files is free again.
constexpr double kSettlingSeconds = 10;
constexpr unsigned kUnlinkSlices = 20;
constexpr int kWarmingFiles = 2000;
constexpr std::uint64_t kPrime = 7919;

struct Plan {
  ServerProcessesOptions server;
  PlainUcxOptions plain;
  double seconds = 2;
  double slice_seconds = 0.05;
  std::uint64_t files = 100000;
  std::uint64_t bytes_per_file = 0;
  bool pin = false;
};

/// The files of one directory. Each function is one operation.
class Files {
 public:
  Files(Session& session, std::string directory, std::uint64_t bytes_per_file)
      : session_(session), directory_(std::move(directory)), content_(bytes_per_file) {
    must(session_.run(session_.make_directory(directory_, 0755)), "mkdir");
  }

  std::uint64_t count() const { return made_ - removed_; }
  /// With ".", ".." and the end.
  std::uint64_t steps_of_listing() const { return count() + 3; }

  void create() {
    auto file =
        must(session_.run(File::open(session_, path_of(made_), O_CREAT | O_EXCL | O_WRONLY, 0644)),
             "create");
    if (!content_.empty()) must(session_.run(file->pwrite(Bytes(content_), 0)), "write");
    must(session_.run(file->close()), "close");
    ++made_;
  }

  /// Of the next one; with a prime as stride, of one far from the last.
  void stat(std::uint64_t stride = 1) {
    looked_at_ = (looked_at_ + stride) % count();
    must(session_.run(session_.stat(path_of(removed_ + looked_at_))), "stat");
  }

  /// One step of a listing; at its end it begins again.
  void list() {
    if (listing_ == nullptr) {
      listing_ = must(session_.run(Directory::open(session_, directory_)), "opendir");
    }
    ++listed_;
    if (must(session_.run(listing_->next(true)), "readdirplus")) return;
    if (listed_ != steps_of_listing()) give_up("a listing has not as many entries as files");
    listing_->seek(0);
    listed_ = 0;
  }

  void unlink() {
    must(session_.run(session_.remove_file(path_of(removed_))), "unlink");
    ++removed_;
  }

 private:
  std::string path_of(std::uint64_t number) const {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    // One allocation: what an application's path costs a session.
    std::string path;
    path.reserve(beginning_.size() + sizeof digits);
    return path.append(beginning_).append(digits, end.ptr);
  }

  Session& session_;
  std::string directory_;
  std::string beginning_ = directory_ + "/file.";
  std::vector<std::byte> content_;
  std::uint64_t made_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t looked_at_ = 0;
  std::unique_ptr<Directory> listing_;
  std::uint64_t listed_ = 0;
};

class MetadataLeg {
 public:
  MetadataLeg(const Plan& options, Session& session, PlainPeer& plain)
      : options_(options),
        session_(session),
        turns_(plain, options.slice_seconds, [this] { used_bytes(); }) {
    used_before_ = used_bytes();
    // Both connect, and memory is touched, before the clock starts.
    plain.round_trips(options.slice_seconds);
    Files files(session_, "/first", 0);
    for (int i = 0; i < kWarmingFiles; ++i) files.create();
    while (files.count() > 0) files.unlink();
  }

  /// The first, for later ones find tables that have grown.
  void measure_counted() {
    Files files(session_, "/counted", options_.bytes_per_file);
    print_growth(turns_.in_slices(options_.files, kGrowthSlices, [&] { files.create(); }));
    used_full_ = used_bytes();
    print("stat", turns_.for_seconds(options_.seconds, [&] { files.stat(); }));
    print("stat_random", turns_.for_seconds(options_.seconds, [&] { files.stat(kPrime); }));
    for (std::uint64_t i = 0; i < files.steps_of_listing(); ++i) files.list();
    print("readdirplus", turns_.for_seconds(options_.seconds, [&] { files.list(); }));
    print("unlink_all", unlink_all(files));
  }

  void measure_timed() {
    Files files(session_, "/timed", options_.bytes_per_file);
    print("create", turns_.for_seconds(options_.seconds, [&] { files.create(); }));
    print("unlink", unlink_all(files));
  }

  void check_space() {
    const double start = now();
    std::uint64_t used_after = used_bytes();
    while (used_after != used_before_ && now() - start < kSettlingSeconds) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      used_after = used_bytes();
    }
    print({{"op", "space"},
           {"used_before", used_before_},
           {"used_full", used_full_},
           {"used_after", used_after},
           {"settled_s", now() - start}});
    if (used_after != used_before_) give_up("the space of removed files is not free again");
    const std::uint64_t least = options_.files * options_.bytes_per_file;
    if (!options_.server.null_store && used_full_ - used_before_ < least) {
      give_up("the files took less space than they have bytes");
    }
  }

 private:
  std::uint64_t used_bytes() { return must(session_.run(session_.usage()), "statfs").used_bytes; }

  std::vector<Pair> unlink_all(Files& files) {
    return turns_.in_slices(files.count(), kUnlinkSlices, [&] { files.unlink(); });
  }

  void print(const char* operation, const std::vector<Pair>& pairs) {
    print({{"op", operation},
           {"per_s", per_s(pairs)},
           {"plain_rpc_per_s", plain_per_s(pairs)},
           {"ratio", ratio(pairs)},
           {"mean_ratio", mean_ratio(pairs)},
           {"least_ratio", least_ratio(pairs)},
           {"operations", operations(pairs)},
           {"slices", pairs.size()}});
  }

  void print_growth(const std::vector<Pair>& pairs) {
    const std::size_t tenth = pairs.size() / 10;
    const Pairs first = Pairs(pairs).first(tenth);
    const Pairs last = Pairs(pairs).last(tenth);
    print({{"op", "growth"},
           {"per_s", per_s(pairs)},
           {"plain_rpc_per_s", plain_per_s(pairs)},
           {"first_tenth_ratio", ratio(first)},
           {"last_tenth_ratio", ratio(last)},
           {"ratio", ratio(last) / ratio(first)},
           {"mean_ratio", mean_ratio(pairs)},
           {"least_ratio", least_ratio(pairs)},
           {"operations", operations(pairs)},
           {"slices", pairs.size()}});
  }

  void print(const nlohmann::ordered_json& figures) {
    nlohmann::ordered_json line = {{"bench", "metadata_leg"},
                                   {"store", options_.server.null_store ? "null" : "disk"},
                                   {"bytes_per_file", options_.bytes_per_file}};
    line.update(figures);
    std::printf("%s\n", line.dump().c_str());
    // What follows may give up.
    std::fflush(stdout);
  }

  const Plan& options_;
  Session& session_;
  Turns turns_;
  std::uint64_t used_before_ = 0;
  std::uint64_t used_full_ = 0;
};

int run(Plan options) {
  std::optional<int> core;
  if (options.pin) core = 1;
  options.server.core = core;
  options.server.transports = options.plain.transports;
  ServerProcesses servers(options.server);
  PlainPeer plain(options.plain, core);
  if (options.pin) pin_to(0);
  UcxOptions ucx;
  ucx.transports = options.plain.transports;
  auto worker = UcxWorker::create(ucx);
  if (!worker) give_up(worker.error().sentence.c_str());
  PollSleeper sleeper;
  Session session(servers.session(), **worker, sleeper, SessionOptions());
  MetadataLeg leg(options, session, plain);
  leg.measure_counted();
  leg.measure_timed();
  leg.check_space();
  must(session.run(session.shut_down_servers()), "shutting the server down");
  session.run(session.leave());
  servers.wait();
  return 0;
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  mayfly::Plan plan;
  mayfly::Options("Metadata rates, beside plain UCX")
      .require("--dir", plan.server.directory, "scratch directory")
      .add("--seconds", plan.seconds, "of each operation")
      .add("--slice", plan.slice_seconds, "seconds of one turn")
      .add("--files", plan.files, "in one directory", 1000)
      .add("--bytes-per-file", plan.bytes_per_file, "written to each new file", 0, 1 << 20)
      .add("--transports", plan.plain.transports, "as UCX_TLS")
      .add("--null-store", plan.server.null_store, "keep no bytes")
      .add("--pin", plan.pin, "client on core 0, server and plain peer on core 1")
      .parse(argc, argv);
  return mayfly::run(plan);
}
