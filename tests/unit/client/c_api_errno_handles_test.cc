// Every errno that a call on what is open can fail with, next to what Linux says to the same call.
#include <linux/falloc.h>

#include "unit/client/errno_table.h"

namespace mayfly {
namespace {

constexpr off_t kTooFar = off_t{1} << 62;
char buffer[16];

ssize_t lock(const Scene& s, int fd, int command, short type, off_t start = 0,
             short whence = SEEK_SET) {
  struct ::flock range {};
  range.l_type = type;
  range.l_whence = whence;
  range.l_start = start;
  range.l_len = 1;
  return s.calls.lock(fd, command, &range);
}

/// What two handles of one file give to each other's lock.
template <class First, class Second>
ssize_t second_of_two(const Scene& s, First first, Second second) {
  const int one = s.open("/file", O_RDWR);
  const int other = s.open("/file", O_RDWR);
  ssize_t result = first(one);
  if (result == 0) result = second(other);
  const int error = errno;
  s.calls.close(one);
  s.calls.close(other);
  errno = error;
  return result;
}

TEST_F(ErrnoTableTest, ReadAndWrite) {
  expect({
      {"close what is closed", EBADF, [](auto& s) -> ssize_t { return s.calls.close(9999); }},
      {"close -1", EBADF, [](auto& s) -> ssize_t { return s.calls.close(-1); }},
      {"read nothing open", EBADF, [](auto& s) { return s.calls.read(9999, buffer, 1); }},
      {"read what is open to write", EBADF,
       [](auto& s) { return s.calls.read(s.writer, buffer, 1); }},
      {"read a directory", EISDIR, [](auto& s) { return s.calls.read(s.directory, buffer, 1); }},
      {"pread nothing open", EBADF, [](auto& s) { return s.calls.pread(-1, buffer, 1, 0); }},
      {"pread what is open to write", EBADF,
       [](auto& s) { return s.calls.pread(s.writer, buffer, 1, 0); }},
      {"pread a directory", EISDIR,
       [](auto& s) { return s.calls.pread(s.directory, buffer, 1, 0); }},
      {"pread before the beginning", EINVAL,
       [](auto& s) { return s.calls.pread(s.reader, buffer, 1, -1); }},
      {"pread into NULL", EFAULT, [](auto& s) { return s.calls.pread(s.reader, nullptr, 1, 0); }},
      {"write nothing open", EBADF, [](auto& s) { return s.calls.write(9999, buffer, 1); }},
      {"write what is open to read", EBADF,
       [](auto& s) { return s.calls.write(s.reader, buffer, 1); }},
      {"write a directory", EBADF, [](auto& s) { return s.calls.write(s.directory, buffer, 1); }},
      {"pwrite nothing open", EBADF, [](auto& s) { return s.calls.pwrite(-1, buffer, 1, 0); }},
      {"pwrite what is open to read", EBADF,
       [](auto& s) { return s.calls.pwrite(s.reader, buffer, 1, 0); }},
      {"pwrite before the beginning", EINVAL,
       [](auto& s) { return s.calls.pwrite(s.writer, buffer, 1, -1); }},
      {"pwrite from NULL", EFAULT, [](auto& s) { return s.calls.pwrite(s.writer, nullptr, 1, 0); }},
      {"sync nothing open", EBADF, [](auto& s) -> ssize_t { return s.calls.fsync(9999); }},
      {"sync the data of nothing open", EBADF,
       [](auto& s) -> ssize_t { return s.calls.fdatasync(-1); }},
      {"stat nothing open", EBADF,
       [](auto& s) -> ssize_t {
         struct stat status {};
         return s.calls.fstat(9999, &status);
       }},
  });
}

TEST_F(ErrnoTableTest, ReadAndWriteInPieces) {
  expect({
      {"readv nothing open", EBADF,
       [](auto& s) {
         const iovec place{buffer, 1};
         return s.calls.readv(9999, &place, 1);
       }},
      {"readv into too many places", EINVAL,
       [](auto& s) {
         const std::vector<iovec> places(IOV_MAX + 1, {buffer, 0});
         return s.calls.readv(s.reader, places.data(), IOV_MAX + 1);
       }},
      {"readv into fewer than none", EINVAL,
       [](auto& s) {
         const iovec place{buffer, 1};
         return s.calls.readv(s.reader, &place, -1);
       }},
      {"writev what is open to read", EBADF,
       [](auto& s) {
         const iovec place{buffer, 1};
         return s.calls.writev(s.reader, &place, 1);
       }},
      {"preadv before the beginning", EINVAL,
       [](auto& s) {
         const iovec place{buffer, 1};
         return s.calls.preadv(s.reader, &place, 1, -2);
       }},
      {"pwritev what is open to read", EBADF,
       [](auto& s) {
         const iovec place{buffer, 1};
         return s.calls.pwritev(s.reader, &place, 1, 0);
       }},
  });
}

TEST_F(ErrnoTableTest, SeekTruncateAndAllocate) {
  expect({
      {"seek in nothing open", EBADF, [](auto& s) { return s.calls.lseek(9999, 0, SEEK_SET); }},
      {"seek from nowhere", EINVAL, [](auto& s) { return s.calls.lseek(s.reader, 0, 99); }},
      {"seek before the beginning", EINVAL,
       [](auto& s) { return s.calls.lseek(s.reader, -100, SEEK_END); }},
      {"seek data behind the end", ENXIO,
       [](auto& s) { return s.calls.lseek(s.reader, 7, SEEK_DATA); }},
      {"seek a hole behind the end", ENXIO,
       [](auto& s) { return s.calls.lseek(s.reader, 8, SEEK_HOLE); }},
      {"cut nothing open", EBADF, [](auto& s) -> ssize_t { return s.calls.ftruncate(9999, 0); }},
      {"cut what is open to read", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.ftruncate(s.reader, 0); }},
      {"cut to less than nothing", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.ftruncate(s.writer, -1); }},
      {"cut a path to less than nothing", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of("/file").c_str(), -1); }},
      {"cut nothing by path", ENOENT,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of("/nothing").c_str(), 0); }},
      {"cut below a file", ENOTDIR,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of("/file/x").c_str(), 0); }},
      {"cut a directory", EISDIR,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of("/full").c_str(), 0); }},
      {"cut a circle", ELOOP,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of("/circle").c_str(), 0); }},
      {"cut a long name", ENAMETOOLONG,
       [](auto& s) -> ssize_t { return s.calls.truncate(s.of(long_name().c_str()).c_str(), 0); }},
      {"cut NULL", EFAULT, [](auto& s) -> ssize_t { return s.calls.truncate(nullptr, 0); }},
      {"allocate nothing open", EBADF,
       [](auto& s) -> ssize_t { return s.calls.fallocate(9999, 0, 0, 1); }},
      {"allocate what is open to read", EBADF,
       [](auto& s) -> ssize_t { return s.calls.fallocate(s.reader, 0, 0, 1); }},
      {"allocate nothing", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.fallocate(s.writer, 0, 0, 0); }},
      {"allocate before the beginning", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.fallocate(s.writer, 0, -1, 1); }},
      {"allocate too far out", EFBIG,
       [](auto& s) -> ssize_t { return s.calls.fallocate(s.writer, 0, kTooFar, kTooFar); }},
      {"punch and grow", EOPNOTSUPP,
       [](auto& s) -> ssize_t {
         return s.calls.fallocate(s.writer, FALLOC_FL_PUNCH_HOLE, 0, 4096);
       }},
      {"allocate in an unknown way", EOPNOTSUPP,
       [](auto& s) -> ssize_t { return s.calls.fallocate(s.writer, 1 << 20, 0, 4096); }},
  });
}

