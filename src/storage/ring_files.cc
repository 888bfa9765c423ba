// Ring::open and close: files of the node, without waiting for their file system.
#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "storage/ring.h"

namespace mayfly {
namespace {

/// What the kernel reads and fills.
struct Opening {
  std::string path;
  struct statx status {};
};

}  // namespace

Task<Result<FileSeen>> Ring::open(std::string path, int flags) {
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), SharedBuffer());
  const auto opening = std::make_shared<Opening>();
  opening->path = std::move(path);
  lease.operation().memory = opening;
  lease.operation().gives_descriptor = true;
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_openat(sqe, AT_FDCWD, opening->path.c_str(), flags | O_CLOEXEC, 0);
  issue(lease.operation(), sqe, RingFile());
  const std::int32_t descriptor = co_await lease.completed();
  if (descriptor < 0) co_return errc_from(descriptor);
  lease.operation().gives_descriptor = false;
  // Whoever abandons this task leaves the descriptor open; a server does so only at its end.
  sqe = next_sqe();
  io_uring_prep_statx(sqe, descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &opening->status);
  issue(lease.operation(), sqe, RingFile());
  const std::int32_t result = co_await lease.completed();
  if (result < 0) {
    ::close(descriptor);
    co_return errc_from(result);
  }
  const struct statx& status = opening->status;
  co_return FileSeen{descriptor, status.stx_ino, status.stx_size,
                     status.stx_mtime.tv_sec * 1'000'000'000 + status.stx_mtime.tv_nsec,
                     S_ISREG(status.stx_mode)};
}

Task<Status> Ring::close(int descriptor) {
  Semaphore::Permit permit = co_await permits_.acquire();
  OperationLease lease(*this, std::move(permit), Buffer(), SharedBuffer());
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_close(sqe, descriptor);
  issue(lease.operation(), sqe, RingFile());
  co_return to_status(errc_from(co_await lease.completed()));
}

}  // namespace mayfly
