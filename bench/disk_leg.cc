// The disk leg alone: tasks that write and read chunks of a DiskChunkStore, with no network.
//
// bench_disk_leg --dir D --bytes B
// Writes all bytes once, so that later writes go over blocks that were used, and prints where the
// file is found (it has no name). Then each line "write|read|randread BLOCK DEPTH SECONDS" of the
// standard input is one measurement: so another program can use the same blocks in between.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "async/task_group.h"
#include "bench/options.h"
#include "memory/slab.h"
#include "storage/disk_chunk_store.h"

namespace mayfly {
namespace {

/// How many small Buffers there are.
constexpr unsigned kLargestDepth = 2048;

struct Measurement {
  std::string operation;
  std::uint64_t block = 0;
  unsigned depth = 0;
  double seconds = 0;
};

struct Load {
  DiskChunkStore& store;
  BufferPool& pool;
  std::uint64_t block;
  std::uint64_t blocks;
  Direction direction;
  bool random;
  TimePoint end;
  std::uint64_t next = 0;
  std::uint64_t done = 0;
  std::uint64_t state = 88172645463325252ULL;

  std::uint64_t pick() {
    if (!random) return next++ % blocks;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % blocks;
  }
};

Task<Status> move_block(Load& load, Direction direction, std::uint64_t number, Buffer buffer) {
  const std::uint64_t at = number * load.block;
  const ChunkId id{FileId{0, 1}, at / kMiB};
  if (direction == Direction::write && load.block < kMiB) {
    const auto written = co_await load.store.write(id, at % kMiB, Bytes(buffer.data(), load.block));
    co_return to_status(to_errc(written));
  }
  Task<Transfer> task = direction == Direction::write
                            ? load.store.write(id, at % kMiB, std::move(buffer), load.block)
                            : load.store.read(id, at % kMiB, std::move(buffer), load.block);
  const Transfer transfer = co_await std::move(task);
  co_return to_status(to_errc(transfer.bytes));
}

BufferClass class_of(std::uint64_t block) {
  return block <= kPageBytes ? BufferClass::page : BufferClass::large;
}

Task<Status> fill(Load& load) {
  while (load.next < load.blocks) {
    const std::uint64_t number = load.next++;
    Buffer buffer = co_await load.pool.acquire(class_of(load.block));
    std::fill_n(reinterpret_cast<std::uint64_t*>(buffer.data()), load.block / 8, number);
    MAYFLY_CO_CHECKED(co_await move_block(load, Direction::write, number, std::move(buffer)));
  }
  co_return Status();
}

Task<Status> work(Load& load) {
  while (Clock::steady().now() < load.end) {
    Buffer buffer = co_await load.pool.acquire(class_of(load.block));
    const std::uint64_t number = load.pick();
    MAYFLY_CO_CHECKED(co_await move_block(load, load.direction, number, std::move(buffer)));
    ++load.done;
  }
  co_return Status();
}

Task<Status> all(Load& load, unsigned depth, Task<Status> (*part)(Load&)) {
  TaskGroup group;
  for (unsigned i = 0; i < depth; ++i) group.add(part(load));
  co_return co_await group.join();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print(const Measurement& wanted, const Load& load, double seconds, double cpu) {
  const double mib = static_cast<double>(load.done * load.block) / static_cast<double>(kMiB);
  const nlohmann::ordered_json line = {{"bench", "disk_leg"},
                                       {"op", wanted.operation},
                                       {"block", load.block},
                                       {"depth", wanted.depth},
                                       {"mib_per_s", mib / seconds},
                                       {"iops", static_cast<double>(load.done) / seconds},
                                       {"cpu_s_per_gib", cpu / (mib / 1024)}};
  std::cout << line.dump() << std::endl;
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "bench_disk_leg: %s\n", sentence.c_str());
  return 1;
}

Result<Measurement> parse(const std::string& line) {
  std::istringstream words(line);
  Measurement wanted;
  std::string block;
  if (!(words >> wanted.operation >> block >> wanted.depth >> wanted.seconds)) return Errc::invalid;
  MAYFLY_TRY(bytes, parse_bytes(block));
  wanted.block = bytes;
  const bool known =
      wanted.operation == "write" || wanted.operation == "read" || wanted.operation == "randread";
  const bool fits = bytes >= kPageBytes && bytes <= kMiB && kMiB % bytes == 0;
  if (!known || !fits || wanted.depth == 0 || wanted.depth > kLargestDepth) return Errc::invalid;
  return wanted;
}

Status measure(EventLoop& loop, Load load, const Measurement& wanted, std::uint64_t bytes) {
  load.block = wanted.block;
  load.blocks = bytes / wanted.block;
  load.direction = wanted.operation == "write" ? Direction::write : Direction::read;
  load.random = wanted.operation == "randread";
  const TimePoint start = Clock::steady().now();
  const double cpu = cpu_seconds();
  load.end = start + Nanoseconds(static_cast<std::int64_t>(wanted.seconds * 1e9));
  MAYFLY_CHECKED(loop.run(all(load, wanted.depth, &work)));
  // What the writes have left in memory.
  if (load.direction == Direction::write) MAYFLY_CHECKED(loop.run(load.store.sync(FileId{0, 1})));
  const std::chrono::duration<double> seconds = Clock::steady().now() - start;
  print(wanted, load, seconds.count(), cpu_seconds() - cpu);
  return {};
}

int run(const std::string& directory, std::uint64_t bytes) {
  auto slab = Slab::allocate(64 * kMiB);
  if (!slab) return fail(describe(slab.error()));
  BufferPool pool(slab->memory(),
                  {(64 * kMiB - kLargestDepth * kPageBytes) / kMiB, 0, kLargestDepth});
  auto ring = Ring::create();
  if (!ring) return fail(ring.error().sentence);
  (*ring)->register_buffers(slab->memory());
  auto file = DataFile::open(directory, bytes);
  if (!file) return fail(file.error().sentence);
  const int descriptor = file->descriptor();
  EventLoop loop(**ring);
  loop.add(**ring);
  DiskChunkStore store(loop, **ring, pool, std::move(*file));
  Load filling{store, pool, kMiB, bytes / kMiB, Direction::write, false, {}};
  if (const Status filled = loop.run(all(filling, 16, &fill)); !filled) {
    return fail("filling: " + describe(filled.error()));
  }
  const nlohmann::ordered_json place = {
      {"file", "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor)}};
  std::cout << place.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto wanted = parse(line);
    if (!wanted) return fail("not \"write|read|randread BLOCK DEPTH SECONDS\": " + line);
    const Load load{store, pool, kMiB, 0, Direction::read, false, {}};
    if (const Status done = measure(loop, load, *wanted, bytes); !done) {
      return fail(describe(done.error()));
    }
  }
  return 0;
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  std::string directory;
  std::string bytes_text = "2G";
  mayfly::Options("The disk leg alone; measurements are read from the standard input")
      .require("--dir", directory, "scratch directory")
      .add("--bytes", bytes_text, "bytes to work on, at least 1M")
      .parse(argc, argv);
  const auto bytes = mayfly::parse_bytes(bytes_text);
  if (!bytes || *bytes < mayfly::kMiB) return mayfly::fail("--bytes must be at least 1M");
  return mayfly::run(directory, *bytes);
}