TEST_F(ErrnoTableTest, Locks) {
  expect({
      {"flock nothing open", EBADF,
       [](auto& s) -> ssize_t { return s.calls.flock(9999, LOCK_SH); }},
      {"flock in no way", EINVAL, [](auto& s) -> ssize_t { return s.calls.flock(s.reader, 0); }},
      {"flock what another has", EWOULDBLOCK,
       [](auto& s) {
         return second_of_two(
             s, [&](int fd) { return s.calls.flock(fd, LOCK_EX | LOCK_NB); },
             [&](int fd) { return s.calls.flock(fd, LOCK_SH | LOCK_NB); });
       }},
      {"lock nothing open", EBADF, [](auto& s) { return lock(s, 9999, F_SETLK, F_RDLCK); }},
      {"lock to write what is open to read", EBADF,
       [](auto& s) { return lock(s, s.reader, F_SETLK, F_WRLCK); }},
      {"lock to read what is open to write", EBADF,
       [](auto& s) { return lock(s, s.writer, F_SETLK, F_RDLCK); }},
      {"lock in no way", EINVAL, [](auto& s) { return lock(s, s.reader, F_SETLK, 77); }},
      {"lock before the beginning", EINVAL,
       [](auto& s) { return lock(s, s.reader, F_SETLK, F_RDLCK, -1); }},
      {"lock from nowhere", EINVAL,
       [](auto& s) { return lock(s, s.reader, F_SETLK, F_RDLCK, 0, 77); }},
      {"look for no lock", EINVAL, [](auto& s) { return lock(s, s.reader, F_GETLK, F_UNLCK); }},
      {"lock what another has", EAGAIN,
       [](auto& s) {
         return second_of_two(
             s, [&](int fd) { return lock(s, fd, F_OFD_SETLK, F_WRLCK); },
             [&](int fd) { return lock(s, fd, F_OFD_SETLK, F_RDLCK); });
       }},
      {"lock NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.lock(s.reader, F_SETLK, nullptr); }},
  });
}

/// Where Linux, or ext4, has other limits, or none.
TEST_F(ErrnoTableTest, WhatIsOursAlone) {
  expect_of_us({
      {"a file without a name", EOPNOTSUPP,
       [](auto& s) -> ssize_t { return s.open("/empty", O_RDWR | O_TMPFILE); }},
      {"rmdir of the root", EBUSY, [](auto&) -> ssize_t { return mayfly_rmdir("/"); }},
      {"rename the root", EBUSY, [](auto&) -> ssize_t { return mayfly_rename("/", "/x"); }},
      {"rename onto the root", EBUSY,
       [](auto&) -> ssize_t { return mayfly_rename("/empty", "/"); }},
      {"a relative path", EINVAL,
       [](auto&) -> ssize_t { return mayfly_open("file", O_RDONLY, 0); }},
      {"readv of more than can be counted", EINVAL,
       [](auto& s) {
         const iovec places[] = {{buffer, SIZE_MAX / 2}, {buffer, SIZE_MAX / 2}};
         return s.calls.readv(s.reader, places, 2);
       }},
      {"seek farther than can be counted", EOVERFLOW,
       [](auto& s) {
         return mayfly_lseek(s.reader, 1, SEEK_SET) == 1
                    ? mayfly_lseek(s.reader, INT64_MAX, SEEK_CUR)
                    : 0;
       }},
      {"write farther than can be counted", EFBIG,
       [](auto& s) { return mayfly_pwrite(s.writer, buffer, 10, INT64_MAX - 5); }},
      {"allocate more than there is", ENOSPC,
       [](auto& s) -> ssize_t { return mayfly_fallocate(s.writer, 0, 0, off_t{1} << 50); }},
      {"lock by an unknown command", EINVAL,
       [](auto& s) { return lock(s, s.reader, 12345, F_RDLCK); }},
      {"statfs into NULL", EFAULT, [](auto&) -> ssize_t { return mayfly_statfs(nullptr); }},
      {"join what is no session", EBADMSG, [](auto&) -> ssize_t { return mayfly_join("x", 1); }},
      {"a stream of nothing open", EBADF,
       [](auto&) -> ssize_t { return mayfly_fdopendir(9999) == nullptr ? -1 : 0; }},
      {"a stream of a file", ENOTDIR,
       [](auto& s) -> ssize_t { return mayfly_fdopendir(s.reader) == nullptr ? -1 : 0; }},
      {"a transfer on nothing open", EBADF,
       [](auto&) { return mayfly_start_pread(9999, buffer, 1, 0) == nullptr ? ssize_t{-1} : 0; }},
      {"layout of nothing", ENOENT,
       [](auto&) -> ssize_t {
         mayfly_layout layout{};
         return mayfly_getstripe("/nothing", &layout);
       }},
      {"layout for a file that is there", ENOTDIR,
       [](auto&) -> ssize_t {
         const mayfly_layout layout{0, 0, MAYFLY_ANY_SERVER};
         return mayfly_setstripe("/file", &layout);
       }},
      {"layout of half pages", EINVAL,
       [](auto&) -> ssize_t {
         const mayfly_layout layout{2048, 0, MAYFLY_ANY_SERVER};
         return mayfly_setstripe("/full", &layout);
       }},
      {"layout on a server that is not there", EINVAL,
       [](auto&) -> ssize_t {
         const mayfly_layout layout{0, 0, 99};
         return mayfly_setstripe("/full", &layout);
       }},
  });
}

}  // namespace
}  // namespace mayfly
