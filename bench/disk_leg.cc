// The disk leg alone: tasks that write and read chunks of a DiskChunkStore, with no network.
//
// bench_disk_leg --dir D --bytes B --block 1M --depth 16 --op write|read|randread --seconds S
// All bytes are written once before the clock starts, so writes go over blocks that were used.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "async/task_group.h"
#include "memory/slab.h"
#include "storage/disk_chunk_store.h"

namespace mayfly {
namespace {

struct Options {
  std::string directory;
  std::string bytes = "2G";
  std::string block = "1M";
  unsigned depth = 16;
  std::string operation = "write";
  double seconds = 5;
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
  Task<Transfer> task = direction == Direction::write
                            ? load.store.write(id, at % kMiB, std::move(buffer), load.block)
                            : load.store.read(id, at % kMiB, std::move(buffer), load.block);
  const Transfer transfer = co_await std::move(task);
  co_return to_status(transfer.bytes ? Errc::ok : transfer.bytes.error());
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

void print(const Options& options, const Load& load, double seconds, double cpu) {
  const double mib = static_cast<double>(load.done * load.block) / static_cast<double>(kMiB);
  const nlohmann::ordered_json line = {{"bench", "disk_leg"},
                                       {"op", options.operation},
                                       {"block", load.block},
                                       {"depth", options.depth},
                                       {"mib_per_s", mib / seconds},
                                       {"iops", static_cast<double>(load.done) / seconds},
                                       {"cpu_s_per_gib", cpu / (mib / 1024)}};
  std::printf("%s\n", line.dump().c_str());
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "bench_disk_leg: %s\n", sentence.c_str());
  return 1;
}

int run(const Options& options) {
  const auto bytes = parse_bytes(options.bytes);
  const auto block = parse_bytes(options.block);
  if (!bytes || !block || *block < kPageBytes || kMiB % *block != 0 || *bytes < kMiB) {
    return fail("--block must be a power of two from 4K to 1M, --bytes at least 1M");
  }
  auto slab = Slab::allocate(64 * kMiB);
  if (!slab) return fail(describe(slab.error()));
  const std::size_t pages = 2048;
  BufferPool pool(slab->memory(), {(64 * kMiB - pages * kPageBytes) / kMiB, 0, pages});
  auto ring = Ring::create();
  if (!ring) return fail(ring.error().sentence);
  (*ring)->register_buffers(slab->memory());
  auto file = DataFile::open(options.directory, *bytes);
  if (!file) return fail(file.error().sentence);
  DiskChunkStore store(**ring, std::move(*file));
  EventLoop loop(**ring);
  loop.add(**ring);
  const Direction direction = options.operation == "write" ? Direction::write : Direction::read;
  Load load{store, pool, kMiB, *bytes / kMiB, direction, options.operation == "randread", {}};
  const Status filled = loop.run(all(load, 16, &fill));
  if (!filled) return fail("filling: " + describe(filled.error()));
  load.block = *block;
  load.blocks = *bytes / *block;
  load.next = 0;
  const TimePoint start = Clock::steady().now();
  const double cpu = cpu_seconds();
  load.end = start + Nanoseconds(static_cast<std::int64_t>(options.seconds * 1e9));
  const Status worked = loop.run(all(load, options.depth, &work));
  if (!worked) return fail(describe(worked.error()));
  const std::chrono::duration<double> seconds = Clock::steady().now() - start;
  print(options, load, seconds.count(), cpu_seconds() - cpu);
  return 0;
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  mayfly::Options options;
  CLI::App app("The disk leg alone, as one JSON line");
  app.add_option("--dir", options.directory, "scratch directory")->required();
  app.add_option("--bytes", options.bytes, "bytes to work on");
  app.add_option("--block", options.block, "bytes of one operation");
  app.add_option("--depth", options.depth, "operations at once");
  app.add_option("--op", options.operation)->check(CLI::IsMember({"write", "read", "randread"}));
  app.add_option("--seconds", options.seconds, "for how long");
  CLI11_PARSE(app, argc, argv);
  return mayfly::run(options);
}
