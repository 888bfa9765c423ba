#include "storage/ring.h"

#include <liburing.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/ticks.h"
#include "base/units.h"

namespace mayfly {
namespace {

/// Room for polls besides the operations, so that the submission queue is never full.
constexpr unsigned kPollRoom = 16;
/// An odd user_data is a poll (the descriptor is above the bit), an even one a RingOperation.
constexpr std::uint64_t kPollTag = 1;

Failure unavailable(int error) {
  std::string sentence = "io_uring cannot be used: " + describe(errc_from(error)) + ".";
  if (error == -EPERM || error == -ENOSYS || error == -EACCES) {
    sentence +=
        " The kernel refuses it to this process: see the sysctl kernel.io_uring_disabled (it must"
        " be 0, or 1 for members of kernel.io_uring_group) and the container's seccomp filter.";
  } else if (error == -ENOMEM) {
    sentence += " The limit of locked memory may be too low: see ulimit -l.";
  }
  return {errc_from(error), sentence};
}

}  // namespace

Result<std::unique_ptr<Ring>, Failure> Ring::create(unsigned depth) {
  MAYFLY_ASSERT(depth > 0);
  auto ring = std::make_unique<io_uring>();
  const unsigned entries = std::bit_ceil(depth + kPollRoom);
  int error = io_uring_queue_init(
      entries, ring.get(),
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
  if (error == -EINVAL) error = io_uring_queue_init(entries, ring.get(), 0);
  if (error < 0) return unavailable(error);
  return std::unique_ptr<Ring>(new Ring(std::move(ring), depth));
}

Ring::Ring(std::unique_ptr<io_uring> ring, unsigned depth)
    : ring_(std::move(ring)), permits_(depth), operations_(depth) {
  // Both only save time; a kernel without them serves plain descriptors.
  io_uring_register_ring_fd(ring_.get());
  has_file_table_ = io_uring_register_files_sparse(ring_.get(), kFiles) == 0;
  for (RingOperation& operation : operations_) free_operations_.push_back(&operation);
}

Ring::~Ring() {
  while (in_flight_ != 0) {
    ++counters_.enters;
    io_uring_submit_and_wait(ring_.get(), 1);
    reap();
  }
  // A slot still held belongs to a coroutine that would touch it later.
  MAYFLY_ASSERT(free_operations_.size() == operations_.size());
  io_uring_queue_exit(ring_.get());
}

int Ring::descriptor() const { return ring_->ring_fd; }

void Ring::register_buffers(std::span<std::byte> slab) {
  MAYFLY_ASSERT(!is_registered());
  std::vector<iovec> pieces;
  for (std::size_t at = 0; at < slab.size(); at += kPieceBytes) {
    pieces.push_back({slab.data() + at, std::min(kPieceBytes, slab.size() - at)});
  }
  const int error =
      io_uring_register_buffers(ring_.get(), pieces.data(), static_cast<unsigned>(pieces.size()));
  if (error == 0) {
    registered_ = slab;
  } else {
    say_unregistered(slab.size(), error);
  }
}

void Ring::say_unregistered(std::size_t bytes, int error) const {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  log::warn(
      "{} of buffers could not be registered with io_uring ({}); going on without, which costs "
      "some CPU. The limit of locked memory is {}: raise it with ulimit -l {} or above.",
      format_bytes(bytes), describe(errc_from(error)), format_bytes(limit.rlim_cur),
      round_up(bytes, kMiB) / kKiB + kKiB);
}

RingFile Ring::register_file(int descriptor, bool direct) {
  const auto* slot = std::find(file_slots_.begin(), file_slots_.end(), false);
  if (!has_file_table_ || slot == file_slots_.end()) return {descriptor, -1, direct};
  const auto index = static_cast<unsigned>(slot - file_slots_.begin());
  if (io_uring_register_files_update(ring_.get(), index, &descriptor, 1) != 1) {
    return {descriptor, -1, direct};
  }
  file_slots_[index] = true;
  return {descriptor, static_cast<int>(index), direct};
}

void Ring::unregister_file(RingFile file) {
  if (file.slot < 0) return;
  // What is queued names the slot; it must reach the kernel before the slot is empty.
  if (io_uring_sq_ready(ring_.get()) != 0) submit();
  const int none = -1;
  io_uring_register_files_update(ring_.get(), static_cast<unsigned>(file.slot), &none, 1);
  file_slots_[static_cast<std::size_t>(file.slot)] = false;
}

io_uring_sqe* Ring::next_sqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
  if (sqe == nullptr) {
    submit();
    sqe = io_uring_get_sqe(ring_.get());
  }
  MAYFLY_ASSERT(sqe != nullptr);
  return sqe;
}

bool Ring::has_kernel_work() const {
  const unsigned flags = std::atomic_ref(*ring_->sq.kflags).load(std::memory_order_relaxed);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

void Ring::submit() {
  ++counters_.enters;
  const int submitted = io_uring_submit_and_get_events(ring_.get());
  // Busy or interrupted: what was not taken stays queued for the next turn.
  MAYFLY_ASSERT(submitted >= 0 || submitted == -EINTR || submitted == -EAGAIN ||
                submitted == -EBUSY);
}

std::size_t Ring::poll() {
  if (io_uring_sq_ready(ring_.get()) != 0) {
    submit();
  } else if (has_kernel_work()) {
    ++counters_.enters;
    io_uring_get_events(ring_.get());
  }
  return reap();
}

std::size_t Ring::reap() {
  std::size_t completed = 0;
  unsigned seen = 0;
  unsigned head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(ring_.get(), head, cqe) {
    ++seen;
    if ((cqe->user_data & kPollTag) != 0) {
      std::erase(watched_, static_cast<int>(cqe->user_data >> 1));
      continue;
    }
    ++completed;
    complete(*reinterpret_cast<RingOperation*>(cqe->user_data), cqe->res);
  }
  if (seen != 0) io_uring_cq_advance(ring_.get(), seen);
  return completed;
}

void Ring::complete(RingOperation& operation, std::int32_t result) {
  --in_flight_;
  operation.in_flight = false;
  operation.result = result;
  if (const IoKind kind = std::exchange(operation.kind, IoKind::other); kind != IoKind::other) {
    IoCounters& counters = counters_.kinds[static_cast<std::size_t>(kind)];
    counters.ticks.record(ticks() - operation.issued_ticks);
    if (result < 0) ++counters.errors;
    if (result > 0) counters.bytes += static_cast<std::uint64_t>(result);
  }
  if (operation.abandoned && operation.gives_descriptor && result >= 0) ::close(result);
  if (operation.abandoned) return recycle(operation);
  if (operation.waiter != nullptr) operation.waiter->schedule();
}

bool Ring::arm() {
  return io_uring_sq_ready(ring_.get()) == 0 && io_uring_cq_ready(ring_.get()) == 0 &&
         !has_kernel_work();
}

void Ring::watch(int fd) {
  if (std::find(watched_.begin(), watched_.end(), fd) != watched_.end()) return;
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_poll_add(sqe, fd, POLLIN);
  io_uring_sqe_set_data64(sqe, static_cast<std::uint64_t>(fd) << 1 | kPollTag);
  watched_.push_back(fd);
  ++counters_.polls;
}

void Ring::sleep(std::span<const int> fds, Nanoseconds timeout) {
  MAYFLY_ASSERT(fds.size() <= kPollRoom);
  for (const int fd : fds) watch(fd);
  ++counters_.enters;
  // Errors are early returns, which the contract allows; completions are left for poll().
  if (timeout < Nanoseconds::zero()) {
    io_uring_submit_and_wait(ring_.get(), 1);
    return;
  }
  __kernel_timespec limit{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
  io_uring_cqe* cqe = nullptr;
  io_uring_submit_and_wait_timeout(ring_.get(), &cqe, 1, &limit, nullptr);
}

RingOperation* Ring::take_slot() {
  // The permit says that one is free.
  MAYFLY_ASSERT(!free_operations_.empty());
  RingOperation* operation = free_operations_.back();
  free_operations_.pop_back();
  return operation;
}

void Ring::recycle(RingOperation& operation) {
  operation.abandoned = false;
  operation.gives_descriptor = false;
  operation.waiter = nullptr;
  free_operations_.push_back(&operation);
  const Buffer buffer = std::move(operation.buffer);
  const SharedBuffer shared = std::move(operation.shared);
  const std::shared_ptr<void> memory = std::move(operation.memory);
  operation.permit.release();
}

}  // namespace mayfly
