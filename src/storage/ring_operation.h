// RingOperation: a slot of the Ring, with all that must live until the kernel is done with it.
//
// Owner: the ring, never a coroutine. While the kernel works, the slot holds the Buffer and the
//   permit; a coroutine that is destroyed meanwhile only abandons the slot, and the ring recycles
//   it when the completion has been reaped.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "async/semaphore.h"
#include "memory/shared_buffer.h"
#include "storage/page_range.h"
#include "storage/ring_counters.h"

namespace mayfly {

class Ring;

/// Memory of several Buffers that goes to one place of a file, in this order. Move-only in effect:
/// the parts point into the Buffers.
struct Gathering {
  std::uint64_t file_offset = 0;
  std::size_t bytes = 0;
  PooledVector<SharedBuffer> buffers;
  PooledVector<iovec> parts;

  /// Bytes [offset, offset + length) of the Buffer are next.
  void add(SharedBuffer buffer, std::size_t offset, std::size_t length);
  /// So many more bytes have been moved.
  void advance(std::size_t moved);
};

struct RingOperation {
  Semaphore::Permit permit;
  Buffer buffer;
  SharedBuffer shared;           ///< instead of `buffer`, if several operations move parts of it
  std::shared_ptr<void> memory;  ///< what else the kernel reads or fills
  Resumption* waiter = nullptr;
  std::int32_t result = 0;
  bool gives_descriptor = false;
  IoKind kind = IoKind::other;
  std::uint64_t issued_ticks = 0;
  bool in_flight = false;
  bool abandoned = false;
};

/// A coroutine's hold on a slot; at its end the slot is recycled, or abandoned if in flight.
class OperationLease {
 public:
  OperationLease(Ring& ring, Semaphore::Permit permit, Buffer buffer, SharedBuffer shared);
  OperationLease(const OperationLease&) = delete;
  OperationLease& operator=(const OperationLease&) = delete;
  ~OperationLease();

  RingOperation& operation() { return *operation_; }
  std::byte* data() const {
    return operation_->shared ? operation_->shared.data() : operation_->buffer.data();
  }
  /// Only while nothing is in flight.
  Buffer take_buffer() { return std::move(operation_->buffer); }

  class Awaiter {
   public:
    explicit Awaiter(RingOperation& operation) : operation_(operation) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { operation_.waiter = nullptr; }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      resumption_.suspend(handle);
      operation_.waiter = &resumption_;
    }
    std::int32_t await_resume() const { return operation_.result; }

   private:
    RingOperation& operation_;
    Resumption resumption_;
  };
  /// Waits for what was issued last; gives the kernel's result: a count or a negative errno.
  Awaiter completed() { return Awaiter(*operation_); }

 private:
  Ring& ring_;
  RingOperation* operation_;
};

}  // namespace mayfly
