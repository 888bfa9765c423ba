#include "storage/ring_operation.h"

#include <liburing.h>
#include <linux/ioprio.h>

#include "base/ticks.h"
#include "storage/ring.h"

namespace mayfly {

void Gathering::add(SharedBuffer buffer, std::size_t offset, std::size_t length) {
  std::byte* const data = buffer.data() + offset;
  MAYFLY_ASSERT(length != 0 && offset + length <= buffer.size());
  bytes += length;
  buffers.push_back(std::move(buffer));
  if (!parts.empty()) {
    iovec& last = parts.back();
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == data) {
      last.iov_len += length;
      return;
    }
  }
  parts.push_back({data, length});
}

void Gathering::advance(std::size_t moved) {
  file_offset += moved;
  bytes -= moved;
  auto part = parts.begin();
  for (; part != parts.end() && part->iov_len <= moved; ++part) moved -= part->iov_len;
  parts.erase(parts.begin(), part);
  if (moved == 0) return;
  iovec& first = parts.front();
  first = {static_cast<std::byte*>(first.iov_base) + moved, first.iov_len - moved};
}

OperationLease::OperationLease(Ring& ring, Semaphore::Permit permit, Buffer buffer,
                               SharedBuffer shared)
    : ring_(ring), operation_(ring.take_slot()) {
  operation_->permit = std::move(permit);
  operation_->buffer = std::move(buffer);
  operation_->shared = std::move(shared);
}

OperationLease::~OperationLease() {
  if (operation_->in_flight) {
    operation_->abandoned = true;
  } else {
    ring_.recycle(*operation_);
  }
}

void Ring::time(RingOperation& operation, IoKind kind, RingFile file) {
  constexpr auto kToStaged = static_cast<unsigned>(IoKind::staged_read);
  operation.kind =
      file.is_staged ? static_cast<IoKind>(static_cast<unsigned>(kind) + kToStaged) : kind;
  operation.issued_ticks = ticks();
}

void Ring::issue(RingOperation& operation, io_uring_sqe* sqe, RingFile file) {
  if (file.slot >= 0) {
    sqe->fd = file.slot;
    sqe->flags |= IOSQE_FIXED_FILE;
  }
  io_uring_sqe_set_data(sqe, &operation);
  operation.in_flight = true;
  ++in_flight_;
}

int Ring::piece_of(const std::byte* data, std::size_t length) const {
  if (registered_.empty() || data < registered_.data()) return -1;
  const auto offset = static_cast<std::size_t>(data - registered_.data());
  if (offset + length > registered_.size()) return -1;
  const std::size_t piece = offset / kPieceBytes;
  if ((offset + length - 1) / kPieceBytes != piece) return -1;
  return static_cast<int>(piece);
}

void Ring::issue_move(OperationLease& lease, Direction direction, RingFile file,
                      const IoSpan& span) {
  std::byte* data = lease.data() + span.buffer_offset + span.moved;
  const auto length = static_cast<unsigned>(span.length - span.moved);
  const std::uint64_t offset = span.file_offset + span.moved;
  const int piece = piece_of(data, length);
  const bool reading = direction == Direction::read;
  io_uring_sqe* sqe = next_sqe();
  if (piece >= 0 && reading) {
    io_uring_prep_read_fixed(sqe, file.descriptor, data, length, offset, piece);
    ++counters_.fixed_reads;
  } else if (piece >= 0) {
    io_uring_prep_write_fixed(sqe, file.descriptor, data, length, offset, piece);
    ++counters_.fixed_writes;
  } else if (reading) {
    io_uring_prep_read(sqe, file.descriptor, data, length, offset);
    ++counters_.reads;
  } else {
    io_uring_prep_write(sqe, file.descriptor, data, length, offset);
    ++counters_.writes;
  }
  time(lease.operation(), reading ? IoKind::read : IoKind::write, file);
  if (file.idle) sqe->ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0);
  issue(lease.operation(), sqe, file);
}

