// RandomCalls: on what is open.
#include <algorithm>

#include "support/random_calls.h"

namespace mayfly {

void RandomCalls::open() {
  int flags = std::array{O_RDONLY, O_WRONLY, O_RDWR, O_RDWR}[pick(4)];
  if (pick(2) == 0) flags |= O_CREAT;
  if (pick(4) == 0) flags |= O_EXCL;
  if (pick(8) == 0) flags |= O_TRUNC;
  if (pick(6) == 0) flags |= O_APPEND;
  if (pick(8) == 0) flags |= O_NOFOLLOW;
  if (pick(8) == 0 && (flags & O_CREAT) == 0) flags |= O_DIRECTORY;
  Handle opened;
  both_at(fmt::format("open {:o}", flags), any_place(),
          [&](const PosixCalls& calls, int base, const char* path, bool is_ours) {
            const int fd = calls.openat(base, path, flags, 0640);
            (is_ours ? opened.ours : opened.theirs) = fd;
            return fd;
          });
  struct stat status {};
  opened.is_directory = ::fstat(opened.theirs, &status) == 0 && S_ISDIR(status.st_mode);
  Handle& place = any_handle();
  close(place);
  place = opened;
}

void RandomCalls::close(Handle& handle) {
  both("close",
       [&](const Side& side, bool is_ours) { return side.calls.close(handle.of(is_ours)); });
  handle = {};
}

void RandomCalls::read() {
  const Handle& handle = any_handle();
  const std::size_t length = pick(8) == 0 ? 200'000 : pick(20'000);
  const bool at_position = pick(2) == 0;
  const off_t offset = any_offset();
  std::array<std::string, 2> bytes;
  const std::string what = fmt::format("read of {} at {}", length, at_position ? -1 : offset);
  expect_same_result(what, both(what, [&](const Side& side, bool is_ours) {
                       std::string& into = bytes[is_ours ? 0 : 1];
                       into.resize(length);
                       const int fd = handle.of(is_ours);
                       return at_position ? side.calls.read(fd, into.data(), length)
                                          : side.calls.pread(fd, into.data(), length, offset);
                     }));
  if (bytes[0] != bytes[1]) differ("the bytes of " + what);
}

void RandomCalls::write() {
  const Handle& handle = any_handle();
  const std::string bytes = any_bytes(pick(8) == 0 ? pick(200'000) : pick(9'000));
  const bool at_position = pick(2) == 0;
  const off_t offset = any_offset();
  const std::string what =
      fmt::format("write of {} at {}", bytes.size(), at_position ? -1 : offset);
  expect_same_result(what, both(what, [&](const Side& side, bool is_ours) {
                       const int fd = handle.of(is_ours);
                       return at_position
                                  ? side.calls.write(fd, bytes.data(), bytes.size())
                                  : side.calls.pwrite(fd, bytes.data(), bytes.size(), offset);
                     }));
}

void RandomCalls::seek() {
  const Handle& handle = any_handle();
  // Positions in a directory are each file system's own.
  if (handle.is_directory) return;
  const off_t offset = any_offset() - (pick(3) == 0 ? 100'000 : 0);
  const int whence = std::array{SEEK_SET, SEEK_CUR, SEEK_END, 77}[pick(4)];
  const std::string what = fmt::format("lseek {} {}", offset, whence);
  expect_same_result(what, both(what, [&](const Side& side, bool is_ours) {
                       return side.calls.lseek(handle.of(is_ours), offset, whence);
                     }));
}

void RandomCalls::truncate() {
  const Handle& handle = any_handle();
  const off_t size = any_offset();
  both(fmt::format("ftruncate {}", size), [&](const Side& side, bool is_ours) {
    return side.calls.ftruncate(handle.of(is_ours), size);
  });
}

void RandomCalls::truncate_by_path() {
  const std::string path = any_path();
  const off_t size = any_offset();
  both(fmt::format("truncate {} {}", path, size),
       [&](const Side& side, bool) { return side.calls.truncate(side.of(path).c_str(), size); });
}

void RandomCalls::allocate() {
  if (!can_allocate_) return;
  const Handle& handle = any_handle();
  const int mode =
      std::array{0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                 FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE}[pick(5)];
  const off_t offset = static_cast<off_t>(pick(200'000));
  const off_t length = static_cast<off_t>(pick(100'000));
  both(fmt::format("fallocate {} {} {}", mode, offset, length), [&](const Side& side, bool ours) {
    return side.calls.fallocate(handle.of(ours), mode, offset, length);
  });
}

void RandomCalls::sync() {
  // What the local drive takes for it is not measured here.
  const int fd = any_handle().ours;
  if (fd >= 0 && ours_.calls.fsync(fd) != 0) differ("fsync");
}

void RandomCalls::look_at_handle() {
  const Handle& handle = any_handle();
  std::array<struct stat, 2> status{};
  const auto outcomes = both("fstat", [&](const Side& side, bool is_ours) {
    return side.calls.fstat(handle.of(is_ours), &status[is_ours ? 0 : 1]);
  });
  if (outcomes[0].result == 0) compare("fstat", status[0], status[1]);
}

void RandomCalls::lock_whole() {
  const Handle& handle = any_handle();
  const int operation = std::array{LOCK_SH, LOCK_EX, LOCK_UN}[pick(3)] | LOCK_NB;
  both(fmt::format("flock {}", operation), [&](const Side& side, bool is_ours) {
    return side.calls.flock(handle.of(is_ours), operation);
  });
}

void RandomCalls::lock_range() {
  const Handle& handle = any_handle();
  struct ::flock wanted {};
  wanted.l_type = std::array<short, 3>{F_RDLCK, F_WRLCK, F_UNLCK}[pick(3)];
  wanted.l_whence = SEEK_SET;
  wanted.l_start = static_cast<off_t>(pick(50));
  wanted.l_len = static_cast<off_t>(pick(20));
  const int command = std::array{F_SETLK, F_OFD_SETLK, F_GETLK, F_OFD_GETLK}[pick(4)];
  const bool is_asked = command == F_GETLK || command == F_OFD_GETLK;
  // What that asks for depends on the kernel.
  if (is_asked && wanted.l_type == F_UNLCK) return;
  std::array<struct ::flock, 2> ranges = {wanted, wanted};
  const std::string what =
      fmt::format("fcntl {} type {} {}+{}", command, wanted.l_type, wanted.l_start, wanted.l_len);
  both(what, [&](const Side& side, bool is_ours) {
    return side.calls.lock(handle.of(is_ours), command, &ranges[is_ours ? 0 : 1]);
  });
  if (is_asked && (ranges[0].l_type == F_UNLCK) != (ranges[1].l_type == F_UNLCK)) {
    differ("what stands in the way of " + what);
  }
}

}  // namespace mayfly
