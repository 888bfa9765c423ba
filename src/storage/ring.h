// Ring: io_uring as an EventSource, and the place where a server's thread sleeps.
//
// Owner: the server; it outlives the loop and its tasks, and the pool outlives it. Thread: the one
//   that made it (SINGLE_ISSUER).
// Order: operations run side by side; those beyond the depth wait in FIFO order.
// Failure: every error is its operation's result. Destroying a Task abandons its operation: the
//   kernel finishes it, and only then does the Buffer go back to its pool. The destructor waits for
//   everything in flight.
// Bound: `depth` operations in flight (default 128) and one poll per descriptor slept on; both
//   queues of the ring are larger than that, so neither can overflow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "async/event_loop.h"
#include "async/semaphore.h"
#include "base/result.h"
#include "storage/io_span.h"
#include "storage/ring_counters.h"
#include "storage/ring_operation.h"
#include "storage/transfer.h"

struct io_uring;
struct io_uring_sqe;

namespace mayfly {

/// A file as the ring knows it. It does not own the descriptor.
struct RingFile {
  int descriptor = -1;
  int slot = -1;  ///< place in the ring's registered files; -1 if it is not registered
  bool direct = false;
  bool is_staged = false;  ///< of the node, not the store's
  bool idle = false;  ///< its reads and writes wait for those of everybody else, as ioprio(2) can
};

/// What open() finds out about a file.
struct FileSeen {
  int descriptor;
  std::uint64_t inode;
  std::uint64_t size;
  std::int64_t modified_ns;
  bool is_regular;
};

class Ring final : public EventSource, public Sleeper {
 public:
  static constexpr unsigned kDepth = 128;
  static constexpr std::size_t kFiles = 16;
  static constexpr std::size_t kPieceBytes = kGiB;  ///< the kernel's limit per registered buffer

  static Result<std::unique_ptr<Ring>, Failure> create(unsigned depth = kDepth);
  ~Ring() override;

  /// Registers the pool's memory, once. Where the limit of locked memory forbids it, says so in the
  /// log and goes on without: slower, not wrong.
  void register_buffers(std::span<std::byte> slab);
  bool is_registered() const { return !registered_.empty(); }
  /// Falls back to an unregistered file if all kFiles slots are taken.
  RingFile register_file(int descriptor, bool direct);
  void unregister_file(RingFile file);

  /// Moves `length` bytes between `buffer` (from `buffer_offset` on) and the file; short counts are
  /// continued. A read past the file's end gives what there is; a write gives all or an error.
  Task<Transfer> read(RingFile file, Buffer buffer, std::size_t buffer_offset,
                      std::uint64_t file_offset, std::size_t length);
  Task<Transfer> write(RingFile file, Buffer buffer, std::size_t buffer_offset,
                       std::uint64_t file_offset, std::size_t length);
  /// read() or write().
  Task<Transfer> transfer(Direction direction, RingFile file, Buffer buffer, IoSpan span);
  /// Moves a part of a Buffer of which others may move or use other parts meanwhile. All or an
  /// error.
  Task<Status> move_part(Direction direction, RingFile file, SharedBuffer buffer, IoSpan span);
  /// Writes all of it or gives an error; its Buffers are used as move_part's.
  Task<Status> write_gathered(RingFile file, Gathering gathering);
  /// fdatasync(2).
  Task<Status> sync(RingFile file);
  /// fallocate(2); `mode` as there, also for punching holes.
  Task<Status> fallocate(RingFile file, int mode, std::uint64_t offset, std::uint64_t length);

  /// open(2) with O_CLOEXEC, and what fstat(2) says: neither keeps this thread waiting, however
  /// slow the file system is. The descriptor is the caller's.
  Task<Result<FileSeen>> open(std::string path, int flags);
  Task<Status> close(int descriptor);

  /// Without a system call if nothing is queued and nothing has completed.
  std::size_t poll() override;
  bool arm() override;
  int event_fd() const override { return -1; }
  void sleep(std::span<const int> fds, Nanoseconds timeout) override;

  const RingCounters& counters() const { return counters_; }
  std::size_t in_flight() const { return in_flight_; }
  int descriptor() const;

 private:
  friend class OperationLease;
  Ring(std::unique_ptr<io_uring> ring, unsigned depth);

  void issue_move(OperationLease& lease, Direction direction, RingFile file, const IoSpan& span);
  void issue_gathered(OperationLease& lease, RingFile file, const Gathering& gathering);
  void time(RingOperation& operation, IoKind kind, RingFile file);
  void issue(RingOperation& operation, io_uring_sqe* sqe, RingFile file);
  /// Which registered piece holds all of [data, data + length); -1 if none does.
  int piece_of(const std::byte* data, std::size_t length) const;
  io_uring_sqe* next_sqe();
  bool has_kernel_work() const;
  void submit();
  std::size_t reap();
  void complete(RingOperation& operation, std::int32_t result);
  RingOperation* take_slot();
  void recycle(RingOperation& operation);
  void watch(int fd);
  void say_unregistered(std::size_t bytes, int error) const;

  std::unique_ptr<io_uring> ring_;
  Semaphore permits_;
  std::vector<RingOperation> operations_;
  std::vector<RingOperation*> free_operations_;
  std::size_t in_flight_ = 0;
  std::span<std::byte> registered_;
  std::array<bool, kFiles> file_slots_{};
  bool has_file_table_ = false;
  std::vector<int> watched_;
  RingCounters counters_;
};

}  // namespace mayfly