Task<Transfer> Ring::read(RingFile file, Buffer buffer, std::size_t buffer_offset,
                          std::uint64_t file_offset, std::size_t length) {
  return transfer(Direction::read, file, std::move(buffer),
                  IoSpan{buffer_offset, file_offset, length, 0});
}

Task<Transfer> Ring::write(RingFile file, Buffer buffer, std::size_t buffer_offset,
                           std::uint64_t file_offset, std::size_t length) {
  return transfer(Direction::write, file, std::move(buffer),
                  IoSpan{buffer_offset, file_offset, length, 0});
}

Task<Transfer> Ring::transfer(Direction direction, RingFile file, Buffer buffer, IoSpan span) {
  MAYFLY_ASSERT(buffer && span.buffer_offset + span.length <= buffer.size());
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), std::move(buffer), SharedBuffer());
  while (!span.done()) {
    issue_move(lease, direction, file, span);
    const std::int32_t result = co_await lease.completed();
    const Status status = span.advance(result, direction, file.direct);
    if (!status) co_return Transfer(lease.take_buffer(), status.error());
  }
  co_return Transfer(lease.take_buffer(), span.moved);
}

Task<Status> Ring::move_part(Direction direction, RingFile file, SharedBuffer buffer, IoSpan span) {
  MAYFLY_ASSERT(span.buffer_offset + span.length <= buffer.size());
  const std::size_t wanted = span.length;
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), std::move(buffer));
  while (!span.done()) {
    issue_move(lease, direction, file, span);
    const std::int32_t result = co_await lease.completed();
    const Status status = span.advance(result, direction, file.direct);
    if (!status) co_return status.error();
  }
  co_return to_status(span.moved == wanted ? Errc::ok : Errc::io_error);
}

void Ring::issue_gathered(OperationLease& lease, RingFile file, const Gathering& gathering) {
  const iovec& first = gathering.parts.front();
  const bool is_one = gathering.parts.size() == 1;
  const int piece =
      is_one ? piece_of(static_cast<const std::byte*>(first.iov_base), first.iov_len) : -1;
  io_uring_sqe* sqe = next_sqe();
  if (piece >= 0) {
    io_uring_prep_write_fixed(sqe, file.descriptor, first.iov_base,
                              static_cast<unsigned>(first.iov_len), gathering.file_offset, piece);
    ++counters_.fixed_writes;
  } else {
    io_uring_prep_writev(sqe, file.descriptor, gathering.parts.data(),
                         static_cast<unsigned>(gathering.parts.size()), gathering.file_offset);
    ++counters_.writes;
  }
  time(lease.operation(), IoKind::write, file);
  issue(lease.operation(), sqe, file);
}

Task<Status> Ring::write_gathered(RingFile file, Gathering given) {
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), SharedBuffer());
  const auto gathering =
      std::allocate_shared<Gathering>(FramePoolAllocator<Gathering>(), std::move(given));
  lease.operation().memory = gathering;
  while (gathering->bytes != 0) {
    issue_gathered(lease, file, *gathering);
    const std::int32_t result = co_await lease.completed();
    IoSpan left{0, gathering->file_offset, gathering->bytes, 0};
    const Status status = left.advance(result, Direction::write, file.direct);
    if (!status) co_return status.error();
    gathering->advance(left.moved);
  }
  co_return Status();
}

Task<Status> Ring::sync(RingFile file) {
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), SharedBuffer());
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_fsync(sqe, file.descriptor, IORING_FSYNC_DATASYNC);
  ++counters_.syncs;
  time(lease.operation(), IoKind::sync, file);
  issue(lease.operation(), sqe, file);
  co_return to_status(errc_from(co_await lease.completed()));
}

Task<Status> Ring::fallocate(RingFile file, int mode, std::uint64_t offset, std::uint64_t length) {
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), SharedBuffer());
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_fallocate(sqe, file.descriptor, mode, static_cast<off_t>(offset),
                          static_cast<off_t>(length));
  ++counters_.fallocates;
  issue(lease.operation(), sqe, file);
  co_return to_status(errc_from(co_await lease.completed()));
}

}  // namespace mayfly
