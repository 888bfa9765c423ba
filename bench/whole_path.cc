// The whole path: one client process, one or more server processes, real UCX and a real drive (or
// the null store). Prints one JSON line.
//
// bench_whole_path --dir D --bytes B --block 1M --depth 16 --op write|read|randread|stat
//                  --seconds S [--null-store] [--servers N] [--pin]
// The file is written once before the clock starts, so writes go over blocks that were used; the
// write figure includes a final fsync.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "async/poll_sleeper.h"
#include "bench/options.h"
#include "bench/program.h"
#include "bench/server_processes.h"
#include "client/file.h"
#include "memory/slab.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

struct Plan {
  std::string directory;
  std::string bytes = "1G";
  std::string block = "1M";
  std::string memory = "64M";
  unsigned depth = 16;
  unsigned servers = 1;
  std::string operation = "write";
  double seconds = 3;
  bool null_store = false;
  bool pin = false;
};

double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Outcome {
  std::uint64_t operations = 0;
  double seconds = 0;
  double client_cpu_seconds = 0;
};

double seconds_since(TimePoint begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Load {
 public:
  Load(const Plan& options, Session& session, File& file)
      : options_(options),
        session_(session),
        file_(file),
        block_(*parse_bytes(options.block)),
        blocks_(*parse_bytes(options.bytes) / block_),
        memory_(*Slab::allocate(block_ * options.depth)) {
    std::fill(memory_.memory().begin(), memory_.memory().end(), std::byte{0x5a});
  }

  /// Writes every block once.
  bool fill() {
    std::vector<std::byte> chunk(16 * kMiB, std::byte{0x5a});
    const std::uint64_t total = block_ * blocks_;
    for (std::uint64_t at = 0; at < total; at += chunk.size()) {
      const Bytes part(chunk.data(), std::min<std::uint64_t>(chunk.size(), total - at));
      if (!session_.run(file_.pwrite(part, at))) return false;
    }
    return session_.run(file_.fsync()).has_value();
  }

  bool transfer(Outcome& result) {
    using Operation = Driver::Operation<Result<std::size_t>>;
    std::deque<std::pair<unsigned, std::unique_ptr<Operation>>> running;
    const TimePoint begin = std::chrono::steady_clock::now();
    for (unsigned slot = 0; slot < options_.depth; ++slot) {
      running.emplace_back(slot, start<Operation>(slot));
    }
    while (!running.empty()) {
      auto [slot, operation] = std::move(running.front());
      running.pop_front();
      const auto moved = session_.driver().wait(*operation);
      if (!moved || *moved != block_) return false;
      ++result.operations;
      if (seconds_since(begin) < options_.seconds)
        running.emplace_back(slot, start<Operation>(slot));
    }
    if (options_.operation == "write" && !session_.run(file_.fsync())) return false;
    result.seconds = seconds_since(begin);
    return true;
  }

  bool stat(Outcome& result) {
    // The clock is looked at as seldom as by the round trips of rma_leg: it costs a tenth of one.
    const TimePoint begin = std::chrono::steady_clock::now();
    for (; result.operations % 64 != 0 || seconds_since(begin) < options_.seconds;
         ++result.operations) {
      if (!session_.run(session_.stat("/file"))) return false;
    }
    result.seconds = seconds_since(begin);
    return true;
  }

 private:
  template <class Operation>
  std::unique_ptr<Operation> start(unsigned slot) {
    const bool random = options_.operation == "randread";
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    const std::uint64_t block = (random ? state_ : next_++) % blocks_;
    const MutableBytes bytes = memory_.memory().subspan(slot * block_, block_);
    auto task = options_.operation == "write" ? file_.pwrite(bytes, block * block_)
                                              : file_.pread(bytes, block * block_);
    auto operation = std::make_unique<Operation>(std::move(task));
    session_.driver().start(*operation);
    return operation;
  }

  const Plan& options_;
  Session& session_;
  File& file_;
  std::uint64_t block_;
  std::uint64_t blocks_;
  Slab memory_;
  std::uint64_t next_ = 0;
  std::uint64_t state_ = 88172645463325252ULL;
};

void report(const Plan& options, Outcome& result) {
  const double bytes =
      static_cast<double>(result.operations) * static_cast<double>(*parse_bytes(options.block));
  nlohmann::json line = {{"bench", "whole_path"},
                         {"op", options.operation},
                         {"store", options.null_store ? "null" : "disk"},
                         {"servers", options.servers},
                         {"block", options.block},
                         {"depth", options.depth},
                         {"ops_per_s", static_cast<double>(result.operations) / result.seconds}};
  if (options.operation != "stat") {
    line["mib_per_s"] = bytes / result.seconds / static_cast<double>(kMiB);
    line["client_cpu_s_per_gib"] = result.client_cpu_seconds / bytes * static_cast<double>(kGiB);
    line["server_cpu_s_per_gib"] = cpu_seconds(RUSAGE_CHILDREN) / bytes * static_cast<double>(kGiB);
  }
  std::printf("%s\n", line.dump().c_str());
}

bool run_client(const Plan& options, const SessionInfo& info, Outcome& result) {
  auto worker = UcxWorker::create(UcxOptions());
  if (!worker) return false;
  PollSleeper sleeper;
  Session session(info, **worker, sleeper, SessionOptions());
  auto file = session.run(File::open(session, "/file", O_CREAT | O_RDWR, 0644));
  if (!file) return false;
  Load load(options, session, **file);
  if (options.operation != "stat" && !load.fill()) return false;
  // stat is measured on a settled file: one that nobody writes.
  if (options.operation == "stat" && !session.run((*file)->close())) return false;
  const double cpu_before = cpu_seconds(RUSAGE_SELF);
  const bool well = options.operation == "stat" ? load.stat(result) : load.transfer(result);
  result.client_cpu_seconds = cpu_seconds(RUSAGE_SELF) - cpu_before;
  const bool stopped = session.run(session.shut_down_servers()).has_value();
  session.run(session.leave());
  return well && stopped;
}

int run(const Plan& options) {
  ServerProcessesOptions server_options;
  server_options.directory = options.directory;
  server_options.memory_bytes = *parse_bytes(options.memory);
  server_options.servers = options.servers;
  server_options.null_store = options.null_store;
  if (options.pin) server_options.core = 1;
  ServerProcesses servers(server_options);
  if (options.pin) pin_to(0);
  Outcome result;
  const bool well = run_client(options, servers.session(), result);
  if (!well) servers.terminate();
  servers.wait();
  if (!well) {
    std::fprintf(stderr, "bench_whole_path: an operation failed\n");
    return 1;
  }
  report(options, result);
  return 0;
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  mayfly::Plan plan;
  mayfly::Options("The whole path: client, transport, server, drive.")
      .require("--dir", plan.directory, "scratch directory")
      .add("--bytes", plan.bytes, "size of the file")
      .add("--block", plan.block, "bytes of one operation")
      .add("--memory", plan.memory, "each server's pool")
      .add("--depth", plan.depth, "operations at once", 1, 1024)
      .add("--servers", plan.servers, "server processes", 1, 64)
      .add("--op", plan.operation, {"write", "read", "randread", "stat"})
      .add("--seconds", plan.seconds, "for how long")
      .add("--null-store", plan.null_store, "keep no bytes")
      .add("--pin", plan.pin, "client on core 0, servers on core 1")
      .parse(argc, argv);
  return mayfly::run(plan);
}
