#include "mpi_launch/main_job/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <span>
#include <vector>

#include "base/units.h"
#include "mayfly/mayfly.h"
#include "memory/slab.h"
#include "mpi_launch/main_job/pattern.h"
#include "mpi_launch/main_job/stream.h"

namespace mayfly {
namespace {

constexpr const char* kDirectory = "/checkpoint";

/// A range of a file, and where a rank keeps it in memory.
struct Extent {
  std::uint64_t offset;
  std::uint64_t bytes;
  std::uint64_t in_memory;
};

/// What one rank owns of a checkpoint.
struct Part {
  std::string path;
  std::vector<Extent> extents;
  std::uint64_t bytes = 0;
  Pattern pattern;
};

Part part_of(CheckpointShape shape, std::size_t rank, std::size_t ranks,
             const CheckpointOptions& options) {
  Part part{"", {}, 0, Pattern(rank, static_cast<std::uint64_t>(shape))};
  if (shape == CheckpointShape::file_per_rank) {
    part.path = fmt::format("{}/rank-{}", kDirectory, rank);
    const std::uint64_t begin = options.total_bytes * rank / ranks;
    part.bytes = options.total_bytes * (rank + 1) / ranks - begin;
    part.extents.push_back({0, part.bytes, 0});
    return part;
  }
  part.path = fmt::format("{}/shared", kDirectory);
  const std::uint64_t block = options.transfer_bytes;
  for (std::uint64_t at = rank * block; at < options.total_bytes; at += ranks * block) {
    const std::uint64_t bytes = std::min(block, options.total_bytes - at);
    part.extents.push_back({at, bytes, part.bytes});
    part.bytes += bytes;
  }
  return part;
}

/// A rank's state, as large as the larger of the two parts that it holds one after the other.
using State = Slab;

std::span<std::byte> bytes_of(const State& state, const Extent& extent) {
  return state.memory().subspan(extent.in_memory, extent.bytes);
}

std::vector<Range> ranges_of(const Part& part, const State& state) {
  std::vector<Range> ranges;
  for (const Extent& extent : part.extents)
    ranges.push_back({extent.offset, bytes_of(state, extent)});
  return ranges;
}

void fill(const Part& part, const State& state) {
  for (const Extent& extent : part.extents)
    part.pattern.fill(bytes_of(state, extent), extent.offset);
}

std::string digest(const Part& part, const State& state) {
  XXH3_state_t* hash = XXH3_createState();
  XXH3_64bits_reset(hash);
  for (const Extent& extent : part.extents) {
    const std::span<std::byte> bytes = bytes_of(state, extent);
    XXH3_64bits_update(hash, bytes.data(), bytes.size());
  }
  const std::uint64_t value = XXH3_64bits_digest(hash);
  XXH3_freeState(hash);
  return fmt::format("{:016x}", value);
}

Outcome write_part(const Crew& crew, const Part& part, const State& state, std::size_t transfer) {
  Stream file(part.path, O_WRONLY | O_CREAT);
  if (!file.is_open()) return io_failure(crew, errno, "cannot create " + part.path);
  if (const int error = file.write(ranges_of(part, state), transfer); error != 0) {
    return io_failure(crew, error, "cannot write " + part.path);
  }
  if (const int error = file.sync(); error != 0) {
    return io_failure(crew, error, "cannot sync " + part.path);
  }
  if (const int error = file.close(); error != 0) {
    return io_failure(crew, error, "cannot close " + part.path);
  }
  return {};
}

Outcome read_part(const Crew& crew, const Part& part, const State& state, std::size_t transfer) {
  Stream file(part.path, O_RDONLY);
  if (!file.is_open()) return io_failure(crew, errno, "cannot open " + part.path);
  if (const int error = file.read(ranges_of(part, state), transfer); error != 0) {
    return io_failure(crew, error, "cannot read " + part.path);
  }
  if (const int error = file.close(); error != 0) {
    return io_failure(crew, error, "cannot close " + part.path);
  }
  return {};
}

Outcome check(const Crew& crew, const Part& part, const State& state, std::size_t writer,
              const std::string& written_digest) {
  for (const Extent& extent : part.extents) {
    const auto wrong = part.pattern.first_wrong(bytes_of(state, extent), extent.offset);
    if (!wrong) continue;
    return io_failure(crew, EBADMSG,
                      fmt::format("read a wrong byte at {} of {}, which client {} wrote",
                                  extent.offset + *wrong, part.path, writer));
  }
  if (digest(part, state) == written_digest) return {};
  return io_failure(
      crew, EBADMSG,
      fmt::format("read {} with another digest than client {} wrote it with", part.path, writer));
}

Outcome remove_files(const Crew& crew, const Part& mine, CheckpointShape shape) {
  const bool removes = shape == CheckpointShape::file_per_rank || crew.is_first();
  Outcome outcome;
  if (removes && mayfly_unlink(mine.path.c_str()) != 0) {
    outcome = io_failure(crew, errno, "cannot remove " + mine.path);
  }
  if (auto agreed = crew.agree(outcome); !agreed) return agreed;
  if (crew.is_first() && mayfly_rmdir(kDirectory) != 0) {
    outcome = io_failure(crew, errno, std::string("cannot remove ") + kDirectory);
  }
  return crew.agree(outcome);
}

}  // namespace

Outcome run_checkpoint(const Crew& crew, CheckpointShape shape, const CheckpointOptions& options,
                       Report& report) {
  const char* name = shape == CheckpointShape::file_per_rank ? "file per rank" : "one shared file";
  const std::size_t transfer = options.transfer_bytes;
  const std::size_t writer = (crew.rank() + 1) % crew.size();
  const Part mine = part_of(shape, crew.rank(), crew.size(), options);
  const Part other = part_of(shape, writer, crew.size(), options);
  auto allocated = State::allocate(std::max<std::uint64_t>({mine.bytes, other.bytes, 1}));
  Outcome ready;
  if (!allocated) {
    ready = io_failure(crew, to_errno(allocated.error()), "has no memory for its checkpoint");
  }
  if (auto agreed = crew.agree(ready); !agreed) return agreed;
  const State& state = *allocated;

  if (crew.is_first() && mayfly_mkdir(kDirectory, 0755) != 0) {
    ready = io_failure(crew, errno, std::string("cannot make ") + kDirectory);
  }
  fill(mine, state);
  if (auto agreed = crew.agree(ready); !agreed) return agreed;

  MAYFLY_TRY(write_seconds, crew.timed([&] { return write_part(crew, mine, state, transfer); }));
  report.add(fmt::format("checkpoint, {}: write", name), true, options.total_bytes, write_seconds);
  const std::vector<std::string> digests = crew.allgather(digest(mine, state));

  MAYFLY_TRY(read_seconds, crew.timed([&] { return read_part(crew, other, state, transfer); }));
  report.add(fmt::format("checkpoint, {}: read", name), false, options.total_bytes, read_seconds);
  if (auto checked = crew.agree(check(crew, other, state, writer, digests[writer])); !checked) {
    return checked;
  }
  report.mark_verified(fmt::format("checkpoint, {}", name));
  return remove_files(crew, mine, shape);
}

}  // namespace mayfly
