// The C edge of locks.
#include <fcntl.h>
#include <sys/file.h>

#include "client/c_edge.h"
#include "mayfly/mayfly.h"

using mayfly::Errc;
using mayfly::File;
using mayfly::kLockToTheEnd;
using mayfly::LockBody;
using mayfly::LockKind;
using mayfly::LockType;
using mayfly::Result;
using namespace mayfly::c_edge;

namespace {

/// Where l_whence counts from.
Result<std::int64_t> base_of(int fd, const struct flock& range) {
  if (range.l_whence == SEEK_SET) return std::int64_t{0};
  if (range.l_whence == SEEK_CUR) {
    const auto position = run_on(fd, [](File& file) { return file.seek(0, SEEK_CUR); });
    if (!position) return position.error();
    return static_cast<std::int64_t>(*position);
  }
  if (range.l_whence != SEEK_END) return Errc::invalid;
  const auto attributes = run_on(fd, [](File& file) { return file.stat(); });
  if (!attributes) return attributes.error();
  return static_cast<std::int64_t>(attributes->size);
}

/// The range that fcntl(2) means, as bytes that are all in it.
Result<LockBody> body_of(int fd, const struct flock& range) {
  LockBody body;
  switch (range.l_type) {
    case F_RDLCK:
      body.type = LockType::shared;
      break;
    case F_WRLCK:
      body.type = LockType::exclusive;
      break;
    case F_UNLCK:
      body.type = LockType::none;
      break;
    default:
      return Errc::invalid;
  }
  const auto base = base_of(fd, range);
  if (!base) return base.error();
  std::int64_t begin = 0;
  if (__builtin_add_overflow(*base, range.l_start, &begin)) return Errc::overflow;
  if (begin < 0) return Errc::invalid;
  std::int64_t last = 0;
  if (__builtin_add_overflow(begin, range.l_len - 1, &last)) return Errc::overflow;
  if (range.l_len < 0) {
    // The bytes before the start.
    last = begin - 1;
    begin += range.l_len;
    if (begin < 0) return Errc::invalid;
  }
  body.begin = static_cast<std::uint64_t>(begin);
  body.last = range.l_len == 0 ? kLockToTheEnd : static_cast<std::uint64_t>(last);
  return body;
}

void describe(const LockBody& found, struct flock& range) {
  range.l_type = found.type == LockType::shared ? F_RDLCK : F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(found.begin);
  range.l_len = found.last == kLockToTheEnd ? 0 : static_cast<off_t>(found.last - found.begin + 1);
  range.l_pid = found.process;
}

int find_lock(int fd, const LockBody& body, File::LockedBy whose, struct flock& range) {
  if (body.type == LockType::none) return fail(Errc::invalid);
  const auto found = run_on(fd, [=](File& file) { return file.find_lock(body, whose); });
  if (!found) return fail(found.error());
  if (found->has_value()) {
    describe(**found, range);
  } else {
    range.l_type = F_UNLCK;
  }
  return 0;
}

}  // namespace

extern "C" {

int mayfly_fcntl_lock(int fd, int command, struct flock* range) noexcept {
  if (const auto open = check_open(fd); !open) return fail(open.error());
  if (range == nullptr) return fail(Errc::bad_address);
  const bool is_open_file =
      command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  const bool finds = command == F_GETLK || command == F_OFD_GETLK;
  const bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
  if (!finds && !waits && command != F_SETLK && command != F_OFD_SETLK) return fail(Errc::invalid);
  if (is_open_file && range->l_pid != 0) return fail(Errc::invalid);
  auto body = body_of(fd, *range);
  if (!body) return fail(body.error());
  const File::LockedBy whose = is_open_file ? File::LockedBy::handle : File::LockedBy::process;
  if (finds) return find_lock(fd, *body, whose, *range);
  body->waits = waits ? 1 : 0;
  return give(run_on(fd, [=](File& file) { return file.lock(*body, whose); }));
}

int mayfly_flock(int fd, int operation) noexcept {
  LockBody body;
  body.kind = LockKind::whole;
  body.last = kLockToTheEnd;
  body.waits = (operation & LOCK_NB) != 0 ? 0 : 1;
  switch (operation & ~LOCK_NB) {
    case LOCK_SH:
      body.type = LockType::shared;
      break;
    case LOCK_EX:
      body.type = LockType::exclusive;
      break;
    case LOCK_UN:
      body.type = LockType::none;
      break;
    default:
      return fail(Errc::invalid);
  }
  return give(run_on(fd, [=](File& file) { return file.lock(body, File::LockedBy::handle); }));
}

}  // extern "C"
