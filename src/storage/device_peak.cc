#include "storage/device_peak.h"

#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "storage/data_file.h"

namespace mayfly {
namespace {

constexpr std::uint64_t kFileBytes = DataFile::kStepBytes;
constexpr std::uint64_t kBlockBytes = kMiB;
constexpr unsigned kInFlight = 8;
constexpr Nanoseconds kDuration = std::chrono::milliseconds(250);

struct Measuring {
  Ring& ring;
  RingFile file;
  Direction direction;
  TimePoint end;
  std::uint64_t blocks = 0;
  bool failed = false;
};

/// One of those in flight: block after block, round the file.
Task<Status> keep_moving(EventLoop& loop, Measuring& measuring, Buffer buffer) {
  while (loop.now() < measuring.end && !measuring.failed) {
    const std::uint64_t offset = measuring.blocks++ * kBlockBytes % kFileBytes;
    Task<Transfer> moving = measuring.ring.transfer(measuring.direction, measuring.file,
                                                    std::move(buffer), {0, offset, kBlockBytes, 0});
    Transfer moved = co_await std::move(moving);
    measuring.failed |= !moved.bytes;
    buffer = std::move(moved.buffer);
  }
  co_return Status();
}

Task<std::uint64_t> measure(EventLoop& loop, Ring& ring, BufferPool& pool, RingFile file,
                            Direction direction) {
  const TimePoint begin = loop.now();
  Measuring measuring{ring, file, direction, begin + kDuration};
  TaskGroup group;
  for (unsigned i = 0; i < kInFlight; ++i) {
    Buffer buffer = pool.try_acquire(BufferClass::large);
    if (buffer) group.add(keep_moving(loop, measuring, std::move(buffer)));
  }
  const Status moved = co_await group.join();
  const std::chrono::duration<double> seconds = loop.now() - begin;
  if (!moved || measuring.failed) co_return 0;
  co_return static_cast<std::uint64_t>(static_cast<double>(measuring.blocks * kBlockBytes) /
                                       seconds.count());
}

}  // namespace

DevicePeak measure_device(const std::string& directory, EventLoop& loop, Ring& ring,
                          BufferPool& pool) {
  DevicePeak peak;
  auto file = DataFile::open(directory, kFileBytes);
  if (!file) return peak;
  const RingFile known{file->descriptor(), -1, file->direct()};
  if (!loop.run(file->grow(ring, known, 0, kFileBytes)) || file->size() < kFileBytes) {
    log::info("there is no room in {} to measure its drive", directory);
    return peak;
  }
  // The first time round it is the file system that is measured: it makes blocks of what is
  // reserved.
  loop.run(measure(loop, ring, pool, known, Direction::write));
  peak.write_bytes_per_second = loop.run(measure(loop, ring, pool, known, Direction::write));
  peak.read_bytes_per_second = loop.run(measure(loop, ring, pool, known, Direction::read));
  return peak;
}

}  // namespace mayfly
