// DataFile: the one file of a server in its scratch directory. It has no name, so nothing of it
// outlives the process, also after SIGKILL.
//
// Owner: the store. Thread: the loop's; open() blocks and belongs before the loop.
// Order: one grow at a time; those who wait for it share its result.
// Failure: open() says in one sentence what is wrong with the directory. grow() gives the file
//   system's errno (ENOSPC when it is full) or Errc::no_space at the capacity.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/semaphore.h"
#include "base/result.h"
#include "storage/ring.h"

namespace mayfly {

class DataFile {
 public:
  /// How much is taken from the file system at once.
  static constexpr std::uint64_t kStepBytes = 64 * kMiB;

  /// `capacity_bytes` is rounded down to whole pages, of which there must be one.
  static Result<DataFile, Failure> open(const std::string& directory, std::uint64_t capacity_bytes);
  DataFile(DataFile&& other) noexcept;
  DataFile& operator=(DataFile&&) = delete;
  ~DataFile();

  int descriptor() const { return descriptor_; }
  /// Whether the file system does direct I/O; without it the page cache is in between.
  bool direct() const { return direct_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t capacity() const { return capacity_; }

  /// Makes the file longer than `seen` bytes, by a step, or by `needed` bytes if no more is to be
  /// had. `file` is this file in the ring.
  Task<Status> grow(Ring& ring, RingFile file, std::uint64_t seen, std::uint64_t needed);

 private:
  DataFile(int descriptor, bool direct, std::uint64_t capacity);
  Task<Status> allocate(Ring& ring, RingFile file, std::uint64_t bytes);

  int descriptor_;
  bool direct_;
  std::uint64_t size_ = 0;
  std::uint64_t capacity_;
  std::unique_ptr<Semaphore> growing_;
};

}  // namespace mayfly
