#include "mpi_launch/main_job/drive_limit.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "async/event_loop.h"
#include "async/task_group.h"
#include "memory/slab.h"
#include "mpi_launch/main_job/fio.h"
#include "storage/data_file.h"
#include "storage/ring.h"

namespace mayfly {
namespace {

constexpr std::size_t kInFlight = 32;
constexpr int kPasses = 2;

/// Blocks lane, lane + kInFlight, ... of the file.
Task<Status> move_lane(Ring& ring, BufferPool& pool, RingFile file, Direction direction,
                       std::uint64_t lane, std::uint64_t blocks) {
  Buffer buffer = co_await pool.acquire(BufferClass::large);
  for (std::uint64_t block = lane; block < blocks; block += kInFlight) {
    Task<Transfer> moving =
        ring.transfer(direction, file, std::move(buffer), IoSpan{0, block * kMiB, kMiB});
    Transfer moved = co_await std::move(moving);
    if (!moved.bytes) co_return moved.bytes.error();
    if (*moved.bytes != kMiB) co_return Errc::io_error;
    buffer = std::move(moved.buffer);
  }
  co_return Status();
}

Task<Status> move_all(Ring& ring, BufferPool& pool, RingFile file, Direction direction,
                      std::uint64_t blocks) {
  TaskGroup lanes;
  for (std::uint64_t lane = 0; lane < kInFlight; ++lane) {
    lanes.add(move_lane(ring, pool, file, direction, lane, blocks));
  }
  co_return co_await lanes.join();
}

Result<double> rate_of(EventLoop& loop, Ring& ring, BufferPool& pool, RingFile file,
                       Direction direction, std::uint64_t blocks) {
  const auto start = std::chrono::steady_clock::now();
  const Status moved = loop.run(move_all(ring, pool, file, direction, blocks));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  if (!moved) return moved.error();
  return static_cast<double>(blocks) / taken.count();
}

/// The best of several passes: the first one also pays for blocks that are used for the first time.
Result<DriveRates> measure_by_ring(Ring& ring, const DataFile& data, std::uint64_t blocks) {
  MAYFLY_TRY(slab, Slab::allocate((kInFlight + 2) * kMiB));
  std::fill(slab.memory().begin(), slab.memory().end(), std::byte{0x5a});
  BufferPool pool(slab.memory(), {kInFlight, 1, 1});
  const RingFile file = ring.register_file(data.descriptor(), data.direct());
  EventLoop loop(ring);
  loop.add(ring);
  DriveRates rates;
  for (int pass = 0; pass < kPasses; ++pass) {
    MAYFLY_TRY(write, rate_of(loop, ring, pool, file, Direction::write, blocks));
    MAYFLY_TRY(read, rate_of(loop, ring, pool, file, Direction::read, blocks));
    rates.write = std::max(rates.write, write);
    rates.read = std::max(rates.read, read);
  }
  ring.unregister_file(file);
  rates.method = data.direct() ? "own io_uring loop, 1 MiB x 32" : "own loop, not direct";
  return rates;
}

Failure not_measured(const std::string& directory, Errc code) {
  return {code, "The drive of the scratch directory " + directory + " cannot be measured (" +
                    describe(code) + ")."};
}

}  // namespace

Result<DriveRates, Failure> measure_drive(const std::string& directory, std::uint64_t bytes) {
  const std::uint64_t blocks = std::max<std::uint64_t>(bytes / kMiB, 2 * kInFlight);
  MAYFLY_TRY(data, DataFile::open(directory, blocks * kMiB));
  MAYFLY_TRY(ring, Ring::create());
  auto rates = measure_by_ring(*ring, data, blocks);
  if (!rates) return not_measured(directory, rates.error());
  if (const auto by_fio = run_fio(data.descriptor(), blocks * kMiB)) {
    rates->write = std::max(rates->write, by_fio->write);
    rates->read = std::max(rates->read, by_fio->read);
    rates->method += " or fio, the better";
  }
  return std::move(*rates);
}

}  // namespace mayfly
